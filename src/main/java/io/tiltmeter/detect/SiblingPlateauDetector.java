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
 * A run ends far above its siblings. Comparable are runs of one project that log the same kind of loss, often enough, and
 * got about as far. The distance is taken from the shortest half of the siblings' log final losses, in standard deviations by its
 * length: siblings that are stuck too, though they be a third, move neither.
 */
@AutoService(FleetDetector.class)
public final class SiblingPlateauDetector implements FleetDetector {
    private static final String ID = "plateau-among-siblings";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Plateau among siblings",
            "The run ended at a loss far above its siblings': it is stuck, though its own curve may look calm.",
            List.of(Metric.LOSS.column(), Metric.EVAL_LOSS.column()),
            List.of(
                    new Parameter(
                            "sigma",
                            3.5,
                            "σ",
                            "Robust standard deviations of log final loss above the closer half of the siblings",
                            new Published(
                                    "Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993): modified z-score of"
                                            + " 3.5")),
                    new Parameter(
                            "rise",
                            0.4,
                            "ln",
                            "Log final loss above them it must reach as well to be an error",
                            new Derived(
                                    "Half as much loss again; configurations of one family that all work differ by less")),
                    new Parameter(
                            "siblings",
                            5,
                            "runs",
                            "Comparable siblings needed",
                            new Derived("The shortest half of five resists two bad ones")),
                    new Parameter(
                            "points",
                            30,
                            "points",
                            "Logged losses a run needs to be judged or compared with",
                            new Derived("The final loss is the median of the last tenth; of 30 points that is three")),
                    new Parameter(
                            "length-ratio",
                            1.25,
                            "1",
                            "Largest ratio of the last steps of two runs that are compared",
                            new Derived(
                                    "Losses fall about as a power of -0.1 to -0.6 of the steps: a quarter more of them"
                                            + " moves log loss by .02 to .13, well below the rise asked for"))),
            "Compare its settings with those of the siblings that did well; learning rate and initialisation come first.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Detector.Assessment judge(RunSummary run, List<RunSummary> siblings, DetectorSettings settings) {
        double enough = settings.get("points");
        if (!isJudgeable(run)) {
            return Detector.Assessment.notObservable("no positive final loss");
        }
        if (points(run) < enough) {
            return Detector.Assessment.inconclusive("needs " + (long) enough + " logged losses, got " + points(run));
        }
        double[] finals = siblings.stream()
                .filter(s -> points(s) >= enough && isComparable(s, run, settings.get("length-ratio")))
                .mapToDouble(s -> Math.log(s.finalLoss()))
                .sorted()
                .toArray();
        int needed = (int) settings.get("siblings");
        if (finals.length < needed) {
            return Detector.Assessment.inconclusive("needs " + needed + " comparable siblings, got " + finals.length);
        }
        Robust.Interval half = Robust.shortestHalf(finals, finals.length);
        double distance = Math.log(run.finalLoss()) - half.middle();
        // Siblings that differ in nothing but the seed agree to a few thousandths; they set no finer scale.
        double sigma = Math.max(0.01, Robust.MAD_TO_SIGMA * half.halfLength());
        double score = distance / sigma;
        double threshold = settings.get("sigma");
        double rise = settings.get("rise");
        if (score < threshold || distance < rise / 2) {
            return Detector.Assessment.observed(List.of());
        }
        boolean error = distance >= rise;
        Metric metric = run.lossIsEval() ? Metric.EVAL_LOSS : Metric.LOSS;
        return Detector.Assessment.observed(List.of(Evidence.of(run.runId(), ID)
                .metric(metric)
                .steps(Math.max(0, run.attempts() - 1), run.lastStep(), run.lastStep(), run.lastStep())
                .score(score, threshold)
                .verdict(error ? Severity.ERROR : Severity.WARNING, Cause.OPTIMIZER)
                .text(
                        "%s ends at %s; of %s that got as far, the half that agree best end around %s (this is %.1fσ above)",
                        metric.column(),
                        Evidence.number(run.finalLoss()),
                        Evidence.plural(finals.length, "sibling"),
                        Evidence.number(Math.exp(half.middle())),
                        score)
                .finding()));
    }

    private static boolean isJudgeable(RunSummary run) {
        return run.lossPoints() > 0 || run.lossIsEval()
                ? run.finalLoss() > 0 && Double.isFinite(run.finalLoss())
                : false;
    }

    /** How often the loss that is judged was logged; of a held-out loss no count is kept, but all points bound it. */
    private static long points(RunSummary run) {
        return run.lossIsEval() ? run.points() : run.lossPoints();
    }

    private static boolean isComparable(RunSummary sibling, RunSummary run, double ratio) {
        if (!isJudgeable(sibling) || sibling.lossIsEval() != run.lossIsEval()) {
            return false;
        }
        double length = (sibling.lastStep() + 1.0) / (run.lastStep() + 1.0);
        return length >= 1 / ratio && length <= ratio;
    }
}
