package io.tiltmeter.correlate;

import io.tiltmeter.stats.Hypergeometric;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Runs in groups within which all are equally likely to be affected, unless an exposure matters; and the exact test of
 * whether it does.
 *
 * <p>The test is conditional on how many runs of each stratum are affected: of n runs, K affected, e exposed, the number
 * of affected among the exposed is hypergeometric; where an incident points at part of a run, each of them hits the
 * exposure with the mean share it has of these runs. The sum over strata is compared with its exact distribution (the
 * one-sided exact test of stratified tables: Gart, 1970; Mehta, Patel and Gray, 1985).
 */
final class Strata {
    private static final int OUT = -1;

    private final int[] of;
    private final int[] sizes;
    private final int[] affectedIn;
    private final BitSet affected;

    private Strata(int[] of, int count, BitSet affected) {
        this.of = of;
        this.affected = affected;
        sizes = new int[count];
        affectedIn = new int[count];
        for (int run = 0; run < of.length; run++) {
            if (of[run] != OUT) {
                sizes[of[run]]++;
                affectedIn[of[run]] += affected.get(run) ? 1 : 0;
            }
        }
    }

    /**
     * Groups runs by their keys.
     *
     * @param keys one for each run
     * @param population runs to group; the others are left out
     * @param affected which of them are affected
     */
    static Strata by(List<String> keys, BitSet population, BitSet affected) {
        int[] of = new int[keys.size()];
        Map<String, Integer> numbers = new HashMap<>();
        for (int run = 0; run < of.length; run++) {
            of[run] = population.get(run) ? numbers.computeIfAbsent(keys.get(run), k -> numbers.size()) : OUT;
        }
        return new Strata(of, numbers.size(), affected);
    }

    boolean has(int run) {
        return of[run] != OUT;
    }

    boolean isAffected(int run) {
        return has(run) && affected.get(run);
    }

    int stratum(int run) {
        return of[run];
    }

    int size(int stratum) {
        return sizes[stratum];
    }

    int affectedIn(int stratum) {
        return affectedIn[stratum];
    }

    int runs() {
        return of.length;
    }

    /** The same without some runs. */
    Strata without(BitSet runs) {
        int[] left = of.clone();
        runs.stream().forEach(run -> left[run] = OUT);
        return new Strata(left, sizes.length, affected);
    }

    /** Only these runs. */
    Strata only(BitSet runs) {
        int[] left = of.clone();
        for (int run = 0; run < left.length; run++) {
            left[run] = runs.get(run) ? left[run] : OUT;
        }
        return new Strata(left, sizes.length, affected);
    }

    /** Each stratum cut in two: the runs of a set, and the others. */
    Strata splitBy(BitSet runs) {
        int[] split = of.clone();
        for (int run = 0; run < split.length; run++) {
            if (split[run] != OUT) {
                split[run] = 2 * split[run] + (runs.get(run) ? 1 : 0);
            }
        }
        return new Strata(split, 2 * sizes.length, affected);
    }

    /**
     * What a test found.
     *
     * @param exposed runs exposed
     * @param hits affected runs among them
     * @param expected how many hits chance would give
     * @param others runs not exposed
     * @param affectedOthers affected runs that are no hits
     * @param pValue chance of so many hits or more; 1 where there are too few to ask
     * @param leastP chance of the most hits there can be: the smallest p-value that the test can give
     */
    record Outcome(
            int exposed, int hits, double expected, int others, int affectedOthers, double pValue, double leastP) {}

    /** A stratum as one exposure sees it. */
    private static final class Cell {
        int exposed;
        double shares;
    }

    /**
     * Tests whether affected runs are more often exposed than chance makes them.
     *
     * @param hits affected runs that the exposure may have hit
     * @param fewest hits from which on the p-value is worth computing
     */
    Outcome test(Exposure exposure, BitSet hits, int fewest) {
        Map<Integer, Cell> cells = new TreeMap<>();
        int exposed = 0;
        int seen = 0;
        for (int i = 0; i < exposure.runs().length; i++) {
            int run = exposure.runs()[i];
            if (of[run] == OUT) {
                continue;
            }
            exposed++;
            seen += hits.get(run) ? 1 : 0;
            Cell cell = cells.computeIfAbsent(of[run], s -> new Cell());
            cell.exposed++;
            cell.shares += exposure.share(i);
        }
        double expected = 0;
        double least = 1;
        for (Map.Entry<Integer, Cell> entry : cells.entrySet()) {
            int n = sizes[entry.getKey()];
            int k = affectedIn[entry.getKey()];
            Cell cell = entry.getValue();
            double share = cell.shares / cell.exposed;
            int most = Math.min(k, cell.exposed);
            expected += share * k * cell.exposed / n;
            least *= Hypergeometric.probability(n, k, cell.exposed, most) * Math.pow(share, most);
        }
        double p = seen < fewest ? 1 : upper(cells, seen);
        int all = Arrays.stream(sizes).sum();
        int allAffected = Arrays.stream(affectedIn).sum();
        return new Outcome(exposed, seen, expected, all - exposed, allAffected - seen, p, least);
    }

    private double upper(Map<Integer, Cell> cells, int hits) {
        double[] sum = {1};
        for (Map.Entry<Integer, Cell> entry : cells.entrySet()) {
            int k = affectedIn[entry.getKey()];
            if (k > 0) {
                Cell cell = entry.getValue();
                sum = convolve(
                        sum,
                        thinned(
                                Hypergeometric.probabilities(sizes[entry.getKey()], k, cell.exposed),
                                cell.shares / cell.exposed));
            }
        }
        double tail = 0;
        for (int i = sum.length - 1; i >= hits; i--) {
            tail += sum[i];
        }
        return Math.min(1, tail);
    }

    /**
     * Distribution of what is left when each counts only with some chance: the generating polynomial Σ pₙ(1 − s + sz)ⁿ, by
     * Horner's rule. A mean share gives a tail at least as wide as the shares themselves (Hoeffding, 1956).
     */
    private static double[] thinned(double[] p, double share) {
        if (share >= 1) {
            return p;
        }
        double[] sum = {p[p.length - 1]};
        for (int n = p.length - 2; n >= 0; n--) {
            sum = convolve(sum, new double[] {1 - share, share});
            sum[0] += p[n];
        }
        return sum;
    }

    private static double[] convolve(double[] a, double[] b) {
        double[] c = new double[a.length + b.length - 1];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b.length; j++) {
                c[i + j] += a[i] * b[j];
            }
        }
        return c;
    }
}
