package io.tiltmeter.correlate;

import io.tiltmeter.stats.Hypergeometric;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Finds the value of a number from which on (or up to which) runs are affected most clearly, and how probable so clear an
 * edge is anywhere, by chance.
 *
 * <p>Where one stratum holds all that can tell, the p-value of the best of all edges in both directions is exact: the
 * number of affected runs below each edge is a Markov chain when runs are shuffled, and the chance that it passes any edge
 * at least as clearly is summed along it (maximally selected rank statistics: Miller and Siegmund, 1982; exact: Hothorn
 * and Lausen, 2003). Over several strata the p-value is the smallest one times the number of edges looked at.
 */
final class CutTest {
    /** Groups of equal values whose edges are looked at; more values are put in as many groups of about equal size. */
    private static final int MOST_GROUPS = 32;
    /** P-values that differ by less than rounding are equal. */
    private static final double ROUNDING = 1 + 1e-9;

    private final Strata strata;
    private final Quantity quantity;
    private final BitSet telling = new BitSet();
    /** Lowest value of each group, ascending. */
    private final double[] lowest;

    private final int[] sizes;
    private final int[] affected;
    private final boolean oneStratum;

    private double bestP = 2;
    private int bestEdge = 1;
    private boolean bestIsUpper = true;
    private double leastP = 1;

    /**
     * The best edge.
     *
     * @param exposure runs on its affected side
     * @param edge the two values that it lies between, in words
     * @param leastP smallest p-value that the test can give
     */
    record Cut(Exposure exposure, String edge, double pValue, double leastP) {}

    private CutTest(Strata strata, Quantity quantity) {
        this.strata = strata;
        this.quantity = quantity;
        TreeMap<Integer, BitSet> members = new TreeMap<>();
        for (int i = 0; i < quantity.runs().length; i++) {
            if (strata.has(quantity.runs()[i])) {
                members.computeIfAbsent(strata.stratum(quantity.runs()[i]), s -> new BitSet())
                        .set(i);
            }
        }
        // Only strata in which some are affected, some not, and the number differs can tell anything.
        members.values().removeIf(stratum -> {
            long hit = stratum.stream().filter(this::isAffected).count();
            return hit == 0
                    || hit == stratum.cardinality()
                    || stratum.stream()
                                    .mapToDouble(i -> quantity.values()[i])
                                    .distinct()
                                    .count()
                            < 2;
        });
        members.values().forEach(telling::or);
        oneStratum = members.size() == 1;
        lowest = lowest();
        sizes = new int[lowest.length];
        affected = new int[lowest.length];
        telling.stream().forEach(i -> {
            int at = Arrays.binarySearch(lowest, quantity.values()[i]);
            int group = at >= 0 ? at : -at - 2;
            sizes[group]++;
            affected[group] += isAffected(i) ? 1 : 0;
        });
    }

    /** Tests a number; empty where it takes only one value in all strata that have affected and other runs. */
    static Optional<Cut> of(Strata strata, Quantity quantity, int fewest) {
        CutTest test = new CutTest(strata, quantity);
        return test.lowest.length < 2 ? Optional.empty() : Optional.of(test.best(fewest));
    }

    private boolean isAffected(int i) {
        return strata.isAffected(quantity.runs()[i]);
    }

    private double[] lowest() {
        double[] sorted =
                telling.stream().mapToDouble(i -> quantity.values()[i]).sorted().toArray();
        double[] distinct = Arrays.stream(sorted).distinct().toArray();
        if (distinct.length <= MOST_GROUPS) {
            return distinct;
        }
        double[] quantiles = new double[MOST_GROUPS];
        for (int g = 0; g < MOST_GROUPS; g++) {
            quantiles[g] = sorted[(int) ((long) g * sorted.length / MOST_GROUPS)];
        }
        return Arrays.stream(quantiles).distinct().toArray();
    }

