package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.stats.Robust;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A restart repeats steps, and their losses differ from the first time. Compared are steps whose learning rate, data cursor
 * and span are the same in both starts, with the last {@value EffectiveCurve#KEPT} logged steps of the starts before.
 *
 * <p>Whether the data are the same is read off the losses: the same batches give losses that go up and down together, so
 * that replay and original differ by far less than two batches do. The measure of two batches is the run's noise from step to
 * step; the measure of a replay is the spread of its own differences (median absolute deviation), which neither a wrong state
 * from the first step on nor a corruption later moves much.
 */
@AutoService(Detector.class)
public final class ReplayMismatchDetector implements Detector {
    private static final String ID = "replay-mismatch";
    /** Replayed steps from which the spread of their differences is a measure. */
    private static final int FEWEST = 16;
    /** Equal steps after which a program counts as one that gives equal results. */
    private static final int EQUAL = 8;
    /** Steps before the restart that tell the run's noise. */
    private static final int NOISE_STEPS = 256;
    /** Spread of the differences, as a share of two batches', below which the data are the same. */
    private static final double SAME_DATA = 0.5;

    private static final double SAME_SETTING = 1e-6;

    private static final int LOSS = 0;
    private static final int RATE = 1;
    private static final int CURSOR = 2;
    private static final int SPAN = 3;

    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Replayed steps that differ",
            "Steps that a restart repeated gave other losses than the first time: the state or the order of the data was"
                    + " not restored, or the same computation does not give the same result.",
            List.of(Metric.LOSS.column()),
            List.of(
                    new Parameter(
                            "noise",
                            6,
                            "σ",
                            "Replay noise, in robust standard deviations, by which the first three replayed losses must be"
                                    + " off for a wrong state",
                            new Derived(
                                    "The median of three beyond 6σ by chance: below one in a million replays even with"
                                            + " Student's t of 5 degrees of freedom")),
                    new Parameter(
                            "sudden",
                            10,
                            "digits",
                            "Units of the last logged digit by which the first difference after equal steps must be off",
                            new Derived("Rounding that differs shows in the last digit first and grows from there")),
                    new Parameter(
                            "other-data",
                            0.7,
                            "1",
                            "Spread of replayed against first losses, as a share of what two batches differ by, from which"
                                    + " the data are others",
                            new Derived(
                                    "Other batches give 1, with a standard error of 0.29 at 16 steps; the same batches"
                                            + " below 0.5")),
                    new Parameter(
                            "rounding",
                            1e-5,
                            "1",
                            "Relative difference up to which losses count as equal",
                            new Derived(
                                    "A float has 24 bits; sums in another order differ by some hundred units of the last"
                                            + " one"))),
            "Compare parameters, optimizer, schedule, random numbers and data order before saving and after loading the"
                    + " checkpoint; if the first steps agree, replay them on other machines.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new ReplayTracker(run, settings);
    }

    /** Differences of log loss at the steps that one start repeats. */
    private static final class Replay {
        private final int attempt;
        private final double noise;
        private final double digit;
        private long[] steps = new long[FEWEST];
        private double[] differences = new double[FEWEST];
        private int count;

        /**
         * @param noise robust standard deviation of log loss from step to step
         * @param digit smallest relative difference of two neighbouring losses, which a unit of the last digit cannot exceed
         */
        Replay(int attempt, double noise, double digit) {
            this.attempt = attempt;
            this.noise = noise;
            this.digit = digit;
        }

        void add(long step, double difference) {
            if (count == EffectiveCurve.KEPT) {
                return;
            }
            if (count == steps.length) {
                steps = Arrays.copyOf(steps, 2 * count);
                differences = Arrays.copyOf(differences, 2 * count);
            }
            steps[count] = step;
            differences[count++] = difference;
        }

        /** First difference beyond rounding; {@code count} if there is none. */
        int firstBeyond(double rounding) {
            int at = 0;
            while (at < count && Math.abs(differences[at]) <= rounding) {
                at++;
            }
            return at;
        }

        double spread() {
            return Robust.MAD_TO_SIGMA * Robust.madCorrection(count) * Robust.mad(Arrays.copyOf(differences, count));
        }

        /** Median size of the first three differences: a wrong state lasts longer than one step. */
        double start() {
            return Robust.median(Math.abs(differences[0]), Math.abs(differences[1]), Math.abs(differences[2]));
        }
    }

    private static final class ReplayTracker extends RunTracker {
        private final List<Finding> findings = new ArrayList<>();
        private final EffectiveCurve curve = new EffectiveCurve(4);
        private Optional<Replay> replay = Optional.empty();
        private boolean logged;
        private boolean awaiting;
        private int judged;
        private long dropped;

        ReplayTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
        }

        @Override
        void restart(int number) {
            finished().ifPresent(this::keep);
            judged += isJudgeable() ? 1 : 0;
            replay = Optional.empty();
            curve.restart();
            awaiting = true;
        }

        private void keep(Finding finding) {
            if (findings.size() < MAX_FINDINGS) {
                findings.add(finding);
            } else {
                dropped++;
            }
        }

        @Override
        void step(StepPoint point) {
            if (!point.has(Metric.LOSS)) {
                return;
            }
            logged = true;
            double loss = point.value(Metric.LOSS);
            if (!Numbers.isUsable(loss) || loss <= 0) {
                return;
            }
            if (awaiting) {
                awaiting = false;
                // At the log's first step nothing is resumed.
                replay = point.step() > firstStep ? Optional.of(begin(point)) : Optional.empty();
            }
            double rate = valueOrNaN(point, Metric.LEARNING_RATE);
            double cursor = valueOrNaN(point, Metric.CONSUMED_EXAMPLES);
            if (replay.isPresent()) {
                int at = curve.from(point.step());
                if (at < curve.size()
                        && curve.step(at) == point.step()
                        && point.stepSpan() == (int) curve.value(at, SPAN)
                        && isSame(rate, curve.value(at, RATE))
                        && isSame(cursor, curve.value(at, CURSOR))) {
                    replay.get().add(point.step(), Math.log(loss) - Math.log(curve.value(at, LOSS)));
                }
            }
            curve.add(point.step(), loss, rate, cursor, point.stepSpan());
        }

        private static double valueOrNaN(StepPoint point, Metric metric) {
            return point.has(metric) ? point.value(metric) : Double.NaN;
        }

        /** Whether two values are the same as far as both were logged. */
        private static boolean isSame(double a, double b) {
            return Double.isNaN(a)
                    || Double.isNaN(b)
                    || Math.abs(a - b) <= SAME_SETTING * Math.max(Math.abs(a), Math.abs(b));
        }

        private Replay begin(StepPoint point) {
            int to = Math.min(curve.size(), curve.from(point.step()) + FEWEST);
            int from = Math.max(0, to - NOISE_STEPS);
            double[] changes = new double[Math.max(0, to - from - 1)];
            double digit = Double.POSITIVE_INFINITY;
            for (int i = 0; i < changes.length; i++) {
                changes[i] = Math.log(curve.value(from + i + 1, LOSS)) - Math.log(curve.value(from + i, LOSS));
                digit = changes[i] == 0 ? digit : Math.min(digit, Math.abs(changes[i]));
            }
            double noise = changes.length < FEWEST ? 0 : Robust.MAD_TO_SIGMA * Robust.mad(changes) / Math.sqrt(2);
            return new Replay(point.attempt(), noise, digit);
        }

        private boolean isJudgeable() {
            return replay.filter(it -> it.count > 0
                            && (it.count >= FEWEST && it.noise > 0
                                    || it.firstBeyond(settings.get("rounding")) == it.count))
                    .isPresent();
        }

        private Optional<Finding> finished() {
            double rounding = settings.get("rounding");
            if (replay.isEmpty()) {
                return Optional.empty();
            }
            Replay it = replay.get();
            int first = it.firstBeyond(rounding);
            if (first == it.count) {
                return Optional.empty();
            }
            double unit = Math.max(rounding, it.digit);
            if (first >= EQUAL && Math.abs(it.differences[first]) >= settings.get("sudden") * unit) {
                return Optional.of(describe(it, first)
                        .score(Math.abs(it.differences[first]) / unit, settings.get("sudden"), "sudden")
                        .verdict(Severity.WARNING, Cause.NUMERICS)
                        .append("; equal before that, so something was corrupted, or a setting changed at that step")
                        .finding());
            }
            if (it.count < FEWEST || !(it.noise > 0)) {
                return Optional.empty();
            }
            double share = it.spread() / (Math.sqrt(2) * it.noise);
            if (share >= settings.get("other-data")) {
                return Optional.of(describe(it, first)
                        .score(share, settings.get("other-data"), "other-data")
                        .verdict(Severity.INFO, Cause.DATA)
                        .append("; they differ as losses of other batches do: the order of the data was not repeated")
                        .finding());
            }
            double score = it.start() / Math.max(it.spread(), rounding);
            if (share < SAME_DATA && first == 0 && score >= settings.get("noise")) {
                return Optional.of(describe(it, first)
                        .score(score, settings.get("noise"))
                        .verdict(Severity.WARNING, Cause.INFRASTRUCTURE)
                        .append(
                                "; the data are the same, and it differs from the first step on: the state was not restored"
                                        + " as it was")
                        .finding());
            }
            return share >= SAME_DATA
                    ? Optional.empty()
                    : Optional.of(describe(it, first)
                            .score(Math.abs(it.differences[first]), rounding, "rounding")
                            .verdict(Severity.INFO, Cause.NUMERICS)
                            .append("; the data are the same: the computation does not repeat itself to the last digit")
                            .finding());
        }

        private Evidence describe(Replay it, int first) {
            return Evidence.of(runId, ID)
                    .metric(Metric.LOSS)
                    .steps(it.attempt, it.steps[first], it.steps[it.count - 1], it.steps[first])
                    .text(
                            "attempt %d repeats %s from step %d; the loss differs from step %d on, by %+.2g %% there"
                                    + " (in all by %.2g %%, the run's noise is %.2g %%)",
                            it.attempt,
                            Evidence.plural(it.count, "logged step"),
                            it.steps[0],
                            it.steps[first],
                            100 * it.differences[first],
                            100 * it.spread(),
                            100 * it.noise);
        }

        @Override
        public Assessment assess() {
            if (!logged) {
                return Assessment.notObservable("no loss was logged");
            }
            List<Finding> all = new ArrayList<>(findings);
            finished().ifPresent(all::add);
            if (all.isEmpty() && judged == 0 && !isJudgeable()) {
                return Assessment.inconclusive(
                        "needs a restart that repeats " + FEWEST + " logged steps with the same settings, got none");
            }
            return Assessment.observed(FindingList.capped(all, dropped));
        }
    }
}
