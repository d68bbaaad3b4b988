package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.stats.Robust;
import java.util.List;

/**
 * A run's replayed steps differ from the first time by far more than its siblings' do: what computes it does not repeat itself as
 * the same program does elsewhere. Where {@link ReplayMismatchDetector} asks whether a replay differs at all, this asks how
 * much of that is usual.
 */
@AutoService(FleetDetector.class)
public final class ReplayNoiseDetector implements FleetDetector {
    private static final String ID = "replay-noise";
    /** What a float's last digits do in sums of another order; siblings that repeat themselves exactly set no finer scale. */
    private static final double ROUNDING = 1e-5;
    /** Standard error of the logarithm of a spread of 16 differences: 1 / sqrt(2 × 16 × .37), .37 being MAD's efficiency. */
    private static final double OWN_ERROR = 0.29;

    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Replay noise among siblings",
            "Steps that a restart repeated with the same data differ far more from the first time than they do in the"
                    + " siblings: non-determinism that only this run has, or silent data corruption.",
            List.of(Metric.LOSS.column()),
            List.of(
                    new Parameter(
                            "sigma",
                            3.5,
                            "σ",
                            "Robust standard deviations of log replay noise above the closer half of the siblings",
                            new Published(
                                    "Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993): modified z-score of"
                                            + " 3.5")),
                    new Parameter(
                            "ratio",
                            10,
                            "1",
                            "Ratio to the siblings' replay noise it must reach as well",
                            new Derived(
                                    "Two spreads of 16 differences each are within a factor of 4 of each other in 999"
                                            + " of 1,000 cases; other code or another number of devices moves it by some times"
                                            + " that")),
                    new Parameter(
                            "siblings",
                            5,
                            "runs",
                            "Siblings needed whose restarts repeat steps with the same data",
                            new Derived("The shortest half of five resists two bad ones"))),
            "Replay those steps on other machines; if the noise stays behind, take the machines out and test them, else compare"
                    + " the code and its settings for determinism with the siblings'.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Detector.Assessment judge(RunSummary run, List<RunSummary> siblings, DetectorSettings settings) {
        if (Double.isNaN(run.replayNoise())) {
            return Detector.Assessment.notObservable(
                    "no restart repeated " + Replays.FEWEST + " logged steps with the same data");
        }
        double[] others = siblings.stream()
                .filter(s -> !Double.isNaN(s.replayNoise()))
                .mapToDouble(s -> log(s.replayNoise()))
                .sorted()
                .toArray();
        int needed = (int) settings.get("siblings");
        if (others.length < needed) {
            return Detector.Assessment.inconclusive(
                    "needs " + needed + " siblings with replayed steps, got " + others.length);
        }
        Robust.Interval half = Robust.shortestHalf(others, others.length);
        double distance = log(run.replayNoise()) - half.middle();
        double score = distance / Math.max(OWN_ERROR, Robust.MAD_TO_SIGMA * half.halfLength());
        if (score < settings.get("sigma") || distance < Math.log(settings.get("ratio"))) {
            return Detector.Assessment.observed(List.of());
        }
        return Detector.Assessment.observed(List.of(Evidence.of(run.runId(), ID)
                .metric(Metric.LOSS)
                .steps(Math.max(0, run.attempts() - 1), run.lastStep(), run.lastStep(), run.lastStep())
                .score(score, settings.get("sigma"))
                .verdict(Severity.WARNING, Cause.NUMERICS)
                .text(
                        "losses of the first replayed steps differ from the first time by %.2g %%, %s times as much as in the half"
                                + " of %s that agree best (%.2g %%)",
                        100 * run.replayNoise(),
                        Evidence.number(Math.exp(distance)),
                        Evidence.plural(others.length, "sibling"),
                        100 * Math.exp(half.middle()))
                .finding()));
    }

    private static double log(double noise) {
        return Math.log(Math.max(ROUNDING, noise));
    }
}
