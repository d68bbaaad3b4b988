package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
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
 * After a resume loss or gradient norm lie above where they were before the step it resumes at. Medians of equally long
 * blocks are compared: all {@value #AFTER} after the resume must exceed all {@value #BEFORE} before it, which by chance
 * happens to one of 4,845 resumes where nothing changes and blocks are exchangeable (a permutation test; no noise is assumed
 * normal or even known). A trend before the resume (Theil and Sen's slope) is taken off what lies before; one that rose is
 * expected to rise on, one that fell is not expected to fall on, for learning slows down.
 */
@AutoService(Detector.class)
public final class ResumeDamageDetector implements Detector {
    private static final String ID = "resume-damage";
    private static final int BEFORE = 16;
    private static final int AFTER = 4;
    /** Longest blocks, in logged steps: neighbouring steps are not independent, their blocks nearly are. */
    private static final int LONGEST = 8;

    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Damage after a resume",
            "After a restart the loss (or the gradient norm) lies above its level before the step at which it resumes: what"
                    + " the checkpoint restored is not what was trained.",
            List.of(Metric.LOSS.column(), Metric.GRAD_NORM.column()),
            List.of(
                    new Parameter(
                            "rise",
                            0.02,
                            "ln",
                            "Rise of log loss",
                            new Published(
                                    "Kaplan et al., Scaling Laws for Neural Language Models (2020): loss goes with"
                                            + " compute to the power of -0.05, so 2 % are worth a third of the compute")),
                    new Parameter(
                            "gradient-rise",
                            0.4,
                            "ln",
                            "Rise of log gradient norm",
                            new Derived(
                                    "Half as much again, for 32 logged steps; norms of sound runs wander by a tenth"))),
            "Look at what the checkpoint holds: optimizer moments, loss scale, schedule, random numbers, data position; if"
                    + " the loss does not come back, resume from an earlier one.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new ResumeTracker(run, settings);
    }

    private static final class ResumeTracker extends RunTracker {
        private final Level loss = new Level(Metric.LOSS, "rise", "", Severity.WARNING);
        private final Level norm = new Level(Metric.GRAD_NORM, "gradient-rise", "gradient-rise", Severity.INFO);

        ResumeTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
        }

        @Override
        void restart(int number) {
            loss.restart();
            norm.restart();
        }

        @Override
        void step(StepPoint point) {
            loss.step(point);
            norm.step(point);
        }

        @Override
        public Assessment assess() {
            if (!loss.logged && !norm.logged) {
                return Assessment.notObservable("neither loss nor gradient norm was logged");
            }
            if (loss.judged + norm.judged == 0) {
                return Assessment.inconclusive(
                        "needs a restart between " + BEFORE + " and " + AFTER + " logged steps, got none");
            }
            List<Finding> all = new ArrayList<>(loss.findings);
            loss.open.ifPresent(resume -> all.add(resume.finding()));
            all.addAll(norm.findings);
            norm.open.ifPresent(resume -> all.add(resume.finding()));
            return Assessment.observed(FindingList.capped(all, loss.dropped + norm.dropped));
        }

        /** One metric, before and after resumes. */
        private final class Level {
            private final Metric metric;
            private final String setting;
            private final String parameter;
            private final Severity severity;
            private final EffectiveCurve curve = new EffectiveCurve(1);
            private final List<Finding> findings = new ArrayList<>();
            private Optional<Resume> current = Optional.empty();
            /** The current resume, once it has proved to be damaged. */
            private Optional<Resume> open = Optional.empty();

            private boolean logged;
            private boolean awaiting;
            private int judged;
            private long dropped;

            Level(Metric metric, String setting, String parameter, Severity severity) {
                this.metric = metric;
                this.setting = setting;
                this.parameter = parameter;
                this.severity = severity;
            }

            void restart() {
                if (open.isPresent() && findings.size() < MAX_FINDINGS) {
                    findings.add(open.get().finding());
                } else if (open.isPresent()) {
                    dropped++;
                }
                current = Optional.empty();
                open = Optional.empty();
                curve.restart();
                awaiting = true;
            }

            void step(StepPoint point) {
                if (!point.has(metric)) {
                    return;
                }
                logged = true;
                double value = point.value(metric);
                if (!Numbers.isUsable(value) || value <= 0) {
                    return;
                }
                if (awaiting) {
                    awaiting = false;
                    int before = curve.from(point.step());
                    // At the log's first step nothing is resumed.
                    if (before >= BEFORE && point.step() > firstStep) {
                        current = Optional.of(new Resume(this, point.attempt(), before));
                    }
                }
                current.ifPresent(resume -> resume.add(point.step(), Math.log(value)));
                curve.add(point.step(), value);
            }
        }

        /** What follows one resume. */
        private final class Resume {
            private final Level level;
            private final int attempt;
            private final int length;
            private final double slope;
            private final long origin;
            private final double highest;
            private final double usual;
            private final double[] block;
            private final double[] after = new double[AFTER];
            private int inBlock;
            private int blocks;
            private long resumedAt;
            private long blockStart;
            private long lastAbove;
            private long strongest;
            private double rise;
            private boolean isOver;

            Resume(Level level, int attempt, int before) {
                this.level = level;
                this.attempt = attempt;
                length = Math.min(LONGEST, before / BEFORE);
                block = new double[length];
                origin = level.curve.step(before - 1);
                double[] places = new double[BEFORE];
                double[] medians = new double[BEFORE];
                double[] values = new double[length];
                for (int b = 0; b < BEFORE; b++) {
                    int from = before - (BEFORE - b) * length;
                    for (int i = 0; i < length; i++) {
                        values[i] = Math.log(level.curve.value(from + i, 0));
                    }
                    places[b] = level.curve.step(from + length / 2) - origin;
                    medians[b] = Robust.median(values);
                }
                double fall = slope(places, medians);
                double[] flat = medians.clone();
                for (int b = 0; b < BEFORE; b++) {
                    flat[b] -= fall * places[b];
                }
                slope = Math.max(0, fall);
                medians = fall > 0 || isClear(fall, places, flat) ? flat : medians;
                highest = Arrays.stream(medians).max().orElseThrow();
                usual = Robust.median(Arrays.copyOfRange(medians, BEFORE - AFTER, BEFORE));
            }

            /** Median of the slopes between all pairs (Theil 1950, Sen 1968). */
            private static double slope(double[] x, double[] y) {
                double[] slopes = new double[x.length * (x.length - 1) / 2];
                int n = 0;
                for (int i = 1; i < x.length; i++) {
                    for (int j = 0; j < i; j++) {
                        slopes[n++] = (y[i] - y[j]) / (x[i] - x[j]);
                    }
                }
                return Robust.median(slopes);
            }

            /** Whether a slope is more than three standard errors (of least squares) from 0. */
            private static boolean isClear(double slope, double[] x, double[] residuals) {
                double error = Robust.MAD_TO_SIGMA * Robust.mad(residuals);
                double length = x[x.length - 1] - x[0];
                return Math.abs(slope) * length > 3 * error * Math.sqrt(12.0 / x.length);
            }

            void add(long step, double value) {
                if (isOver) {
                    return;
                }
                if (blocks == 0 && inBlock == 0) {
                    resumedAt = step;
                }
                if (inBlock == 0) {
                    blockStart = step;
                }
                block[inBlock++] = value - slope * (step - origin);
                if (inBlock == length) {
                    inBlock = 0;
                    close(step, Robust.median(block));
                }
            }

            private void close(long step, double median) {
                if (blocks < AFTER) {
                    strongest = blocks == 0
                                    || median
                                            > Arrays.stream(after, 0, blocks)
                                                    .max()
                                                    .orElseThrow()
                            ? blockStart
                            : strongest;
                    after[blocks] = median;
                }
                blocks++;
                // With the first block that is no higher than one before the resume it is over, proved or not.
                isOver = median <= highest;
                if (!isOver) {
                    lastAbove = step;
                }
                if (blocks == AFTER) {
                    level.judged++;
                    rise = Robust.median(after) - usual;
                    isOver |= rise < settings.get(level.setting);
                    level.open = isOver ? Optional.empty() : Optional.of(this);
                } else if (isOver && blocks < AFTER) {
                    level.judged++;
                }
            }

            Finding finding() {
                return Evidence.of(runId, ID)
                        .metric(level.metric)
                        .steps(attempt, resumedAt, lastAbove, strongest)
                        .score(rise, settings.get(level.setting), level.parameter)
                        .verdict(level.severity, Cause.INFRASTRUCTURE)
                        .text(
                                "after the resume at step %d %s lies around %s, %.3g %% above %s before it; it %s",
                                resumedAt,
                                level.metric.column(),
                                Evidence.number(Math.exp(usual + rise)),
                                100 * Math.expm1(rise),
                                Evidence.number(Math.exp(usual)),
                                isOver ? "came back after step " + lastAbove : "has not come back by step " + lastAbove)
                        .finding();
            }
        }
    }
}
