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
import java.util.List;

/**
 * The loss jumps above its recent level: the innovation of log loss against the median of the last 31 values, in robust
 * standard deviations of the last 256 innovations. Weak jumps are marked as information, so that a fleet can show that
 * many runs share one; jumps that are large, or strong for this run and lasting, are warnings; a large jump that stays is
 * an error.
 */
@AutoService(Detector.class)
public final class LossSpikeDetector implements Detector {
    static final String ID = "loss-spike";
    private static final int HARMFUL_POINTS = 5;
    private static final int TAIL_MARKS = 20;
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Loss spike",
            "The loss jumped far above its recent level. A single step is often one bad batch; a jump that stays costs the"
                    + " steps until it is regained.",
            List.of(Metric.LOSS.column(), Metric.EVAL_LOSS.column()),
            List.of(
                    new Parameter(
                            "mark-sigma",
                            5,
                            "σ",
                            "Jump above which a step is marked",
                            new Derived(
                                    "Gaussian chance of 3e-7 a step; OLMo-core filters at 6σ, but marks shared by many"
                                            + " runs are evidence at less")),
                    new Parameter(
                            "warning-sigma",
                            7,
                            "σ",
                            "Jump above which a mark is a warning",
                            new Published("Spike score of OLMo 2 (arXiv 2501.00656, section 3.2): 7σ")),
                    new Parameter(
                            "warning-rise",
                            0.1,
                            "ln",
                            "Rise of log loss a warning needs at least",
                            new Derived("A jump of less than 10 % costs no training, however rare it is")),
                    new Parameter(
                            "warning-points",
                            3,
                            "points",
                            "Logged points such a warning must last for",
                            new Derived(
                                    "One bad batch is back to normal at the next step and costs nothing; noise with tails of"
                                            + " a Student t of 5 degrees makes single jumps of 7σ in half of all runs of"
                                            + " 3,000 steps (measured)")),
                    new Parameter(
                            "harmful-rise",
                            0.4,
                            "ln",
                            "Rise of log loss which is a warning at once and, held for 5 logged points in a row, an error",
                            new Derived(
                                    "Half as much loss again; LLM Foundry's KillLossSpike also asks for 5 steps in a row,"
                                            + " at twice the loss")),
                    new Parameter(
                            "prior-sigma",
                            0.08,
                            "ln",
                            "Standard deviation of log loss assumed until 64 innovations are known",
                            new Derived(
                                    "Innovations of log loss are .01–.03 for batches of 10^5 tokens and more and reach .3"
                                            + " for single sequences; their geometric middle"))),
            "Look at the batches of the marked steps and at the gradient norm just before. If it recurs: skip the batch,"
                    + " clip gradients, lower the learning rate or the second-moment decay; if it stays, go back to a"
                    + " checkpoint before it.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new SpikeTracker(run, settings);
    }

    /** How excursions of a loss are told, also used where another symptom is dated against the loss. */
    static ExcursionTracker.Rule rule(double markSigma, double harmfulRise, double priorSigma) {
        return new ExcursionTracker.Rule(markSigma, 3, 0, harmfulRise, 128, priorSigma);
    }

    private static final class SpikeTracker extends RunTracker {
        private final ExcursionTracker loss;
        private final ExcursionTracker evalLoss;

        SpikeTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            ExcursionTracker.Rule rule =
                    rule(settings.get("mark-sigma"), settings.get("harmful-rise"), settings.get("prior-sigma"));
            loss = new ExcursionTracker(rule);
            evalLoss = new ExcursionTracker(rule);
        }

        @Override
        void restart(int number) {
            loss.restart();
            evalLoss.restart();
        }

        @Override
        void step(StepPoint point) {
            feed(loss, Metric.LOSS, point);
            feed(evalLoss, Metric.EVAL_LOSS, point);
        }

        private void feed(ExcursionTracker tracker, Metric metric, StepPoint point) {
            if (point.has(metric)) {
                double value = point.value(metric);
                if (Numbers.isUsable(value)) {
                    tracker.observe(point.attempt(), point.step(), value);
                }
            }
        }

        @Override
        public Assessment assess() {
            // Held-out loss counts where no training loss was logged; beside one it would tell the same story later.
            boolean training = loss.count() > 0;
            ExcursionTracker tracker = training ? loss : evalLoss;
            Metric metric = training ? Metric.LOSS : Metric.EVAL_LOSS;
            if (tracker.count() == 0) {
                return Assessment.notObservable("no finite loss was logged");
            }
            List<Excursion> excursions = tracker.excursions();
            double strong = strong(excursions);
            List<Finding> findings = new ArrayList<>();
            for (Excursion excursion : excursions) {
                findings.add(describe(excursion, metric, strong, excursions.size() >= TAIL_MARKS));
            }
            if (findings.isEmpty() && tracker.count() <= ExcursionTracker.EARLY) {
                return Assessment.inconclusive(
                        "needs more than " + ExcursionTracker.EARLY + " logged losses, got " + tracker.count());
            }
            return Assessment.observed(FindingList.capped(findings, tracker.dropped()));
        }

        /**
         * Score from which a mark is strong for this run. Where marks are many the run's noise has heavy tails, and their
         * excess over the mark threshold tells how heavy: of n marks with exponential excess (mean = median / ln 2), fewer
         * than a tenth of one lies beyond threshold + mean · ln(n / 0.1). This is the peaks-over-threshold bound of Siffer
         * et al. (KDD 2017) with a shape of 0.
         */
        private double strong(List<Excursion> excursions) {
            double warning = settings.get("warning-sigma");
            if (excursions.size() < TAIL_MARKS) {
                return warning;
            }
            double mark = settings.get("mark-sigma");
            double excess = Robust.median(
                    excursions.stream().mapToDouble(e -> e.peakScore() - mark).toArray());
            return Math.max(warning, mark + excess / Math.log(2) * Math.log(excursions.size() / 0.1));
        }

        private Finding describe(Excursion e, Metric metric, double strong, boolean tailKnown) {
            boolean harmful = e.logarithmic()
                    && e.longestHigh() >= HARMFUL_POINTS
                    && settings.get("harmful-rise") >= 2 * e.sigma();
            // Strong for this run, of some size, and not gone at once; or of harmful size where its single values are
            // not
            // known to scatter that far. A small jump of one step costs nothing, whatever its score.
            boolean strange = e.peakScore() >= strong
                    && e.rise() >= settings.get("warning-rise")
                    && e.points() >= settings.get("warning-points");
            boolean large = !tailKnown
                    && e.rise() >= settings.get("harmful-rise")
                    && settings.get("harmful-rise") >= 3 * e.sigma();
            boolean notable = e.logarithmic() && (strange || large);
            Severity severity = harmful ? Severity.ERROR : notable ? Severity.WARNING : Severity.INFO;
            String end =
                    e.isOpen() ? "not back to normal by step " + e.last() : "back to normal at step " + e.recovered();
            return Evidence.of(runId, ID)
                    .metric(metric)
                    .steps(e.attempt(), e.from(), e.last(), e.peakStep())
                    .score(e.peakScore(), settings.get("mark-sigma"))
                    .verdict(severity, Cause.UNKNOWN)
                    .text(
                            "%s rose from %s to %s (%.1fσ) at step %d, %s above for %s, %s",
                            metric.column(),
                            Evidence.number(e.levelValue()),
                            Evidence.number(e.peakValue()),
                            e.peakScore(),
                            e.peakStep(),
                            e.from() == e.peakStep() ? "it was" : "from step " + e.from() + " on it was",
                            Evidence.plural(e.points(), "logged point"),
                            end)
                    .finding();
        }
    }
}
