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
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A worker that keeps the others waiting. After a collective the steps of all workers end together, so what is compared is
 * the time a worker did not wait: that of the step less that in collectives, or its compute time where neither is logged.
 */
@AutoService(Detector.class)
public final class StragglerDetector implements Detector {
    static final String ID = "straggler";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Straggler",
            "One worker is slower than those that do the same work; in synchronous training all others wait for it at every"
                    + " step.",
            List.of(
                    Metric.COMPUTE_SECONDS.column(),
                    Metric.COLLECTIVE_WAIT_SECONDS.column(),
                    Metric.STEP_SECONDS.column()),
            List.of(
                    new Parameter(
                            "share",
                            0.3,
                            "1",
                            "Share of the steps one worker, or stragglers in turn, must lead to be told; of one worker it is an"
                                    + " error",
                            new Derived(
                                    "Of two sound workers one leads by a tenth at almost no step, and of more none does;"
                                            + " at three steps of ten it costs 3 % of the run")),
                    new Parameter(
                            "ratio",
                            1.1,
                            "1",
                            "Ratio to the peers' median from which a worker leads",
                            new Published(
                                    "A tenth slower is what XPUTimer and NVIDIA's straggler detection act on at the"
                                            + " latest (score below 0.75 to 0.9)")),
                    new Parameter(
                            "sigma",
                            1,
                            "σ",
                            "Standard deviations between workers at one step which it must be slower as well",
                            new Derived("Where steps differ by chance as much, nobody is the slow one")),
                    new Parameter(
                            "seconds",
                            0.001,
                            "s",
                            "Time a step by which it must be slower as well; below, it is only noted",
                            new Derived(
                                    "The time slice of an operating system's scheduler, 0.75 to 3 ms of Linux's: steps"
                                            + " shorter than that are as slow as threads happen to run"))),
            "See what that worker does longer than the others: compute (clock, throttling, another process), wait for data"
                    + " (its disk, its loader) or longer sequences. Exclude the machine if it stays slow with other work.");

    /** Part of the share of steps from which a slow worker is a warning: below, others are slower and nobody waits for it. */
    private static final double FEWER = 6;

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new StragglerTracker(run, settings);
    }

    /** How often one worker was the slowest. */
    private static final class Leads {
        private long steps;
        private long single;
        private long first = -1;
        private long last;
        private double ratios;
        private double seconds;
        private long previous = -1;
        /** Distance that two single leads in a row have most often kept, by majority vote, and how often it held. */
        private long period;

        private long votes;
        private long held;

        /** Leads over so many steps by a ratio to the peers' median, which is about {@code usual} seconds. */
        void add(long from, long to, long number, double ratio, double usual) {
            first = first < 0 ? from : first;
            last = to;
            steps += number;
            ratios += number * ratio;
            seconds += number * (ratio - 1) * usual;
        }

        void single(long step, double ratio, double usual) {
            add(step, step, 1, ratio, usual);
            single++;
            if (previous >= 0) {
                long distance = step - previous;
                if (votes == 0) {
                    period = distance;
                    held = 0;
                }
                votes += distance == period ? 1 : -1;
                held += distance == period ? 1 : 0;
            }
            previous = step;
        }

        boolean isPeriodic(double stride) {
            return single >= 5 && period > stride && held >= 0.6 * (single - 1);
        }
    }

    private static final class StragglerTracker extends WorkerTracker {
        private final double least;
        private final LevelWatch levels;
        private final Workers workers = new Workers();
        private Leads[] leads = new Leads[0];
        private int[] numbers = new int[0];
        private Layout layout = Layout.UNKNOWN;
        private int attempt;
        private long points;
        private long firstStep = -1;
        private long lastStep;

        StragglerTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            least = Math.log(settings.get("ratio"));
            levels = new LevelWatch(new Effect(settings.get("ratio"), settings.get("sigma"), Double.POSITIVE_INFINITY));
        }

        @Override
        void restart(int number) {
            levels.attempt(number);
        }

        @Override
        void look(WorkerWindow window) {
            layout = window.layout();
            attempt = window.attempt();
            for (WorkerLevels busy : window.evidence().levels()) {
                if (busy.channel() == Channel.BUSY) {
                    // A whole stage may slow down: stages' own lengths are places, so all workers are compared.
                    levels.observe(busy, Layout.UNKNOWN);
                    count(busy);
                }
            }
        }

        private void count(WorkerLevels busy) {
            int n = busy.worker().length;
            int[] slots = workers.slots(busy.worker());
            if (workers.size() > leads.length) {
                int known = leads.length;
                leads = Arrays.copyOf(leads, workers.size());
                numbers = Arrays.copyOf(numbers, workers.size());
                for (int i = known; i < leads.length; i++) {
                    leads[i] = new Leads();
                }
            }
            for (int i = 0; i < n; i++) {
                numbers[slots[i]] = busy.worker()[i];
            }
            long[] steps = busy.steps();
            points += steps.length;
            firstStep = firstStep < 0 ? steps[0] : firstStep;
            lastStep = steps[steps.length - 1];
            if (busy.isFlat() || !busy.isRatio()) {
                return;
            }
            int[] leader = new int[busy.chunks()];
            double[] own = new double[n];
            for (int c = 0; c < busy.chunks(); c++) {
                for (int i = 0; i < n; i++) {
                    own[i] = busy.level(c, i);
                }
                double[] distances = PeerMedians.subtract(busy.worker(), own, layout);
                int length = busy.start(c + 1) - busy.start(c);
                // The highest of n means of so many noisy steps: about √(2 ln n) standard deviations up (Cramér, 1946).
                double chance = busy.spread()[c] * Math.sqrt(2 * Math.log(Math.max(2, n)) / Math.max(1, length - 2));
                leader[c] = -1;
                for (int i = 0; i < n; i++) {
                    double bar = leader[c] < 0 ? least + 2 * chance : distances[leader[c]];
                    leader[c] = distances[i] > bar ? i : leader[c];
                }
                if (leader[c] >= 0) {
                    leads[slots[leader[c]]].add(
                            steps[busy.start(c)],
                            steps[busy.start(c + 1) - 1],
                            length,
                            Math.exp(distances[leader[c]]),
                            busy.centre()[c]);
                }
            }
            countSingle(busy, slots, leader);
        }

        /** Steps at which nobody leads for long go to whoever is farthest above its own level. */
        private void countSingle(WorkerLevels busy, int[] slots, int[] leader) {
            SortedMap<Integer, Integer> farthest = new TreeMap<>();
            for (int i = 0; i < busy.spikeStep().length; i++) {
                if (busy.spikeExcess()[i] >= least) {
                    farthest.merge(
                            busy.spikeStep()[i], i, (a, b) -> busy.spikeExcess()[a] >= busy.spikeExcess()[b] ? a : b);
                }
            }
            farthest.forEach((at, spike) -> {
                int chunk = Math.min(busy.chunks() - 1, (int) ((long) at * busy.chunks() / busy.steps().length));
                chunk += at >= busy.start(chunk + 1) ? 1 : at < busy.start(chunk) ? -1 : 0;
                if (leader[chunk] < 0) {
                    leads[slots[busy.spikeWorker()[spike]]].single(
                            busy.steps()[at], Math.exp(busy.spikeExcess()[spike]), busy.centre()[chunk]);
                }
            });
        }

        @Override
        public Assessment assess() {
            if (points == 0) {
                return Assessment.notObservable(
                        "no two workers logged their compute time, or the step's with what they waited in collectives");
            }
            if (points < (long) LevelWatch.FEWEST_CHUNKS * WorkerLevels.CHUNK) {
                return tooShort(points);
            }
            double stride = Stride.of(firstStep, lastStep, points);
            List<Finding> findings = new ArrayList<>();
            Set<Integer> told = new HashSet<>();
            List<Episode> slow = levels.episodes().stream().filter(e -> e.up).toList();
            for (List<Episode> group : Together.groups(slow, layout, stride)) {
                group.forEach(episode -> told.add(episode.worker));
                findings.add(describe(group));
            }
            double share = settings.get("share");
            long led = 0;
            double lost = 0;
            int leaders = 0;
            boolean anyAlone = false;
            for (int i = 0; i < leads.length; i++) {
                Leads own = leads[i];
                led += own.steps;
                lost += own.seconds;
                leaders += own.steps > 0 ? 1 : 0;
                boolean alone = own.steps >= share * points;
                anyAlone |= alone;
                boolean periodic = own.steps >= share / 3 * points && own.isPeriodic(stride);
                if (!told.contains(numbers[i]) && (alone || periodic)) {
                    findings.add(leader(
                            numbers[i],
                            own,
                            matters(own.seconds / own.steps, alone ? Severity.ERROR : Severity.WARNING),
                            periodic));
                }
            }
            if (!anyAlone
                    && leaders > 1
                    && led >= share * points
                    && findings.stream().noneMatch(f -> f.severity() == Severity.ERROR)) {
                findings.add(inTurn(led, leaders, matters(lost / led, Severity.WARNING)));
            }
            return Assessment.observed(FindingList.capped(findings));
        }

        private Severity matters(double seconds, Severity severity) {
            return seconds >= settings.get("seconds") ? severity : Severity.INFO;
        }

        private double share(int worker) {
            return leads[workers.slot(worker)].steps / (double) points;
        }

        private Finding describe(List<Episode> group) {
            Episode worst = group.get(0);
            long from = Long.MAX_VALUE;
            long to = 0;
            double led = 0;
            boolean open = false;
            for (Episode episode : group) {
                worst = episode.mean() > worst.mean() ? episode : worst;
                from = Math.min(from, episode.from);
                to = Math.max(to, episode.to);
                led += share(episode.worker);
                open |= episode.open;
            }
            boolean several = group.size() > 1;
            if (several) {
                // Its members lead in turn, or none of them does where they are one another's peers.
                led = Math.max(led, worst.points / (double) points);
            }
            String who = several ? Together.words(group, layout) : "worker " + worst.worker;
            Evidence evidence = Evidence.of(runId, ID)
                    .metric(Metric.COMPUTE_SECONDS)
                    .worker(several ? StepRecord.NO_WORKER : worst.worker)
                    .steps(worst.attempt, from, to, worst.peakStep)
                    .score(worst.ratio(), settings.get("ratio"), "ratio")
                    .verdict(
                            matters(
                                    // Levels of ratios are logarithms.
                                    Math.exp(worst.level()) * (1 - 1 / worst.ratio()),
                                    led >= settings.get("share")
                                            ? Severity.ERROR
                                            : led >= settings.get("share") / FEWER ? Severity.WARNING : Severity.INFO),
                            several ? Cause.INFRASTRUCTURE : Cause.WORKER)
                    .text(
                            "%s took %s times as long as before, against the median of the peers, from step %d %s (%d points);"
                                    + " slowest at %.0f %% of all steps",
                            who,
                            Evidence.number(worst.ratio()),
                            from,
                            open ? "to the end of the log" : "to step " + to,
                            worst.points,
                            100 * led);
            if (several) {
                evidence.group(group, layout);
            }
            return evidence.finding();
        }

        private Finding leader(int worker, Leads own, Severity severity, boolean periodic) {
            return Evidence.of(runId, ID)
                    .metric(Metric.COMPUTE_SECONDS)
                    .worker(worker)
                    .steps(attempt, own.first, own.last, own.first)
                    .score(own.ratios / own.steps, settings.get("ratio"), "ratio")
                    .verdict(severity, Cause.WORKER)
                    .text(
                            "worker %d was the slowest at %.0f %% of the steps, taking on average %s times its peers' median"
                                    + " then, from step %d on%s",
                            worker,
                            100.0 * own.steps / points,
                            Evidence.number(own.ratios / own.steps),
                            own.first,
                            periodic ? "; every " + own.period + " steps" : "")
                    .finding();
        }

        private Finding inTurn(long led, int leaders, Severity severity) {
            long from = Long.MAX_VALUE;
            long to = 0;
            for (Leads own : leads) {
                from = own.steps > 0 ? Math.min(from, own.first) : from;
                to = Math.max(to, own.last);
            }
            return Evidence.of(runId, ID)
                    .metric(Metric.COMPUTE_SECONDS)
                    .steps(attempt, from, to, from)
                    .score(led / (double) points, settings.get("share"))
                    .verdict(severity, Cause.INFRASTRUCTURE)
                    .text(
                            "at %.0f %% of the steps one worker was slower than its peers by %.0f %% or more, but %d workers in"
                                    + " turn: what they share is slow (network, storage, a noisy neighbour), not one of them",
                            100.0 * led / points, 100 * (settings.get("ratio") - 1), leaders)
                    .finding();
        }
    }
}
