package io.tiltmeter.detect;

import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.model.Layout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Medians over the peers of a worker, itself left out, so that one of two is measured by the other alone. */
final class PeerMedians {
    private PeerMedians() {}

    /** Level of each worker of a chunk less the median of its peers' levels; NaN without a level or a peer. */
    static double[] subtract(WorkerLevels levels, int chunk, Layout layout, double[] into) {
        int n = levels.worker().length;
        int[] group = new int[n];
        Map<Integer, Integer> sizes = new HashMap<>();
        for (int i = 0; i < n; i++) {
            group[i] = layout.group(levels.worker()[i]);
            if (!Double.isNaN(levels.level(chunk, i))) {
                sizes.merge(group[i], 1, Integer::sum);
            }
        }
        Arrays.fill(into, Double.NaN);
        for (Map.Entry<Integer, Integer> one : sizes.entrySet()) {
            int size = one.getValue();
            double[] sorted = new double[size];
            int at = 0;
            for (int i = 0; i < n; i++) {
                if (group[i] == one.getKey() && !Double.isNaN(levels.level(chunk, i))) {
                    sorted[at++] = levels.level(chunk, i);
                }
            }
            Arrays.sort(sorted);
            for (int i = 0; i < n && size > 1; i++) {
                if (group[i] == one.getKey()) {
                    into[i] = levels.level(chunk, i) - ofOthers(sorted, levels.level(chunk, i));
                }
            }
        }
        return into;
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
