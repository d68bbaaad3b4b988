package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.blocks.Channel;
import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.Stride;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A worker's loss, gradient norm or any other metric that workers log each for itself leaves the place it had among its
 * peers. What a worker's number of tokens explains of its gradient norm is taken off first.
 */
@AutoService(Detector.class)
public final class WorkerOutlierDetector implements Detector {
    static final String ID = "worker-outlier";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Worker unlike its peers",
            "One worker's loss, gradient norm or another value it logs itself left the place it had among the workers that"
                    + " compute the same: its data, its copy of the model or its machine is not like theirs.",
            List.of(Metric.GRAD_NORM.column(), Metric.LOSS.column()),
            List.of(
                    new Parameter(
                            "ratio",
                            1.3,
                            "1",
                            "Ratio to the peers, beyond the worker's usual one, from which a change counts",
                            new Derived(
                                    "Gradient norms of batches of one size differ by less once averaged over 16 steps (log"
                                            + " deviations of .1 to .3 a step); less moves the mean over the workers hardly"
                                            + " at all")),
                    new Parameter(
                            "sigma",
                            2,
                            "σ",
                            "Standard deviations between workers at one step which the change must be as well",
                            new Derived(
                                    "A worker that is on average 2σ off is beyond 97 % of its peers at a step; the mean of 16"
                                            + " independent steps of a sound one never gets there")),
                    new Parameter(
                            "error-sigma",
                            3,
                            "σ",
                            "Standard deviations from which, if it lasts, it is an error",
                            new Derived(
                                    "Beyond 99.9 % of the peers, step after step: noise that remembers its past does not stay"
                                            + " there (of sound runs with correlations up to .95 fewer than one in a hundred)")),
                    new Parameter(
                            "value-sigma",
                            3,
                            "σ",
                            "The same for metrics whose unit and nature are not known",
                            new Derived("Twice as much: queue lengths and memory come and go on one worker and not on"
                                    + " another")),
                    new Parameter(
                            "value-error-ratio",
                            2,
                            "1",
                            "Ratio which such a metric, or a loss below the peers', needs as well to be an error",
                            new Derived("Half or twice the peers' is beyond what shares, queues and memory differ by in"
                                    + " sound jobs; less is for a person to judge who knows what the metric means. A loss"
                                    + " that is lower spoils nothing by itself: small shards are learnt at paces of their"
                                    + " own")),
                    new Parameter(
                            "points",
                            48,
                            "points",
                            "Logged steps it must last, or go on at the end for half as many, to be more than information",
                            new Derived("Three chunks of steps: one may hold a handful of bad batches, two a border")),
                    new Parameter(
                            "step-ratio",
                            10,
                            "1",
                            "Ratio to the worker's own level from which a single step is told, as information",
                            new Published(
                                    "Megatron-LM's gradient buffers: 10 times the largest of the first samples"))),
            "Look at that worker's data (labels, shard, order), at its copy of the parameters and at its device: train its"
                    + " batches elsewhere and other batches there; replace the machine if the fault stays with it.");

    /** Most metrics without a column that are watched in one run. */
    private static final int MOST_METRICS = 256;

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new OutlierTracker(run, settings);
    }

    /** One metric: its levels, and its single steps. */
    private static final class Watched {
        final LevelWatch levels;
        final SharedMove shared = new SharedMove();
        long spikes;
        double strongest;
        int spikeAttempt;
        int spikeWorker;
        long spikeStep;

        Watched(Effect effect) {
            levels = new LevelWatch(effect);
        }
    }

    private static final class OutlierTracker extends WorkerTracker {
        private final Map<String, Watched> watched = new TreeMap<>();
        private final Effect effect;
        private final Effect effectOfValues;
        private final double stepRatio;
        private Layout layout = Layout.UNKNOWN;
        private long firstStep = -1;
        private long lastStep;
        private long longest;

        OutlierTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            effect = new Effect(settings.get("ratio"), settings.get("sigma"), 0);
            effectOfValues = new Effect(settings.get("ratio"), settings.get("value-sigma"), 0);
            stepRatio = Math.log(settings.get("step-ratio"));
        }

        @Override
        void restart(int number) {
            watched.values().forEach(one -> one.levels.attempt(number));
        }

        @Override
        void look(WorkerWindow window) {
            layout = window.layout();
            WorkerLevels tokens = null;
            for (WorkerLevels levels : window.evidence().levels()) {
                tokens = levels.channel() == Metric.TOKENS.ordinal() ? levels : tokens;
            }
            for (WorkerLevels levels : window.evidence().levels()) {
                int channel = levels.channel();
                boolean isGradient = channel == Metric.GRAD_NORM.ordinal();
                if (isGradient || channel == Metric.LOSS.ordinal() || channel == Channel.VALUE) {
                    look(window, isGradient && tokens != null ? TokenCorrection.of(levels, tokens) : levels);
                }
            }
        }

        private void look(WorkerWindow window, WorkerLevels levels) {
            String metric = window.metric(levels.channel());
            if (!watched.containsKey(metric) && watched.size() >= MOST_METRICS) {
                return;
            }
            Watched one = watched.computeIfAbsent(metric, name -> {
                Watched begun = new Watched(levels.channel() == Channel.VALUE ? effectOfValues : effect);
                begun.levels.attempt(window.attempt());
                return begun;
            });
            one.levels.observe(levels, window.layout());
            if (levels.channel() == Channel.VALUE) {
                one.shared.observe(window.attempt(), levels);
            }
            long[] steps = levels.steps();
            firstStep = firstStep < 0 ? steps[0] : firstStep;
            lastStep = steps[steps.length - 1];
            longest = Math.max(longest, one.levels.points());
            for (int i = 0; i < levels.spikeStep().length && levels.isRatio(); i++) {
                double excess = Math.abs(levels.spikeExcess()[i]);
                if (excess >= stepRatio) {
                    one.spikes++;
                    if (excess > one.strongest) {
                        one.strongest = excess;
                        one.spikeAttempt = window.attempt();
                        one.spikeStep = steps[levels.spikeStep()[i]];
                        one.spikeWorker = levels.worker()[levels.spikeWorker()[i]];
                    }
                }
            }
        }

        @Override
        public Assessment assess() {
            if (watched.isEmpty()) {
                return Assessment.notObservable(NOT_LOGGED);
            }
            if (longest < (long) LevelWatch.FEWEST_CHUNKS * WorkerLevels.CHUNK) {
                return tooShort(longest);
            }
            double stride = Stride.of(firstStep, lastStep, longest);
            List<Finding> findings = new ArrayList<>();
            watched.forEach((metric, one) -> {
                List<Episode> episodes = one.levels.episodes();
                for (List<Episode> group : Together.groups(episodes, layout, stride)) {
                    findings.add(describe(metric, group));
                }
                if (one.spikes > 0) {
                    findings.add(spike(metric, one));
                }
                findings.addAll(one.shared.findings(runId, ID, metric, settings.get("ratio")));
            });
            return Assessment.observed(FindingList.capped(findings));
        }

        private Finding describe(String metric, List<Episode> group) {
            Episode strongest = group.get(0);
            long from = Long.MAX_VALUE;
            long to = 0;
            long points = 0;
            boolean open = false;
            boolean fromStart = true;
            for (Episode episode : group) {
                strongest = Math.abs(episode.mean()) > Math.abs(strongest.mean()) ? episode : strongest;
                from = Math.min(from, episode.from);
                to = Math.max(to, episode.to);
                points = Math.max(points, episode.points);
                open |= episode.open;
                fromStart &= episode.fromStart;
            }
            double needed = settings.get("points");
            boolean lasting = points >= needed || (open && points >= needed / 2);
            boolean lowerLoss = metric.equals(Metric.LOSS.column()) && !strongest.up;
            boolean large = (Metric.byColumn(metric).isPresent() && !lowerLoss)
                    || !strongest.isRatio
                    || Math.abs(strongest.mean()) >= Math.log(settings.get("value-error-ratio"));
            boolean grave = lasting && large && !fromStart && strongest.sigmas() >= settings.get("error-sigma");
            Severity severity = grave ? Severity.ERROR : lasting ? Severity.WARNING : Severity.INFO;
            String who = group.size() > 1 ? Together.words(group, layout) : "worker " + strongest.worker;
            Evidence evidence = Evidence.of(runId, ID)
                    .metric(metric)
                    .worker(group.size() > 1 ? StepRecord.NO_WORKER : strongest.worker)
                    .steps(strongest.attempt, from, to, strongest.peakStep)
                    .verdict(severity, Cause.WORKER)
                    .text(
                            "%s of %s was on average %s its peers'%s (%sσ of the spread between workers at a step), from step"
                                    + " %d %s, %s%s",
                            metric,
                            who,
                            distance(strongest),
                            fromStart ? "" : ", against what it used to be",
                            Evidence.number(strongest.sigmas()),
                            from,
                            open ? "to the end of the log" : "to step " + to,
                            Evidence.plural(points, "logged point"),
                            fromStart ? "; it was so from the first step" : "");
            if (group.size() > 1) {
                evidence.group(group, layout);
            }
            return strongest.isRatio
                    ? evidence.score(Math.exp(Math.abs(strongest.mean())), settings.get("ratio"))
                            .finding()
                    : evidence.score(strongest.sigmas(), settings.get("sigma"), "sigma")
                            .finding();
        }

        private static String distance(Episode episode) {
            return episode.isRatio
                    ? Evidence.number(episode.ratio()) + " times"
                    : Evidence.number(Math.abs(episode.mean())) + (episode.up ? " above" : " below");
        }

        private Finding spike(String metric, Watched one) {
            return Evidence.of(runId, ID)
                    .metric(metric)
                    .worker(one.spikeWorker)
                    .steps(one.spikeAttempt, one.spikeStep, one.spikeStep, one.spikeStep)
                    .score(Math.exp(one.strongest), settings.get("step-ratio"), "step-ratio")
                    .verdict(Severity.INFO, Cause.WORKER)
                    .text(
                            "%s of worker %d was %s times off its own level at step %d alone; %s of this size in the run",
                            metric,
                            one.spikeWorker,
                            Evidence.number(Math.exp(one.strongest)),
                            one.spikeStep,
                            Evidence.plural(one.spikes, "single step"))
                    .finding();
        }
    }
}
