package io.tiltmeter.detect;

import io.tiltmeter.blocks.Channel;
import io.tiltmeter.blocks.WorkerEvidence.EqualRuns;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Stride;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Joins stretches of equal values over windows, and tells which are no chance of rounding. */
abstract class EqualRunsTracker extends WorkerTracker {
    /** Chance that all equalities of a run are rounding's, below which they are not. */
    private static final double CHANCE = 1e-3;
    /** Distances at which a window is searched for repetitions, about. */
    private static final int LAGS = 256;
    /** Most stretches that are kept. */
    private static final int MOST = 4096;

    private final double least;
    private final Map<Integer, Channels> channels = new TreeMap<>();
    private int attempt;
    Layout layout = Layout.UNKNOWN;

    /** Everything about one channel. */
    private static final class Channels {
        private final List<Stretch> stretches = new ArrayList<>();
        /** Stretches that reach to the end of the last window, by worker, twin and lag. */
        private final Map<List<Integer>, Stretch> open = new HashMap<>();

        private long steps;
        private long compared;
        private long equal;
        private int workers;
        private long dropped;
    }

    /** Steps in a row at which a worker had the value of its twin, or its own of some steps ago. */
    static final class Stretch {
        final int channel;
        final int attempt;
        final int worker;
        final int twin;
        final int lag;
        final long from;
        long to;
        long count;

        Stretch(EqualRuns runs, int at, int attempt) {
            channel = runs.channel();
            this.attempt = attempt;
            worker = runs.worker()[at];
            twin = runs.twin()[at];
            lag = runs.lag()[at];
            from = runs.from()[at];
            to = runs.to()[at];
            count = runs.count()[at];
        }

        String metric() {
            return Channel.column(channel);
        }
    }

    EqualRunsTracker(Detector.RunContext context, DetectorSettings settings) {
        super(context, settings);
        least = settings.get("steps");
    }

    /** Whether stretches of this kind are this detector's. */
    abstract boolean isMine(EqualRuns runs, int worker, int twin);

    /** Tells one. */
    abstract Finding describe(Stretch stretch, boolean lasting);

    @Override
    void restart(int number) {
        channels.values().forEach(one -> one.open.clear());
    }

    @Override
    void look(WorkerWindow window) {
        attempt = window.attempt();
        layout = window.layout();
        for (EqualRuns runs : window.evidence().runs()) {
            Channels all = channels.computeIfAbsent(runs.channel(), channel -> new Channels());
            all.steps += runs.steps();
            all.compared += runs.compared();
            all.equal += runs.equal();
            all.workers = Math.max(all.workers, runs.workers());
            Map<List<Integer>, Stretch> going = new HashMap<>();
            double stride = Stride.of(runs.firstStep(), runs.lastStep(), runs.steps());
            for (int i = 0; i < runs.worker().length; i++) {
                if (!isMine(runs, runs.worker()[i], runs.twin()[i])) {
                    continue;
                }
                List<Integer> key = List.of(runs.worker()[i], runs.twin()[i], runs.lag()[i]);
                // A lag's first steps look back into the window before.
                boolean atBegin =
                        runs.from()[i] - runs.firstStep() <= (runs.lag()[i] <= 1 ? 0 : runs.lag()[i] * stride);
                Stretch stretch = atBegin ? all.open.get(key) : null;
                if (stretch == null) {
                    stretch = new Stretch(runs, i, attempt);
                    if (all.stretches.size() < MOST) {
                        all.stretches.add(stretch);
                    } else {
                        all.dropped++;
                    }
                } else {
                    stretch.to = runs.to()[i];
                    stretch.count += runs.count()[i];
                }
                if (runs.to()[i] == runs.lastStep()) {
                    going.put(key, stretch);
                }
            }
            all.open.clear();
            all.open.putAll(going);
            // What is too short and over is not worth its memory.
            all.stretches.removeIf(one -> one.count < least && !going.containsValue(one));
        }
    }

    @Override
    public Detector.Assessment assess() {
        Channels hashes = channels.get(Channel.BATCH_HASH);
        Channels all = hashes != null ? hashes : channels.get(Metric.LOSS.ordinal());
        if (all == null) {
            return Detector.Assessment.notObservable("no two workers logged batch_hash or a loss of their own");
        }
        List<Finding> findings = new ArrayList<>();
        for (Stretch stretch : all.stretches) {
            // What this stretch itself holds is not rounding's doing, if it is what it seems.
            double share = (Math.max(0, all.equal - stretch.count) + 1.0) / (all.compared + 1.0);
            // Among pairs, or among distances from step to step.
            double places = stretch.lag > 1 ? (double) all.workers * LAGS : all.workers * (all.workers - 1.0) / 2;
            double tries = all.steps * Math.max(1.0, places);
            // A checksum is not rounded, and ranks that share a model have it in common on purpose.
            boolean chance = all != hashes && tries * Math.pow(Math.min(1, share), stretch.count) > CHANCE;
            if (stretch.count >= least && !chance) {
                findings.add(describe(stretch, all.open.containsValue(stretch)));
            }
        }
        return Detector.Assessment.observed(FindingList.capped(findings, all.dropped));
    }
}
