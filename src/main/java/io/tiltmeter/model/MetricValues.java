package io.tiltmeter.model;

import java.io.Serializable;

/**
 * Values of some {@link Metric}s at one step. Absent is not NaN: NaN and ±Inf are stored values, absent means "not
 * logged". Mutable, so that readers can fill it in place; not thread-safe.
 */
public final class MetricValues implements Serializable {
    private static final long serialVersionUID = 1;

    private final double[] values = new double[Metric.count()];
    private int present;

    /** Stores a value, which may be NaN or infinite. */
    public MetricValues set(Metric metric, double value) {
        values[metric.ordinal()] = value;
        present |= 1 << metric.ordinal();
        return this;
    }

    public void remove(Metric metric) {
        present &= ~(1 << metric.ordinal());
    }

    public boolean has(Metric metric) {
        return (present & (1 << metric.ordinal())) != 0;
    }

    public boolean isEmpty() {
        return present == 0;
    }

    /**
     * The stored value.
     *
     * @throws IllegalArgumentException if the metric was not logged
     */
    public double get(Metric metric) {
        if (!has(metric)) {
            throw new IllegalArgumentException("Metric '" + metric.column() + "' was not logged at this step");
        }
        return values[metric.ordinal()];
    }

    public MetricValues copy() {
        MetricValues copy = new MetricValues();
        System.arraycopy(values, 0, copy.values, 0, values.length);
        copy.present = present;
        return copy;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof MetricValues that) || that.present != present) {
            return false;
        }
        for (int i = 0; i < values.length; i++) {
            if ((present & (1 << i)) != 0
                    && Double.doubleToLongBits(values[i]) != Double.doubleToLongBits(that.values[i])) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = present;
        for (int i = 0; i < values.length; i++) {
            if ((present & (1 << i)) != 0) {
                hash = 31 * hash + Double.hashCode(values[i]);
            }
        }
        return hash;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        for (int i = 0; i < values.length; i++) {
            if ((present & (1 << i)) != 0) {
                text.append(text.length() > 1 ? ", " : "")
                        .append(Metric.of(i).column())
                        .append('=')
                        .append(values[i]);
            }
        }
        return text.append('}').toString();
    }
}
