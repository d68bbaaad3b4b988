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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The gradient norm grows far beyond its own recent scale, on a logarithmic scale. It often does so some steps before
 * the loss; by how many is part of the evidence. A peak of one step that vanishes is information only.
 */
@AutoService(Detector.class)
public final class GradientExplosionDetector implements Detector {
    static final String ID = "grad-explosion";
    private static final int LASTING = 3;
    private static final int LATE = 16;
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Gradient explosion",
            "The gradient norm grew far beyond its recent scale. When it lasts, the loss usually follows some steps later.",
            List.of(Metric.GRAD_NORM.column()),
            List.of(
                    new Parameter(
                            "mark-sigma",
                            5,
                            "σ",
                            "Rise of the log norm above which a step is marked",
                            new Derived(
                                    "Gaussian chance of 3e-7 a step, and more than the 2.5σ at which ZClip already clips")),
                    new Parameter(
                            "mark-ratio",
                            3,
                            "1",
                            "Ratio to the recent level a mark needs at least",
                            new Derived("Clipping at the usual norm removes a factor of 3 without harm")),
                    new Parameter(
                            "warning-ratio",
                            10,
                            "1",
                            "Ratio to the recent level which, lasting for 3 logged points, is a warning",
                            new Published("Megatron-LM's gradient buffers: 10 times the largest of the first samples")),
                    new Parameter(
                            "prior-sigma",
                            0.25,
                            "ln",
                            "Standard deviation of the log norm assumed until 64 innovations are known",
                            new Derived(
                                    "Innovations of log gradient norms are .05–.3 after warm-up; the upper part, for the"
                                            + " short past must not alarm"))),
            "Clip gradients (or clip adaptively), look at the batches of these steps and at which layer grows first; lower"
                    + " the learning rate or the second-moment decay if it recurs.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new NormTracker(run, settings);
    }

    private static final class NormTracker extends RunTracker {
        private final ExcursionTracker norm;
        private final ExcursionTracker loss = new ExcursionTracker(LossSpikeDetector.rule(5, Math.log(1.5), 0.08));

        NormTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            norm = new ExcursionTracker(new ExcursionTracker.Rule(
                    settings.get("mark-sigma"),
                    3,
                    Math.log(settings.get("mark-ratio")),
                    Math.log(settings.get("warning-ratio")),
                    64,
                    settings.get("prior-sigma")));
        }

        @Override
        void restart(int number) {
            norm.restart();
            loss.restart();
        }

        @Override
        void step(StepPoint point) {
            if (point.has(Metric.LOSS) && Numbers.isUsable(point.value(Metric.LOSS))) {
                loss.observe(point.attempt(), point.step(), point.value(Metric.LOSS));
            }
            if (point.has(Metric.GRAD_NORM)) {
                double value = point.value(Metric.GRAD_NORM);
                // Several programs print a norm of 0 when they did not compute it.
                if (Numbers.isUsable(value) && value > 0) {
                    norm.observe(point.attempt(), point.step(), value);
                }
            }
        }

        @Override
        public Assessment assess() {
            if (norm.count() == 0) {
                return Assessment.notObservable("no finite gradient norm above 0 was logged");
            }
            List<Excursion> losses = loss.excursions();
            List<Finding> findings = new ArrayList<>();
            for (Excursion excursion : norm.excursions()) {
                findings.add(describe(excursion, follower(excursion, losses)));
            }
            if (findings.isEmpty() && norm.count() <= ExcursionTracker.EARLY) {
                return Assessment.inconclusive(
                        "needs more than " + ExcursionTracker.EARLY + " logged gradient norms, got " + norm.count());
            }
            return Assessment.observed(FindingList.capped(findings, norm.dropped()));
        }

        /** The jump of the loss that began during the excursion, or soon after it. */
        private Optional<Excursion> follower(Excursion e, List<Excursion> losses) {
            double until = e.last() + LATE * norm.stride();
            return losses.stream()
                    .filter(l -> l.attempt() == e.attempt() && l.from() >= e.from() && l.from() <= until)
                    .findFirst();
        }

        private Finding describe(Excursion e, Optional<Excursion> follower) {
            boolean lasting = e.longestHigh() >= LASTING;
            boolean led =
                    e.points() >= 2 && follower.filter(l -> l.from() > e.from()).isPresent();
            String sequel = follower.map(l -> l.from() > e.from()
                            ? "; the gradient norm led the loss by " + Evidence.plural(l.from() - e.from(), "step")
                            : "; the loss jumped at the same step")
                    .orElse("");
            return Evidence.of(runId, ID)
                    .metric(Metric.GRAD_NORM)
                    .steps(e.attempt(), e.from(), e.last(), e.peakStep())
                    .score(e.peakScore(), settings.get("mark-sigma"))
                    .verdict(lasting || led ? Severity.WARNING : Severity.INFO, Cause.OPTIMIZER)
                    .text(
                            "grad_norm rose from %s to %s (%.1fσ) at step %d, above its level for %s, %s%s",
                            Evidence.number(e.levelValue()),
                            Evidence.number(e.peakValue()),
                            e.peakScore(),
                            e.peakStep(),
                            Evidence.plural(e.points(), "logged point"),
                            e.isOpen() ? "not back to normal" : "back to normal at step " + e.recovered(),
                            sequel)
                    .finding();
        }
    }
}
