package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.blocks.Channel;
import io.tiltmeter.blocks.EqualClasses;
import io.tiltmeter.blocks.WorkerEvidence.Splits;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Copies of the parameters that were equal are equal no more. Who is whose replica is seen from the run: workers that had
 * equal hashes (or, without hashes, norms equal to the last bit). Who keeps the value of most of its former equals stays;
 * the others drifted.
 */
@AutoService(Detector.class)
public final class ReplicaDriftDetector implements Detector {
    static final String ID = "replica-drift";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Replicas out of step",
            "A worker's copy of the parameters, equal to the others' until then, is not any more: from there on it computes"
                    + " gradients of another model.",
            List.of("parameter_hash", "param_norm"),
            List.of(new Parameter(
                    "steps",
                    1,
                    "steps",
                    "Steps for which a replica must differ",
                    new Published(
                            "TrainCheck (OSDI 2025): parameters are equal across data-parallel ranks at every step"))),
            "Restore the parameters of all workers from one copy. Look for updates that one worker skipped or took twice, for"
                    + " broken memory, and for operations outside the reduction.");

    /** Steps for which norms must have been equal: longer than usual rounds of averaging. */
    private static final long EQUAL_FOR = 64;

    /** Most workers told one by one. */
    private static final int MOST = 64;

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new ReplicaTracker(run, settings);
    }

    /** A worker, or several of which it cannot be told who, away from its equals. */
    private static final class Drift {
        final int attempt;
        final int worker;
        final String who;
        final long from;
        final int equals;
        /** Slots of the workers, one or more. */
        final List<Integer> members;

        long to;
        boolean open = true;

        Drift(int attempt, int worker, String who, long from, int equals, List<Integer> members) {
            this.attempt = attempt;
            this.worker = worker;
            this.who = who;
            this.from = from;
            this.equals = equals;
            this.members = members;
            to = from;
        }
    }

    /** Who equals whom in one channel. */
    private static final class Replicas {
        private final Workers workers = new Workers();
        /** Who has equal values, by slot, over all blocks. */
        private final EqualClasses classes = new EqualClasses();

        private int[] numbers = new int[0];
        private final Map<Integer, Drift> drifts = new TreeMap<>();
        private final List<Drift> all = new ArrayList<>();
        private long dropped;
        private boolean anyEqual;
        private long lastStep;
        private long lastChange = Long.MIN_VALUE / 2;
        /** Steps for which values must have been equal before they can part. */
        private final long equalFor;

        Replicas(long equalFor) {
            this.equalFor = equalFor;
        }

        void restart() {
            drifts.clear();
            classes.clear();
        }

        void observe(int attempt, Splits splits) {
            int[] slots = workers.slots(splits.worker());
            numbers = Arrays.copyOf(numbers, workers.size());
            int[] now = new int[workers.size()];
            Arrays.fill(now, EqualClasses.UNKNOWN);
            for (int i = 0; i < slots.length; i++) {
                numbers[slots[i]] = splits.worker()[i];
                now[slots[i]] = splits.first()[i];
            }
            advance(attempt, splits.firstStep(), now);
            int at = 0;
            while (at < splits.step().length) {
                long step = splits.step()[at];
                for (; at < splits.step().length && splits.step()[at] == step; at++) {
                    now[slots[splits.changed()[at]]] = splits.now()[at];
                }
                advance(attempt, step, now);
            }
            lastStep = splits.lastStep();
        }

        private void advance(int attempt, long step, int[] now) {
            int[] before = classes.numbers();
            boolean changed = classes.advance(now);
            int[] after = classes.numbers();
            anyEqual |= !anyEqual
                    && sizes(IntStream.range(0, after.length)).values().stream().anyMatch(size -> size > 1);
            if (!changed) {
                return;
            }
            Map<Integer, List<Integer>> equals = new TreeMap<>();
            for (int s = 0; s < before.length; s++) {
                if (before[s] != EqualClasses.UNKNOWN && after[s] != EqualClasses.UNKNOWN) {
                    equals.computeIfAbsent(before[s], c -> new ArrayList<>()).add(s);
                }
            }
            for (List<Integer> members : equals.values()) {
                if (members.size() > 1 && step - lastChange >= equalFor) {
                    part(attempt, step, members);
                }
            }
            lastChange = step;
            rejoin(step);
        }

        /** How many of some slots are in each class. */
        private Map<Integer, Integer> sizes(IntStream slots) {
            int[] number = classes.numbers();
            Map<Integer, Integer> sizes = new HashMap<>();
            slots.filter(s -> number[s] != EqualClasses.UNKNOWN).forEach(s -> sizes.merge(number[s], 1, Integer::sum));
            return sizes;
        }

        /** Those that were equal, and may be no more. */
        private void part(int attempt, long step, List<Integer> members) {
            Map<Integer, Integer> sizes = sizes(members.stream().mapToInt(Integer::intValue));
            if (sizes.size() == 1) {
                return;
            }
            int most = sizes.values().stream().mapToInt(Integer::intValue).max().orElse(0);
            boolean known = 2 * most > members.size();
            if (!known && sizes.size() == members.size() && members.size() > 2) {
                // All of them at once: from here on each has its own, as between rounds of averaging.
                return;
            }
            if (!known) {
                String who = "workers "
                        + members.stream()
                                .limit(MOST)
                                .map(s -> Integer.toString(numbers[s]))
                                .collect(Collectors.joining(", "));
                add(-1 - members.get(0), new Drift(attempt, StepRecord.NO_WORKER, who, step, members.size(), members));
                return;
            }
            for (int s : members) {
                if (sizes.getOrDefault(classes.numbers()[s], 0) < most) {
                    add(s, new Drift(attempt, numbers[s], "worker " + numbers[s], step, most, List.of(s)));
                }
            }
        }

        private void add(int key, Drift drift) {
            Drift known = drifts.get(key);
            if (known != null) {
                // It was back for a while.
                known.open = true;
            } else if (all.size() < MOST) {
                all.add(drift);
                drifts.put(key, drift);
            } else {
                dropped++;
            }
        }

        /**
         * Who has the value of a worker again that has not drifted is back, and of those of whom it was not told who drifted,
         * all when they are equal again.
         */
        private void rejoin(long step) {
            Map<Integer, Integer> sound = sizes(
                    IntStream.range(0, numbers.length).filter(s -> !drifts.containsKey(s) || !drifts.get(s).open));
            for (Drift drift : drifts.values()) {
                Map<Integer, Integer> own = sizes(drift.members.stream().mapToInt(Integer::intValue));
                boolean together = own.size() == 1;
                if (drift.open
                        && together
                        && (drift.members.size() > 1 || sound.keySet().containsAll(own.keySet()))) {
                    drift.to = step;
                    drift.open = false;
                }
            }
        }
    }

    private static final class ReplicaTracker extends WorkerTracker {
        private final Map<Integer, Replicas> channels = new TreeMap<>();

        ReplicaTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
        }

        @Override
        void restart(int number) {
            // All begin from one checkpoint: the last attempt's drifts are over.
            channels.values().forEach(Replicas::restart);
        }

        @Override
        void look(WorkerWindow window) {
            for (Splits splits : window.evidence().splits()) {
                channels.computeIfAbsent(splits.channel(), ReplicaTracker::replicas)
                        .observe(window.attempt(), splits);
            }
        }

        /** Norms are also equal where replicas meet now and then, as after a round of averaging; hashes are not logged there. */
        private static Replicas replicas(int channel) {
            return new Replicas(channel == Channel.PARAMETER_HASH ? 0 : EQUAL_FOR);
        }

        @Override
        public Assessment assess() {
            int channel = channels.containsKey(Channel.PARAMETER_HASH)
                    ? Channel.PARAMETER_HASH
                    : channels.keySet().stream().findFirst().orElse(-1);
            Replicas replicas = channels.get(channel);
            if (replicas == null) {
                return Assessment.notObservable("no two workers logged parameter_hash, or a param_norm of their own");
            }
            if (!replicas.anyEqual) {
                return Assessment.notObservable("no two workers ever had equal parameters: they are no replicas");
            }
            String metric = Channel.column(channel);
            List<Finding> findings = new ArrayList<>();
            for (Drift drift : replicas.all) {
                long to = drift.open ? Math.max(drift.from, replicas.lastStep) : drift.to;
                long apart = drift.open ? to - drift.from + 1 : to - drift.from;
                if (apart < settings.get("steps")) {
                    continue;
                }
                findings.add(Evidence.of(runId, ID)
                        .metric(metric)
                        .worker(drift.worker)
                        .steps(drift.attempt, drift.from, to, drift.from)
                        .score(apart, settings.get("steps"))
                        .verdict(Severity.ERROR, Cause.WORKER)
                        .text(
                                "%s of %s differed from step %d %s, where %d workers had been equal%s",
                                metric,
                                drift.who,
                                drift.from,
                                drift.open ? "to the end of the log" : "to step " + to,
                                drift.equals + (drift.worker == StepRecord.NO_WORKER ? 0 : 1),
                                drift.worker == StepRecord.NO_WORKER ? "; who of them drifted cannot be told" : "")
                        .finding());
            }
            return Assessment.observed(FindingList.capped(findings, replicas.dropped));
        }
    }
}
