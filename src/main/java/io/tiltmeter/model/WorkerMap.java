package io.tiltmeter.model;

import java.io.Serializable;

/**
 * How far workers of a run were from their peers, for drawing: a row a worker, a column a stretch of logged steps. {@code
 * value} and {@code nonFinite} hold the rows one after the other.
 *
 * @param incident id of the incident it belongs to
 * @param metric column or name of the metric that told
 * @param detector detector of the finding that it shows
 * @param unit what a value is
 * @param all number of workers that could have been shown: the peers of those at fault
 * @param worker number of the worker of each row, ascending
 * @param isNamed whether a finding names it
 * @param from first step of each column, ascending
 * @param to last step of each column
 * @param value by row and column; NaN where the worker logged nothing finite
 * @param nonFinite by row and column whether the worker logged NaN or an infinity
 * @param onset first abnormal step
 */
public record WorkerMap(
        String incident,
        String metric,
        String detector,
        Unit unit,
        int attempt,
        int all,
        int[] worker,
        boolean[] isNamed,
        long[] from,
        long[] to,
        double[] value,
        boolean[] nonFinite,
        long onset)
        implements Serializable {

    /** What a value of the map is. */
    public enum Unit {
        /** Mean natural logarithm of the ratio to the median of the peers. */
        LOG_RATIO,
        /** Mean difference to the median of the peers, in the unit of the metric. */
        DIFFERENCE,
        /** Share of the steps, 0 to 1, at which the worker repeated itself or had the data of another. */
        SHARE_EQUAL,
        /** Share of the steps, 0 to 1, at which the worker's parameters were not those of most of its peers. */
        SHARE_APART;

        /** Name in documents and tables. */
        public String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        /** Whether values are shares from 0 to 1. */
        public boolean isShare() {
            return this == SHARE_EQUAL || this == SHARE_APART;
        }
    }

    /** Number of columns. */
    public int columns() {
        return from.length;
    }

    /** Value of a row in a column. */
    public double value(int row, int column) {
        return value[row * from.length + column];
    }

    /** Whether a worker logged NaN or an infinity in a column. */
    public boolean isNonFinite(int row, int column) {
        return nonFinite[row * from.length + column];
    }
}
