package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.stats.Innovation;
import java.util.ArrayList;
import java.util.List;

/**
 * The dynamic loss scale of mixed-precision training is halved several times within a few logged points, below a level
 * it had held or grown to. The descent from the initial guess at the start is calibration and none.
 */
@AutoService(Detector.class)
public final class LossScaleDetector implements Detector {
    static final String ID = "loss-scale-collapse";
    private static final int HELD = 3;
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Loss-scale collapse",
            "The loss scale was halved again and again: gradients overflowed for several steps in a row, and those steps"
                    + " were skipped.",
            List.of(Metric.LOSS_SCALE.column()),
            List.of(
                    new Parameter(
                            "halvings",
                            3,
                            "halvings",
                            "Fall of the loss scale below its own recent level that is a collapse",
                            new Derived("A scale at its limit overflows once per growth interval: one halving, two with"
                                    + " hysteresis; three within a few points need overflow after overflow")),
                    new Parameter(
                            "window",
                            20,
                            "points",
                            "Logged points within which they must fall",
                            new Derived(
                                    "Much shorter than a growth interval (1,000 steps in Megatron-LM, 2,000 in PyTorch),"
                                            + " long enough for a collapse that takes ten overflows"))),
            "Look at the gradient norm and the batches at its first step. If it recurs, train in bfloat16, lower the"
                    + " learning rate, or clip earlier; a scale of 1 or less cannot hold the gradients any more.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new ScaleTracker(run, settings);
    }

    private static final class ScaleTracker extends RunTracker {
        private final double halvings;
        private final int window;
        private final List<Finding> findings = new ArrayList<>();
        private final Innovation pauses = new Innovation(1, 1, 1, 1, ExcursionTracker.STALE);
        private long count;
        private double previous = Double.NaN;
        private int held;
        private boolean settled;

        // The descent under way: from the level it began at to the lowest value so far.
        private boolean falling;
        private double top;
        private double bottom;
        private long from;
        private long last;
        private long lowestStep;
        private int age;

        ScaleTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            halvings = settings.get("halvings");
            window = (int) settings.get("window");
        }

        @Override
        void restart(int number) {
            forget();
            pauses.forgetLevel();
        }

        private void forget() {
            end();
            settled = false;
            held = 0;
            previous = Double.NaN;
        }

        @Override
        void step(StepPoint point) {
            if (!point.has(Metric.LOSS_SCALE)) {
                return;
            }
            double scale = point.value(Metric.LOSS_SCALE);
            if (!Numbers.isUsable(scale) || scale <= 0) {
                return;
            }
            count++;
            if (pauses.arrive(point.step())) {
                // What the scale did in a long pause of the log is not known.
                forget();
            }
            if (scale < previous) {
                held = 0;
                fall(point.step(), scale);
            } else {
                // A scale that grew, or stayed for some points, has found its level; before that it is calibrating.
                held++;
                settled |= scale > previous || held >= HELD;
                if (falling && (++age > window || scale > previous)) {
                    end();
                }
            }
            previous = scale;
        }

        private void fall(long step, double scale) {
            if (!settled) {
                return;
            }
            if (falling && ++age > window) {
                end();
            }
            if (!falling) {
                falling = true;
                top = previous;
                from = step;
                age = 0;
            }
            bottom = scale;
            lowestStep = step;
            last = step;
        }

        private boolean isCollapse() {
            return falling && log2(top / bottom) >= halvings;
        }

        private void end() {
            if (isCollapse() && findings.size() < MAX_FINDINGS) {
                findings.add(describe(attempt));
            }
            falling = false;
        }

        private Finding describe(int ofAttempt) {
            return Evidence.of(runId, ID)
                    .metric(Metric.LOSS_SCALE)
                    .steps(ofAttempt, from, last, lowestStep)
                    .score(log2(top / bottom), halvings)
                    .verdict(bottom <= 1 ? Severity.ERROR : Severity.WARNING, Cause.NUMERICS)
                    .text(
                            "loss_scale fell from %s to %s (%.0f halvings) between steps %d and %d",
                            Evidence.number(top), Evidence.number(bottom), log2(top / bottom), from, last)
                    .finding();
        }

        @Override
        public Assessment assess() {
            if (count == 0) {
                return Assessment.notObservable("no loss scale was logged");
            }
            List<Finding> all = new ArrayList<>(findings);
            if (isCollapse()) {
                all.add(describe(attempt));
            }
            if (all.isEmpty() && count < HELD) {
                return Assessment.inconclusive("needs " + HELD + " logged loss scales, got " + count);
            }
            return Assessment.observed(FindingList.capped(all));
        }

        private static double log2(double ratio) {
            return Math.log(ratio) / Math.log(2);
        }
    }
}
