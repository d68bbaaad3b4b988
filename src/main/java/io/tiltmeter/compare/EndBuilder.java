package io.tiltmeter.compare;

import io.tiltmeter.blocks.ChartSampler;
import io.tiltmeter.model.Chart;
import io.tiltmeter.model.Metric;
import io.tiltmeter.stats.Robust;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Gathers what one run comes to: its curves, thinned, and the level at which it ends. */
final class EndBuilder {
    private static final List<Metric> CURVES = List.of(Metric.LOSS, Metric.EVAL_LOSS, Metric.GRAD_NORM);
    private static final int BLOCKS = 256;
    private static final int TAIL = 10;

    private final int chartPoints;
    private final Map<Metric, Curve> curves = new EnumMap<>(Metric.class);
    private long points;
    private long lastStep = Long.MIN_VALUE;

    /** @param means finite values, as means over blocks */
    private record Curve(ChartSampler chart, BlockMeans means) {}

    EndBuilder(int chartPoints) {
        this.chartPoints = chartPoints;
    }

    /** Takes the run's value of a metric at a step; steps ascend. */
    void add(Quantity quantity, long step, double value) {
        if (step != lastStep || points == 0) {
            points++;
        }
        lastStep = step;
        Metric.byColumn(quantity.name()).filter(CURVES::contains).ifPresent(metric -> {
            Curve curve = curves.computeIfAbsent(
                    metric, m -> new Curve(new ChartSampler(m.column(), chartPoints), new BlockMeans(1, BLOCKS)));
            curve.chart().add(0, step, value);
            if (Double.isFinite(value)) {
                curve.means().add(step, new double[] {value});
            }
        });
    }

    ComparedSet.End end() {
        List<Chart> charts =
                curves.values().stream().map(curve -> curve.chart().chart()).toList();
        return new ComparedSet.End(
                points, points == 0 ? 0 : lastStep, tail(Metric.LOSS), tail(Metric.EVAL_LOSS), charts);
    }

    /** Median of the last tenth of the blocks; NaN without any. */
    private double tail(Metric metric) {
        Curve curve = curves.get(metric);
        int n = curve == null ? 0 : curve.means().size();
        double[] last = new double[n == 0 ? 0 : Math.max(1, n / TAIL)];
        for (int i = 0; curve != null && i < last.length; i++) {
            int block = n - last.length + i;
            last[i] = curve.means().mean(0, block, block + 1);
        }
        return Robust.median(last);
    }
}
