package io.tiltmeter.blocks;

import java.util.ArrayList;
import java.util.List;

/** {@link WorkerEvidence} as part of a packed digest. */
final class EvidenceCodec {
    private EvidenceCodec() {}

    static void write(WorkerEvidence evidence, long[] allSteps, ColumnWriter out) {
        out.putByte(evidence.levels().size());
        for (WorkerLevels levels : evidence.levels()) {
            int chunks = levels.chunks();
            out.putByte(levels.channel());
            out.putByte(levels.isRatio() ? 1 : 0);
            DigestCodec.steps(levels.steps(), allSteps, out);
            ints(levels.worker(), out);
            doubles(levels.level(), out);
            out.doubles(levels.spread(), chunks);
            out.doubles(levels.centre(), chunks);
            ints(levels.detail(), out);
            doubles(levels.detailDeviations(), out);
            ints(levels.spikeStep(), out);
            out.ints(levels.spikeWorker(), levels.spikeStep().length);
            out.doubles(levels.spikeExcess(), levels.spikeStep().length);
            out.putLong(levels.spikes());
        }
        out.putByte(evidence.runs().size());
        for (WorkerEvidence.EqualRuns runs : evidence.runs()) {
            int n = runs.worker().length;
            out.putByte(runs.channel());
            out.putInt(runs.steps());
            out.putLong(runs.firstStep());
            out.putLong(runs.lastStep());
            out.putInt(runs.workers());
            out.putLong(runs.compared());
            out.putLong(runs.equal());
            ints(runs.worker(), out);
            out.ints(runs.twin(), n);
            out.ints(runs.lag(), n);
            out.longs(runs.from(), n);
            out.longs(runs.to(), n);
            out.ints(runs.count(), n);
        }
        out.putByte(evidence.splits().size());
        for (WorkerEvidence.Splits splits : evidence.splits()) {
            int n = splits.step().length;
            out.putByte(splits.channel());
            out.putLong(splits.firstStep());
            out.putLong(splits.lastStep());
            ints(splits.worker(), out);
            out.ints(splits.first(), splits.worker().length);
            out.putInt(n);
            out.longs(splits.step(), n);
            out.ints(splits.changed(), n);
            out.ints(splits.now(), n);
            out.putLong(splits.changes());
        }
    }

    static WorkerEvidence read(ColumnReader in, long[] allSteps) {
        List<WorkerLevels> levels = new ArrayList<>();
        for (int i = in.getByte(); i > 0; i--) {
            levels.add(levels(in, allSteps));
        }
        List<WorkerEvidence.EqualRuns> runs = new ArrayList<>();
        for (int i = in.getByte(); i > 0; i--) {
            runs.add(runs(in));
        }
        List<WorkerEvidence.Splits> splits = new ArrayList<>();
        for (int i = in.getByte(); i > 0; i--) {
            splits.add(splits(in));
        }
        return levels.isEmpty() && runs.isEmpty() && splits.isEmpty()
                ? WorkerEvidence.NONE
                : new WorkerEvidence(levels, runs, splits);
    }

    private static WorkerLevels levels(ColumnReader in, long[] allSteps) {
        int channel = in.getByte();
        boolean isRatio = in.getByte() == 1;
        long[] steps = DigestCodec.steps(in, allSteps);
        int chunks = WorkerLevels.chunks(steps.length);
        int[] worker = in.ints(in.getInt());
        double[] level = in.doubles(in.getInt());
        double[] spread = in.doubles(chunks);
        double[] centre = in.doubles(chunks);
        int[] detail = in.ints(in.getInt());
        double[] deviations = in.doubles(in.getInt());
        int spikes = in.getInt();
        return new WorkerLevels(
                channel,
                isRatio,
                steps,
                worker,
                level,
                spread,
                centre,
                detail,
                deviations,
                in.ints(spikes),
                in.ints(spikes),
                in.doubles(spikes),
                in.getLong());
    }

    private static WorkerEvidence.EqualRuns runs(ColumnReader in) {
        int channel = in.getByte();
        int steps = in.getInt();
        long firstStep = in.getLong();
        long lastStep = in.getLong();
        int workers = in.getInt();
        long compared = in.getLong();
        long equal = in.getLong();
        int n = in.getInt();
        return new WorkerEvidence.EqualRuns(
                channel,
                steps,
                firstStep,
                lastStep,
                workers,
                compared,
                equal,
                in.ints(n),
                in.ints(n),
                in.ints(n),
                in.longs(n),
                in.longs(n),
                in.ints(n));
    }

    private static WorkerEvidence.Splits splits(ColumnReader in) {
        int channel = in.getByte();
        long firstStep = in.getLong();
        long lastStep = in.getLong();
        int workers = in.getInt();
        int[] worker = in.ints(workers);
        int[] first = in.ints(workers);
        int n = in.getInt();
        return new WorkerEvidence.Splits(
                channel, firstStep, lastStep, worker, first, in.longs(n), in.ints(n), in.ints(n), in.getLong());
    }

    private static void ints(int[] values, ColumnWriter out) {
        out.putInt(values.length);
        out.ints(values, values.length);
    }

    private static void doubles(double[] values, ColumnWriter out) {
        out.putInt(values.length);
        out.doubles(values, values.length);
    }
}
