package io.tiltmeter.correlate.mining;

import io.tiltmeter.model.Combination;
import io.tiltmeter.stats.ExactTest;
import io.tiltmeter.stats.Proportion;
import io.tiltmeter.stats.Tails;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Decides which frequent combinations of items really go with a kind of incident.
 *
 * <p>A combination must say more than each of its parts: for every item x of it, among the runs that have all the others,
 * those with x must be cases more often than those without. That is tested exactly within projects ({@link ExactTest}), so
 * that a project whose runs share both settings and troubles is no evidence; the largest of these probabilities counts
 * (intersection-union). Probabilities are adjusted over all combinations of all kinds that were looked at (Benjamini and
 * Hochberg, 1995). A combination that a longer one improves on is left to the longer one.
 */
public final class Combinations {
    /** Most items of a combination: what four settings share, nobody can act on, and few runs have. */
    public static final int LONGEST = 3;
    /** Fewest cases of a combination. */
    public static final int FEWEST_CASES = 5;

    private final double largestQ;
    /** Those that may turn out real; the others count as tests only. */
    private final List<Judged> judged = new ArrayList<>();

    private int tested;

    /** @param largestQ largest false-discovery rate */
    public Combinations(double largestQ) {
        this.largestQ = largestQ;
    }

    /**
     * Runs that could have had one kind of incident.
     *
     * @param kind id of the detector
     * @param items items of all runs of the fleet
     * @param exposed runs that the detector could judge, as places in {@link RunItems#runs()}
     * @param cases those that had it
     * @param strata runs by project
     */
    public record Population(String kind, RunItems items, BitSet exposed, BitSet cases, List<BitSet> strata) {
        /**
         * The runs of one kind.
         *
         * @param fleet the runs whose items these are
         */
        public static Population of(String kind, RunItems items, List<MinedRun> fleet) {
            Map<String, MinedRun> byId = fleet.stream().collect(Collectors.toMap(MinedRun::id, r -> r));
            BitSet exposed = new BitSet();
            BitSet cases = new BitSet();
            Map<String, BitSet> projects = new TreeMap<>();
            for (int i = 0; i < items.runs().size(); i++) {
                MinedRun run = byId.get(items.runs().get(i));
                if (run != null && run.observed(kind)) {
                    exposed.set(i);
                    projects.computeIfAbsent(run.project(), p -> new BitSet()).set(i);
                    if (run.troubles().anyMatch(f -> f.detector().equals(kind))) {
                        cases.set(i);
                    }
                }
            }
            return new Population(kind, items, exposed, cases, List.copyOf(projects.values()));
        }
    }

    /** Runs in which each detector found trouble, by its id. */
    public static Map<String, Integer> kinds(List<MinedRun> fleet) {
        Map<String, Integer> counts = new TreeMap<>();
        fleet.forEach(run ->
                run.troubles().map(f -> f.detector()).distinct().forEach(kind -> counts.merge(kind, 1, Integer::sum)));
        return counts;
    }

    /**
     * Tests a combination.
     *
     * @param items numbers of its items, two or more, ascending
     */
    public void add(Population population, List<Integer> items) {
        tested++;
        BitSet all = (BitSet) population.cases().clone();
        items.forEach(item -> all.and(population.items().has().get(item)));
        if (all.cardinality() < FEWEST_CASES) {
            return;
        }
        Judged worst = null;
        for (int without = 0; without < items.size(); without++) {
            BitSet others = (BitSet) population.exposed().clone();
            for (int i = 0; i < items.size(); i++) {
                if (i != without) {
                    others.and(population.items().has().get(items.get(i)));
                }
            }
            BitSet with = population.items().has().get(items.get(without));
            List<ExactTest.Table> tables = new ArrayList<>();
            for (BitSet stratum : population.strata()) {
                BitSet in = and(others, stratum);
                tables.add(new ExactTest.Table(
                        in.cardinality(),
                        and(in, population.cases()).cardinality(),
                        and(in, with).cardinality(),
                        and(and(in, with), population.cases()).cardinality()));
            }
            double p = ExactTest.upper(tables);
            if (p > largestQ) {
                return;
            }
            if (worst == null || p > worst.p()) {
                worst = new Judged(population, items, p, ExactTest.expected(tables), without);
            }
        }
        if (worst != null) {
            judged.add(worst);
        }
    }