    private Cut best(int fewest) {
        if (oneStratum) {
            lookInOne(fewest);
        } else {
            lookInAll(fewest);
        }
        int k = Arrays.stream(affected).sum();
        int edges = 2 * (lowest.length - 1);
        double p = bestP >= 1 ? 1 : oneStratum ? anywhere(sizes, k, bestP) : Math.min(1, bestP * edges);
        double least = oneStratum ? anywhere(sizes, k, leastP) : Math.min(1, leastP * edges);
        double above = lowest[bestEdge];
        double below = telling.stream()
                .mapToDouble(i -> quantity.values()[i])
                .filter(v -> v < above)
                .max()
                .orElse(above);
        String value = quantity.name() + (bestIsUpper ? " ≥ " + Quantity.text(above) : " ≤ " + Quantity.text(below));
        return new Cut(
                new Exposure(
                        quantity.axis(),
                        value,
                        quantity.project(),
                        side(bestEdge, bestIsUpper).runs(),
                        new double[0]),
                "the edge lies between " + Quantity.text(below) + " and " + Quantity.text(above),
                p,
                least);
    }

    private void lookInOne(int fewest) {
        int n = telling.cardinality();
        int k = Arrays.stream(affected).sum();
        int below = 0;
        int hits = 0;
        for (int edge = 1; edge < lowest.length; edge++) {
            below += sizes[edge - 1];
            hits += affected[edge - 1];
            look(edge, true, n, k, n - below, k - hits, fewest);
            look(edge, false, n, k, below, hits, fewest);
        }
    }

    private void look(int edge, boolean isUpper, int n, int k, int exposed, int hits, int fewest) {
        int most = Math.min(k, exposed);
        leastP = Math.min(leastP, Hypergeometric.probability(n, k, exposed, most));
        take(edge, isUpper, hits < fewest ? 1 : Hypergeometric.upper(n, k, exposed, hits));
    }

    private void lookInAll(int fewest) {
        BitSet members = new BitSet();
        telling.stream().forEach(i -> members.set(quantity.runs()[i]));
        Strata own = strata.only(members);
        for (int edge = 1; edge < lowest.length; edge++) {
            for (boolean isUpper : new boolean[] {true, false}) {
                Exposure exposure = side(edge, isUpper);
                BitSet hits = new BitSet();
                Arrays.stream(exposure.runs()).filter(own::isAffected).forEach(hits::set);
                Strata.Outcome outcome = own.test(exposure, hits, fewest);
                leastP = Math.min(leastP, outcome.leastP());
                take(edge, isUpper, outcome.pValue());
            }
        }
    }

    private void take(int edge, boolean isUpper, double p) {
        if (p < bestP) {
            bestP = p;
            bestEdge = edge;
            bestIsUpper = isUpper;
        }
    }

    private Exposure side(int edge, boolean isUpper) {
        int[] exposed = telling.stream()
                .filter(i -> quantity.values()[i] >= lowest[edge] == isUpper)
                .map(i -> quantity.runs()[i])
                .toArray();
        return new Exposure(quantity.axis(), quantity.name(), quantity.project(), exposed, new double[0]);
    }

    /**
     * Chance that any edge between groups looks at least as clear, when the affected are any of the runs.
     *
     * @param sizes runs in each group, in order of their value
     * @param k how many of all runs are affected
     */
    static double anywhere(int[] sizes, int k, double pValue) {
        int n = Arrays.stream(sizes).sum();
        double[] chance = new double[k + 1];
        chance[0] = 1;
        double passed = 0;
        int below = 0;
        for (int g = 0; g + 1 < sizes.length; g++) {
            double[] next = new double[k + 1];
            for (int a = 0; a <= k; a++) {
                if (chance[a] > 0) {
                    // Of the runs from here on, k - a are affected; the next group draws its own from them.
                    double[] drawn = Hypergeometric.probabilities(n - below, k - a, sizes[g]);
                    for (int d = 0; d < drawn.length; d++) {
                        next[a + d] += chance[a] * drawn[d];
                    }
                }
            }
            below += sizes[g];
            for (int a = 0; a <= k; a++) {
                if (next[a] > 0 && clearer(n, k, below, a) <= pValue * ROUNDING) {
                    passed += next[a];
                    next[a] = 0;
                }
            }
            chance = next;
        }
        return Math.min(1, passed);
    }

    /** The smaller of the p-values of both sides of an edge with so many runs, and affected runs, below it. */
    private static double clearer(int n, int k, int below, int hits) {
        return Math.min(Hypergeometric.upper(n, k, below, hits), Hypergeometric.upper(n, k, n - below, k - hits));
    }
}
