package io.tiltmeter.correlate;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A setting or size that is a number.
 *
 * @param project project that it is limited to; empty for the whole fleet
 * @param runs numbers of the runs that have it, ascending
 * @param values its value in each of them
 */
record Quantity(Axis axis, String name, String project, int[] runs, double[] values) {

    /** A value as people write it: 0.003, 1e-05, 1024. */
    static String text(double value) {
        double size = Math.abs(value);
        return value == 0 || (size >= 1e-4 && size < 1e15)
                ? new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString()
                : String.format(Locale.ROOT, "%.4g", value).replaceFirst("\\.?0+e", "e");
    }

    /** The runs that have it. */
    BitSet asSet() {
        BitSet set = new BitSet();
        Arrays.stream(runs).forEach(set::set);
        return set;
    }

    /** Equal for numbers that put these runs in the same order, or in the opposite one. */
    String order(Strata strata) {
        double[] distinct = Arrays.stream(values).sorted().distinct().toArray();
        Map<Double, Integer> ranks = new HashMap<>();
        for (int i = 0; i < distinct.length; i++) {
            ranks.put(distinct[i], i);
        }
        StringBuilder up = new StringBuilder();
        StringBuilder down = new StringBuilder();
        for (int i = 0; i < runs.length; i++) {
            if (strata.has(runs[i])) {
                int rank = ranks.getOrDefault(values[i], 0);
                up.append(runs[i]).append(':').append(rank).append(' ');
                down.append(runs[i])
                        .append(':')
                        .append(distinct.length - 1 - rank)
                        .append(' ');
            }
        }
        return up.compareTo(down) <= 0 ? up.toString() : down.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Quantity that
                && axis == that.axis
                && name.equals(that.name)
                && project.equals(that.project)
                && Arrays.equals(runs, that.runs)
                && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return axis.text() + " " + name;
    }
}