    /** How many have been tested. */
    public int tested() {
        return tested;
    }

    /** Those that are real, the surest first. */
    public List<Combination> real() {
        double[] q =
                Tails.benjaminiHochberg(judged.stream().mapToDouble(Judged::p).toArray(), tested);
        Map<String, List<Judged>> found = new HashMap<>();
        Map<Judged, Double> sureness = new HashMap<>();
        for (int i = 0; i < q.length; i++) {
            Judged one = judged.get(i);
            if (q[i] <= largestQ) {
                found.computeIfAbsent(one.population().kind(), k -> new ArrayList<>())
                        .add(one);
                sureness.put(one, q[i]);
            }
        }
        List<Combination> real = new ArrayList<>();
        found.values()
                .forEach(ofKind -> ofKind.stream()
                        .filter(one -> ofKind.stream().noneMatch(other -> other.improves(one)))
                        .forEach(one -> real.add(one.combination(sureness.getOrDefault(one, 1.0)))));
        real.sort(Comparator.comparingDouble(Combination::qValue)
                .thenComparing(Comparator.comparingDouble(Combination::lift).reversed())
                .thenComparing(Combination::kind)
                .thenComparing(c -> String.join("\n", c.items())));
        return real;
    }

    private static BitSet and(BitSet a, BitSet b) {
        BitSet both = (BitSet) a.clone();
        both.and(b);
        return both;
    }

    /**
     * A tested combination.
     *
     * @param expected cases if the item that adds least added nothing
     * @param weakest which item that is
     */
    private record Judged(Population population, List<Integer> items, double p, double expected, int weakest) {
        boolean improves(Judged shorter) {
            return items.size() > shorter.items.size() && items.containsAll(shorter.items);
        }

        BitSet runs() {
            BitSet runs = (BitSet) population.exposed().clone();
            items.forEach(item -> runs.and(population.items().has().get(item)));
            return runs;
        }

        BitSet cases() {
            return and(runs(), population.cases());
        }

        Combination combination(double q) {
            List<String> labels =
                    items.stream().map(population.items().labels()::get).toList();
            int runs = runs().cardinality();
            BitSet cases = cases();
            Proportion share = new Proportion(cases.cardinality(), runs);
            StringBuilder evidence = new StringBuilder(String.format(
                    Locale.ROOT,
                    "%d of the %d runs with all of them (%.0f %%, 95 %% interval %.0f–%.0f %%)",
                    share.hits(),
                    runs,
                    100 * share.share(),
                    100 * share.low(),
                    100 * share.high()));
            for (int without = 0; without < items.size(); without++) {
                BitSet part = (BitSet) population.exposed().clone();
                for (int i = 0; i < items.size(); i++) {
                    BitSet has = population.items().has().get(items.get(i));
                    if (i == without) {
                        part.andNot(has);
                    } else {
                        part.and(has);
                    }
                }
                evidence.append(String.format(
                        Locale.ROOT,
                        "%s %d of %d without “%s”",
                        without == 0 ? ", against" : without == items.size() - 1 ? " and" : ",",
                        and(part, population.cases()).cardinality(),
                        part.cardinality(),
                        labels.get(without)));
            }
            evidence.append(String.format(
                    Locale.ROOT,
                    "; %.1f would be expected if “%s” added nothing within projects",
                    expected,
                    labels.get(weakest)));
            return new Combination(
                    population.kind(),
                    labels,
                    share.hits(),
                    runs,
                    expected,
                    share.low(),
                    share.high(),
                    share.hits() / expected,
                    q,
                    cases.stream().mapToObj(population.items().runs()::get).toList(),
                    evidence.toString());
        }
    }
}
