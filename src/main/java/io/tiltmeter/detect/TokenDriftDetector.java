package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.Stride;
import java.util.ArrayList;
import java.util.List;

/**
 * A worker's number of tokens or examples drifts away from its peers'. Where the loss of each worker is averaged with equal
 * weights, tokens of a worker with fewer count for more.
 */
@AutoService(Detector.class)
public final class TokenDriftDetector implements Detector {
    static final String ID = "token-drift";
    private static final List<Metric> METRICS = List.of(Metric.TOKENS, Metric.LOSS_TOKENS, Metric.EXAMPLES);
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Token drift",
            "One worker's tokens or examples per step moved away from its peers': its shard runs dry, its sequences change,"
                    + " or it pads and masks differently. With equal weights for all workers its tokens count for more or less"
                    + " than the others'.",
            METRICS.stream().map(Metric::column).toList(),
            List.of(
                    new Parameter(
                            "ratio",
                            1.05,
                            "1",
                            "Ratio to the peers, beyond the worker's usual one, from which a change counts",
                            new Derived(
                                    "A step's weight of one worker that is wrong by a twentieth; packing makes batches"
                                            + " differ by less in the mean of 16 steps")),
                    new Parameter(
                            "sigma",
                            1,
                            "σ",
                            "Standard deviations between workers at one step which the change must be as well",
                            new Derived(
                                    "Where batches are cut by length they differ by chance that much at every step")),
                    new Parameter(
                            "error-ratio",
                            1.5,
                            "1",
                            "Ratio from which a change that goes on at the end is an error",
                            new Derived("Half as many again: a worker's tokens then weigh 50 % more or less than its"
                                    + " peers'"))),
            "Compare that worker's shard, sequence lengths, padding and masking with its peers'; weight losses by their number"
                    + " of tokens, not by worker.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new TokenTracker(run, settings);
    }

    private static final class TokenTracker extends WorkerTracker {
        private final List<LevelWatch> levels = new ArrayList<>();
        private Layout layout = Layout.UNKNOWN;
        private long points;
        private long firstStep = -1;
        private long lastStep;

        TokenTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            Effect effect = new Effect(settings.get("ratio"), settings.get("sigma"), Double.POSITIVE_INFINITY);
            METRICS.forEach(metric -> levels.add(new LevelWatch(effect)));
        }

        @Override
        void restart(int number) {
            levels.forEach(one -> one.attempt(number));
        }

        @Override
        void look(WorkerWindow window) {
            layout = window.layout();
            for (WorkerLevels one : window.evidence().levels()) {
                for (int i = 0; i < METRICS.size(); i++) {
                    if (one.channel() == METRICS.get(i).ordinal()) {
                        levels.get(i).observe(one, layout);
                        points = Math.max(points, levels.get(i).points());
                        firstStep = firstStep < 0 ? one.steps()[0] : firstStep;
                        lastStep = one.steps()[one.steps().length - 1];
                    }
                }
            }
        }

        @Override
        public Assessment assess() {
            if (points == 0) {
                return Assessment.notObservable(NOT_LOGGED);
            }
            if (points < (long) LevelWatch.FEWEST_CHUNKS * WorkerLevels.CHUNK) {
                return tooShort(points);
            }
            double stride = Stride.of(firstStep, lastStep, points);
            List<Finding> findings = new ArrayList<>();
            for (int i = 0; i < METRICS.size(); i++) {
                for (List<Episode> group : Together.groups(levels.get(i).episodes(), layout, stride)) {
                    findings.add(describe(METRICS.get(i), group));
                }
            }
            return Assessment.observed(FindingList.capped(findings));
        }

        private Finding describe(Metric metric, List<Episode> group) {
            Episode strongest = group.get(0);
            long from = Long.MAX_VALUE;
            long to = 0;
            for (Episode episode : group) {
                strongest = Math.abs(episode.mean()) > Math.abs(strongest.mean()) ? episode : strongest;
                from = Math.min(from, episode.from);
                to = Math.max(to, episode.to);
            }
            double ratio = Math.exp(Math.abs(strongest.mean()));
            boolean several = group.size() > 1;
            String who = several ? Together.words(group, layout) : "worker " + strongest.worker;
            boolean grave = strongest.open && !strongest.fromStart && ratio >= settings.get("error-ratio");
            Evidence evidence = Evidence.of(runId, ID)
                    .metric(metric)
                    .worker(several ? StepRecord.NO_WORKER : strongest.worker)
                    .steps(strongest.attempt, from, to, strongest.peakStep)
                    .score(ratio, settings.get("ratio"))
                    .verdict(
                            grave ? Severity.ERROR : strongest.fromStart ? Severity.INFO : Severity.WARNING, Cause.DATA)
                    .text(
                            "%s of %s were on average %s times its peers'%s, from step %d %s",
                            metric.column(),
                            who,
                            Evidence.number(strongest.ratio()),
                            strongest.fromStart ? "" : ", against what they used to be",
                            from,
                            strongest.open ? "to the end of the log" : "to step " + to);
            if (several) {
                evidence.group(group, layout);
            }
            return evidence.finding();
        }
    }
}
