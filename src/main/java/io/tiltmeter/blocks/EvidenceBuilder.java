package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Collects what a block shows of its workers, channel by channel. */
final class EvidenceBuilder {
    /** Metrics in which peers are alike, so that levels tell who is not. */
    private static final Set<Metric> LEVELS = EnumSet.of(
            Metric.LOSS, Metric.GRAD_NORM, Metric.GRAD_COSINE, Metric.TOKENS, Metric.LOSS_TOKENS, Metric.EXAMPLES);

    private final long[] steps;
    private final int[] workers;
    private final int columns;
    private final List<WorkerLevels> levels = new ArrayList<>();
    private final List<WorkerEvidence.EqualRuns> runs = new ArrayList<>();
    private final List<WorkerEvidence.Splits> splits = new ArrayList<>();

    /**
     * Prepares for a block.
     *
     * @param steps its rows
     * @param workers workers of its first columns
     * @param columns number of its columns
     */
    EvidenceBuilder(long[] steps, int[] workers, int columns) {
        this.steps = steps;
        this.workers = workers;
        this.columns = columns;
    }

    /** Looks at a metric whose series is made already. */
    void observe(int channel, Digest.Series series, double[] cells) {
        Metric metric = Metric.of(channel);
        if (series.worker().length < 2) {
            return;
        }
        if (LEVELS.contains(metric)) {
            // Half a cosine is no half of anything.
            addLevels(channel, metric != Metric.GRAD_COSINE, series, cells);
        }
        if (metric == Metric.LOSS) {
            addRuns(channel, cells);
        } else if (metric == Metric.PARAM_NORM) {
            addSplits(channel, cells);
        }
    }

    /** Looks at a channel that is no metric of the run. */
    void observe(int channel, double[] cells) {
        if (channel == Channel.BATCH_HASH) {
            addRuns(channel, cells);
        } else if (channel == Channel.PARAMETER_HASH) {
            addSplits(channel, cells);
        } else {
            addLevels(channel, true, new SeriesBuilder(channel, steps, workers, columns).build(cells), cells);
        }
    }

    private void addLevels(int channel, boolean mayBeRatio, Digest.Series series, double[] cells) {
        WorkerLevels made = LevelBuilder.build(channel, mayBeRatio, series, steps, workers, columns, cells);
        if (made != null) {
            levels.add(made);
        }
    }

    private void addRuns(int channel, double[] cells) {
        WorkerEvidence.EqualRuns made = new EqualityBuilder(channel, steps, workers, columns, cells).runs();
        if (made.workers() > 1) {
            runs.add(made);
        }
    }

    private void addSplits(int channel, double[] cells) {
        WorkerEvidence.Splits made = new EqualityBuilder(channel, steps, workers, columns, cells).splits();
        if (made.worker().length > 1) {
            splits.add(made);
        }
    }

    WorkerEvidence build() {
        return levels.isEmpty() && runs.isEmpty() && splits.isEmpty()
                ? WorkerEvidence.NONE
                : new WorkerEvidence(levels, runs, splits);
    }
}
