package io.tiltmeter.sources;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.sources.MetricNames.Role;
import io.tiltmeter.sources.MetricNames.Target;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one line of a log says about one step, before it is known to which run and attempt it belongs. */
final class Row {
    private static final int MAX_EXTRAS = 2000;
    private static final int MAX_NAME = 200;
    /** Beyond it a double does not hold every whole number, and arithmetic with windows of steps could overflow. */
    private static final double MAX_STEP = 1L << 53;

    /** A value for the {@code metrics} table. */
    record Extra(String name, double value) {}

    final long step;
    final MetricValues values = new MetricValues();
    final List<Extra> extras = new ArrayList<>();

    @Nullable
    Long timeMicros;

    /** Seconds since the run began, where they are logged. */
    @Nullable
    Double cumulativeSeconds;

    /** Whether values are means over the steps since the last line. */
    boolean mean;

    Row(long step) {
        this.step = step;
    }

    /** The step written as a number; null where it is not whole, negative or absurdly large. */
    static @Nullable Long step(double number) {
        return number >= 0 && number <= MAX_STEP && number == Math.rint(number) ? (Long) (long) number : null;
    }

    /**
     * Stores a value in its stored unit. The first foreign name of a metric in a row wins; a second one with the same
     * meaning goes to the {@code metrics} table under its own name. Only a zero that cannot be gives way to it.
     */
    Row put(String foreign, Target target, double value) {
        Metric metric = target.metric();
        if (target.role() == Role.CUMULATIVE_SECONDS) {
            if (cumulativeSeconds == null) {
                cumulativeSeconds = value * target.factor();
            }
        } else if (target.role() == Role.METRIC && metric != null && isFree(metric)) {
            values.set(metric, value * target.factor());
        } else if (target.role() == Role.METRIC) {
            extra(Texts.clean(foreign.strip(), MAX_NAME), value);
        } else if (target.role() == Role.OTHER) {
            extra(target.name(), value * target.factor());
        }
        return this;
    }

    private boolean isFree(Metric metric) {
        return !values.has(metric) || values.get(metric) == 0 && MetricNames.zeroMeansMissing(metric);
    }

    void extra(String name, double value) {
        if (extras.size() < MAX_EXTRAS) {
            extras.add(new Extra(name, value));
        }
    }

    boolean isEmpty() {
        return values.isEmpty() && extras.isEmpty() && cumulativeSeconds == null;
    }

    boolean onlyEvaluates() {
        if (!values.has(Metric.EVAL_LOSS)) {
            return false;
        }
        MetricValues others = values.copy();
        others.remove(Metric.EVAL_LOSS);
        return others.isEmpty();
    }

    /** Whether both rows, of the same step, hold different values of one metric. */
    boolean contradicts(Row other) {
        for (int i = 0; i < Metric.count(); i++) {
            Metric metric = Metric.of(i);
            if (values.has(metric)
                    && other.values.has(metric)
                    && Double.compare(values.get(metric), other.values.get(metric)) != 0) {
                return true;
            }
        }
        return false;
    }

    /** Takes over what the other row, of the same step, has and this one has not. */
    void merge(Row other) {
        for (int i = 0; i < Metric.count(); i++) {
            Metric metric = Metric.of(i);
            if (other.values.has(metric)) {
                values.set(metric, other.values.get(metric));
            }
        }
        for (Extra extra : other.extras) {
            if (extras.stream().noneMatch(mine -> mine.name().equals(extra.name()))) {
                extra(extra.name(), extra.value());
            }
        }
        timeMicros = timeMicros == null ? other.timeMicros : timeMicros;
        cumulativeSeconds = cumulativeSeconds == null ? other.cumulativeSeconds : cumulativeSeconds;
        mean |= other.mean;
    }
}
