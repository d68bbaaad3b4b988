package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.model.Stride;
import io.tiltmeter.stats.Robust;
import io.tiltmeter.stats.SortedWindow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Steps that take several times as long as the run's recent steps. The first steps (compilation, warm caches), steps next
 * to an evaluation, stalls at regular distances (checkpoints, validation) and lasting changes of the level (batch or
 * sequence schedule) are none.
 */
@AutoService(Detector.class)
public final class StepStallDetector implements Detector {
    static final String ID = "step-stall";
    private static final int WINDOW = 64;
    private static final int FEWEST = 16;
    private static final int ADOPT = 16;
    private static final int MAX_STALLS = 1024;
    private static final int[] NO_PAIR = {};
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Step-time stall",
            "Single steps took several times as long as their neighbours: the job waited for data, a slow worker, the"
                    + " network, a recompilation or the allocator.",
            List.of(Metric.STEP_SECONDS.column()),
            List.of(
                    new Parameter(
                            "ratio",
                            3,
                            "1",
                            "Ratio to the recent median above which a step stalls",
                            new Derived(
                                    "Twice is reached by a longer sequence or a retransmission; three times by waiting")),
                    new Parameter(
                            "sigma",
                            10,
                            "σ",
                            "Robust standard deviations above the median a stall must reach as well",
                            new Derived(
                                    "Step times have heavy tails; the SageMaker profiler's 3σ marks 1 step in 400")),
                    new Parameter(
                            "first-points",
                            10,
                            "points",
                            "First logged points of an attempt that are not judged",
                            new Published(
                                    "GPT-2 speed runs leave their first 10 steps out of the step average: they compile")),
                    new Parameter(
                            "warning-cost",
                            0.001,
                            "1",
                            "Share of the run's time lost in two or more stalls from which they are a warning",
                            new Derived(
                                    "One thousandth of the time is what a single stall of a second costs in a thousand"
                                            + " seconds: below it nobody looks")),
                    new Parameter(
                            "warning-points",
                            1000,
                            "points",
                            "Logged step times a run needs for such a warning",
                            new Derived(
                                    "A share of one thousandth cannot be told from fewer: in 100 steps one hiccup is already"
                                            + " twenty times as much")),
                    new Parameter(
                            "warning-seconds",
                            60,
                            "s",
                            "Time lost that makes them a warning in a shorter run too",
                            new Derived("A minute is what looking into it takes at the very least"))),
            "Compare data wait, collective wait and compute time of these steps; look for a recompilation (a new shape),"
                    + " garbage collection, a checkpoint, and for other runs on the same hosts at the same time.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new StallTracker(run, settings);
    }

    /** @param worker the one that kept the others waiting, if any did */
    private record Stall(int attempt, long step, double seconds, double median, double sigma, int worker) {}

    private static final class StallTracker extends RunTracker {
        private final double ratio;
        private final double sigmas;
        private final int firstPoints;
        private final SortedWindow window = new SortedWindow(WINDOW);
        private final List<Stall> stalls = new ArrayList<>();
        private final List<Stall> candidate = new ArrayList<>();
        private int sinceRefresh;
        private double sigma;
        private long inAttempt;
        private long count;
        private double total;
        private boolean evaluatedBefore;
        private long dropped;
        /** The workers of the window at hand if they are two, else none. */
        private int[] pair = NO_PAIR;

        StallTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            ratio = settings.get("ratio");
            sigmas = settings.get("sigma");
            firstPoints = (int) settings.get("first-points");
        }

        @Override
        public void workers(WorkerWindow window) {
            int[] workers = window.evidence().levels().stream()
                    .map(WorkerLevels::worker)
                    .max(Comparator.comparingInt(each -> each.length))
                    .orElse(NO_PAIR);
            pair = workers.length == 2 ? workers : NO_PAIR;
        }

        @Override
        void restart(int number) {
            keepCandidate();
            window.clear();
            inAttempt = 0;
            evaluatedBefore = false;
        }

        @Override
        void step(StepPoint point) {
            boolean evaluated = point.has(Metric.EVAL_LOSS);
            if (point.has(Metric.STEP_SECONDS)) {
                double seconds = point.value(Metric.STEP_SECONDS);
                if (Numbers.isUsable(seconds) && seconds > 0) {
                    boolean excused = evaluated || evaluatedBefore || inAttempt < firstPoints;
                    judge(point, seconds, excused);
                    inAttempt++;
                }
            }
            evaluatedBefore = evaluated;
        }

        private void judge(StepPoint point, double seconds, boolean excused) {
            count++;
            total += seconds;
            double median = window.median();
            boolean slow = window.size() >= FEWEST && seconds >= ratio * median && seconds - median >= sigmas * sigma;
            if (!slow) {
                keepCandidate();
                learn(seconds);
            } else if (!excused) {
                candidate.add(new Stall(
                        point.attempt(),
                        point.step(),
                        seconds,
                        median,
                        sigma,
                        LateWorker.of(point, seconds - median, pair)));
                if (candidate.size() >= ADOPT) {
                    // So many in a row are a new level, not a stall.
                    candidate.clear();
                    window.clear();
                    learn(seconds);
                }
            }
        }

        private void learn(double seconds) {
            window.add(seconds);
            if (++sinceRefresh >= 8 || window.size() <= FEWEST) {
                sinceRefresh = 0;
                sigma = Robust.MAD_TO_SIGMA * window.mad();
            }
        }

        private void keepCandidate() {
            if (!candidate.isEmpty()) {
                int room = MAX_STALLS - stalls.size();
                dropped += Math.max(0, candidate.size() - room);
                stalls.addAll(candidate.subList(0, Math.min(Math.max(0, room), candidate.size())));
                candidate.clear();
            }
        }

        @Override
        public Assessment assess() {
            if (count == 0) {
                return Assessment.notObservable("no step time was logged");
            }
            if (count < FEWEST + firstPoints) {
                return Assessment.inconclusive("needs " + (FEWEST + firstPoints) + " step times, got " + count);
            }
            List<Stall> all = new ArrayList<>(stalls);
            all.addAll(candidate);
            Cadence.removeRegular(all, Stall::step);
            double lost =
                    all.stream().mapToDouble(s -> s.seconds() - s.median()).sum();
            boolean matters = count >= settings.get("warning-points") || lost >= settings.get("warning-seconds");
            boolean costly = all.size() >= 2 && matters && lost >= settings.get("warning-cost") * total;
            return Assessment.observed(
                    FindingList.capped(clusters(all, costly ? Severity.WARNING : Severity.INFO), dropped));
        }

        /** Stalls less than a level's length apart are one finding: they have one reason. */
        private List<Finding> clusters(List<Stall> all, Severity severity) {
            List<Finding> findings = new ArrayList<>();
            double stride = Stride.of(firstStep, lastStep, points);
            int begin = 0;
            for (int i = 1; i <= all.size(); i++) {
                if (i == all.size()
                        || all.get(i).attempt() != all.get(i - 1).attempt()
                        || all.get(i).step() - all.get(i - 1).step() > FEWEST * stride) {
                    findings.add(describe(all.subList(begin, i), severity));
                    begin = i;
                }
            }
            return findings;
        }

        private Finding describe(List<Stall> cluster, Severity severity) {
            Stall first = cluster.get(0);
            Stall worst = first;
            double lost = 0;
            for (Stall stall : cluster) {
                worst = stall.seconds() > worst.seconds() ? stall : worst;
                lost += stall.seconds() - stall.median();
            }
            return Evidence.of(runId, ID)
                    .metric(Metric.STEP_SECONDS)
                    .worker(worst.worker())
                    .steps(
                            first.attempt(),
                            first.step(),
                            cluster.get(cluster.size() - 1).step(),
                            worst.step())
                    .score(worst.seconds() / worst.median(), ratio)
                    .verdict(severity, Cause.INFRASTRUCTURE)
                    .text(
                            "%s %s s at step %d where %s s is usual; %s s lost, %.2f %% of the run's logged time",
                            cluster.size() == 1 ? "a step took" : cluster.size() + " steps took up to",
                            Evidence.number(worst.seconds()),
                            worst.step(),
                            Evidence.number(worst.median()),
                            Evidence.number(lost),
                            100 * lost / total)
                    .finding();
        }
    }
}
