package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import java.util.ArrayList;
import java.util.List;

/** A worker's gradient points away from the others': flipped, of other parameters, or of noise. Norms do not show that. */
@AutoService(Detector.class)
public final class GradientDirectionDetector implements Detector {
    static final String ID = "gradient-direction";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Gradient against the others'",
            "One worker's gradient no longer points where its peers' do. Against them, its sign is wrong and it undoes their"
                    + " work; across them, it is of other parameters or data, or of nothing.",
            List.of(Metric.GRAD_COSINE.column()),
            List.of(
                    new Parameter(
                            "difference",
                            0.1,
                            "1",
                            "Fall of the cosine, against the peers' and its own before, from which it counts",
                            new Derived("Below a tenth a gradient's share of the common direction is a hundredth of its"
                                    + " square: nothing is lost with it")),
                    new Parameter(
                            "sigma",
                            0.5,
                            "σ",
                            "Standard deviations between workers at one step which the fall must be as well",
                            new Derived(
                                    "Cosines of small batches scatter by more than a flipped gradient moves them; that"
                                            + " a fall is no chance, many steps must tell")),
                    new Parameter(
                            "aside-sigma",
                            1,
                            "σ",
                            "The same for a gradient that does not point against the others'",
                            new Derived("It undoes nothing; where all gradients have little in common one that has less"
                                    + " is usual"))),
            "Look at the sign and scale of that worker's gradient on the way to the reduction, at its copy of the parameters and"
                    + " at its labels; train its batches elsewhere.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new DirectionTracker(run, settings);
    }

    private static final class DirectionTracker extends WorkerTracker {
        private final LevelWatch levels;

        DirectionTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            levels = new LevelWatch(new Effect(1, settings.get("sigma"), settings.get("difference")));
        }

        @Override
        void restart(int number) {
            levels.attempt(number);
        }

        @Override
        void look(WorkerWindow window) {
            for (WorkerLevels one : window.evidence().levels()) {
                if (one.channel() == Metric.GRAD_COSINE.ordinal()) {
                    levels.observe(one, window.layout());
                }
            }
        }

        @Override
        public Assessment assess() {
            if (levels.points() == 0) {
                return Assessment.notObservable(NOT_LOGGED);
            }
            if (levels.points() < (long) LevelWatch.FEWEST_CHUNKS * WorkerLevels.CHUNK) {
                return tooShort(levels.points());
            }
            List<Episode> episodes = levels.episodes();
            List<Finding> findings = new ArrayList<>();
            for (Episode episode : episodes) {
                boolean against = episode.level() < 0;
                boolean aside = episode.sigmas() >= settings.get("aside-sigma") && !othersAgreeMore(episode, episodes);
                if (!episode.up && (against || aside)) {
                    findings.add(describe(episode));
                }
            }
            return Assessment.observed(FindingList.capped(findings));
        }

        /** Two that read the same data agree with each other more than before: that the rest do less is no fault of the rest. */
        private static boolean othersAgreeMore(Episode episode, List<Episode> episodes) {
            return episodes.stream()
                    .anyMatch(other -> other.up
                            && other.attempt == episode.attempt
                            && other.from <= episode.to
                            && episode.from <= other.to);
        }

        private Finding describe(Episode episode) {
            boolean flipped = episode.level() < 0;
            return Evidence.of(runId, ID)
                    .metric(Metric.GRAD_COSINE)
                    .worker(episode.worker)
                    .steps(episode.attempt, episode.from, episode.to, episode.peakStep)
                    .score(-episode.mean(), settings.get("difference"))
                    .verdict(flipped && !episode.fromStart ? Severity.ERROR : Severity.WARNING, Cause.WORKER)
                    .text(
                            "the cosine of worker %d's gradient with its peers' was on average %s, %s below where it used to be"
                                    + " against them, from step %d %s: it pointed %s",
                            episode.worker,
                            Evidence.number(episode.level()),
                            Evidence.number(-episode.mean()),
                            episode.from,
                            episode.open ? "to the end of the log" : "to step " + episode.to,
                            flipped ? "against them" : "aside")
                    .finding();
        }
    }
}
