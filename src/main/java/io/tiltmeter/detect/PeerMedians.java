package io.tiltmeter.detect;

import io.tiltmeter.model.Layout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Medians over the peers of a worker, itself left out, so that one of two is measured by the other alone. */
final class PeerMedians {
    private PeerMedians() {}

    /** Each worker's value less the median of its peers' values; NaN without a value or a peer. */
    static double[] subtract(int[] worker, double[] values, Layout layout) {
        int n = worker.length;
        int[] group = new int[n];
        Map<Integer, Integer> sizes = new HashMap<>();
        for (int i = 0; i < n; i++) {
            group[i] = layout.group(worker[i]);
            if (!Double.isNaN(values[i])) {
                sizes.merge(group[i], 1, Integer::sum);
            }
        }
        double[] distances = new double[n];
        Arrays.fill(distances, Double.NaN);
        for (Map.Entry<Integer, Integer> one : sizes.entrySet()) {
            double[] sorted = new double[one.getValue()];
            int at = 0;
            for (int i = 0; i < n; i++) {
                if (group[i] == one.getKey() && !Double.isNaN(values[i])) {
                    sorted[at++] = values[i];
                }
            }
            Arrays.sort(sorted);
            for (int i = 0; i < n && sorted.length > 1; i++) {
                if (group[i] == one.getKey() && !Double.isNaN(values[i])) {
                    distances[i] = values[i] - ofOthers(sorted, values[i]);
                }
            }
        }
        return distances;
    }

    /** Median of an ascending array of at least two values without one of them. */
    static double ofOthers(double[] sorted, double own) {
        int n = sorted.length;
        int upper = n / 2;
        if ((n & 1) == 0) {
            return own <= sorted[upper - 1] ? sorted[upper] : sorted[upper - 1];
        }
        double below = own <= sorted[upper - 1] ? sorted[upper] : sorted[upper - 1];
        double above = own >= sorted[upper + 1] ? sorted[upper] : sorted[upper + 1];
        return below + (above - below) / 2;
    }
}
