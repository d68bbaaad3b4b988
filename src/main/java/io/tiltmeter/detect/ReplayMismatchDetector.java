package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A restart repeats steps, and their losses differ from the first time ({@link Replays}).
 *
 * <p>Whether the data are the same is read off the losses: the same batches give losses that go up and down together, so
 * that replay and original differ by far less than two batches do. The measure of two batches is the run's noise from step to
 * step; the measure of a replay is the spread of its own differences (median absolute deviation), which neither a wrong state
 * from the first step on nor a corruption later moves much.
 */
@AutoService(Detector.class)
public final class ReplayMismatchDetector implements Detector {
    private static final String ID = "replay-mismatch";
    /** Equal steps after which a program counts as one that gives equal results. */
    private static final int EQUAL = 8;

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

    private static final class ReplayTracker extends RunTracker {
        private final List<Finding> findings = new ArrayList<>();
        private final Replays replays = new Replays();
        private boolean logged;
        private int judged;
        private long dropped;

        ReplayTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
        }

        @Override
        void restart(int number) {
            finished().ifPresent(this::keep);
            judged += isJudgeable() ? 1 : 0;
            replays.restart();
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
            logged |= point.has(Metric.LOSS);
            replays.observe(point);
        }

        private boolean isJudgeable() {
            return replays.current()
                    .filter(it -> it.count() > 0
                            && (it.isMeasured() || it.firstBeyond(settings.get("rounding")) == it.count()))
                    .isPresent();
        }

        private Optional<Finding> finished() {
            double rounding = settings.get("rounding");
            if (replays.current().isEmpty()) {
                return Optional.empty();
            }
            Replays.Replay it = replays.current().get();
            int first = it.firstBeyond(rounding);
            if (first == it.count()) {
                return Optional.empty();
            }
            double unit = Math.max(rounding, it.digit);
            if (first >= EQUAL && Math.abs(it.difference(first)) >= settings.get("sudden") * unit) {
                return Optional.of(describe(it, first)
                        .score(Math.abs(it.difference(first)) / unit, settings.get("sudden"), "sudden")
                        .verdict(Severity.WARNING, Cause.NUMERICS)
                        .append("; equal before that, so something was corrupted, or a setting changed at that step")
                        .finding());
            }
            if (!it.isMeasured()) {
                return Optional.empty();
            }
            double share = it.share();
            if (share >= settings.get("other-data")) {
                return Optional.of(describe(it, first)
                        .score(share, settings.get("other-data"), "other-data")
                        .verdict(Severity.INFO, Cause.DATA)
                        .append("; they differ as losses of other batches do: the order of the data was not repeated")
                        .finding());
            }
            double score = it.start() / Math.max(it.spread(), rounding);
            if (share < Replays.SAME_DATA && first == 0 && score >= settings.get("noise")) {
                return Optional.of(describe(it, first)
                        .score(score, settings.get("noise"))
                        .verdict(Severity.WARNING, Cause.INFRASTRUCTURE)
                        .append(
                                "; the data are the same, and it differs from the first step on: the state was not restored"
                                        + " as it was")
                        .finding());
            }
            return share >= Replays.SAME_DATA
                    ? Optional.empty()
                    : Optional.of(describe(it, first)
                            .score(Math.abs(it.difference(first)), rounding, "rounding")
                            .verdict(Severity.INFO, Cause.NUMERICS)
                            .append("; the data are the same: the computation does not repeat itself to the last digit")
                            .finding());
        }

        private Evidence describe(Replays.Replay it, int first) {
            return Evidence.of(runId, ID)
                    .metric(Metric.LOSS)
                    .steps(it.attempt, it.step(first), it.step(it.count() - 1), it.step(first))
                    .text(
                            "attempt %d repeats %s from step %d; the loss differs from step %d on, by %+.2g %% there"
                                    + " (in all by %.2g %%, the run's noise is %.2g %%)",
                            it.attempt,
                            Evidence.plural(it.count(), "logged step"),
                            it.step(0),
                            it.step(first),
                            100 * it.difference(first),
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
                return Assessment.inconclusive("needs a restart that repeats " + Replays.FEWEST
                        + " logged steps with the same settings, got none");
            }
            return Assessment.observed(FindingList.capped(all, dropped));
        }
    }
}
