package io.tiltmeter.correlate.mining;

import io.tiltmeter.correlate.RunSettings;
import io.tiltmeter.stats.Robust;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Runs as sets of items, {@code attribute=value}, for the mining of combinations. A number with more than
 * {@value #MOST_VALUES} values is cut at the fleet's terciles. Items of fewer than {@value #FEWEST_RUNS} runs, or of all but
 * so few, are left out; items of exactly the same runs become one, which names them all. Of attributes the {@value
 * #MOST_ATTRIBUTES} that divide the fleet most evenly are kept (by entropy, which does not look at incidents): itemsets
 * grow as two to the number of attributes.
 *
 * @param runs ids of the runs, ordered
 * @param labels texts of the items; an item's number is its place
 * @param has runs that have each item, as places in {@code runs}
 * @param leftOut attributes beyond the limit, ordered
 */
public record RunItems(List<String> runs, List<String> labels, List<BitSet> has, List<String> leftOut) {
    /** Most attributes kept. */
    public static final int MOST_ATTRIBUTES = 16;
    /** Fewest runs that have an item, and that lack it. */
    public static final int FEWEST_RUNS = 5;

    static final int MOST_VALUES = 4;
    /** A run on more machines is on most of those its siblings are on. */
    private static final int MOST_HOSTS = 2;

    private static final int NAMES_SHOWN = 3;

    public RunItems {
        runs = List.copyOf(runs);
        labels = List.copyOf(labels);
        has = List.copyOf(has);
        leftOut = List.copyOf(leftOut);
    }

    /** Items of a run, by number, ascending. */
    public List<Integer> of(int run) {
        List<Integer> items = new ArrayList<>();
        for (int item = 0; item < has.size(); item++) {
            if (has.get(item).get(run)) {
                items.add(item);
            }
        }
        return items;
    }

    /**
     * Items of these runs.
     *
     * @param leaveOut names of attributes to pass over
     */
    public static RunItems of(List<MinedRun> fleet, Set<String> leaveOut) {
        List<MinedRun> sorted =
                fleet.stream().sorted(Comparator.comparing(MinedRun::id)).toList();
        Map<String, Map<Integer, String>> values = new TreeMap<>();
        Map<String, BitSet> hosts = new TreeMap<>();
        for (int run = 0; run < sorted.size(); run++) {
            int place = run;
            Attributes.of(sorted.get(run).run(), leaveOut)
                    .forEach((name, value) ->
                            values.computeIfAbsent(name, n -> new TreeMap<>()).put(place, value));
            if (sorted.get(run).hosts().size() <= MOST_HOSTS && !leaveOut.contains("host")) {
                sorted.get(run)
                        .hosts()
                        .forEach(host -> hosts.computeIfAbsent("host=" + host, h -> new BitSet())
                                .set(place));
            }
        }
        List<Attribute> attributes = new ArrayList<>();
        values.forEach((name, byRun) -> attributes.add(attribute(name, byRun, sorted.size())));
        attributes.add(new Attribute("host", hosts));
        return merge(attributes, sorted.stream().map(MinedRun::id).toList());
    }

    private record Attribute(String name, Map<String, BitSet> items) {}

    private static Attribute attribute(String name, Map<Integer, String> byRun, int runs) {
        Map<Integer, Double> numbers = new HashMap<>();
        byRun.forEach((run, value) -> {
            OptionalDouble number = RunSettings.number(value);
            number.ifPresent(n -> numbers.put(run, n));
        });
        Map<String, BitSet> items = new TreeMap<>();
        double[] sorted = numbers.values().stream().mapToDouble(d -> d).sorted().toArray();
        boolean numeric = numbers.size() == byRun.size();
        boolean many = java.util.Arrays.stream(sorted).distinct().count() > MOST_VALUES;
        if (numeric && many) {
            double low = Robust.quantileOfSorted(sorted, sorted.length, 1 / 3.0);
            double high = Robust.quantileOfSorted(sorted, sorted.length, 2 / 3.0);
            numbers.forEach((run, value) -> items.computeIfAbsent(bin(name, value, low, high), k -> new BitSet(runs))
                    .set(run));
        } else {
            byRun.forEach((run, value) -> items.computeIfAbsent(
                            name + "=" + (numeric ? Attributes.text(numbers.getOrDefault(run, Double.NaN)) : value),
                            k -> new BitSet(runs))
                    .set(run));
        }
        return new Attribute(name, items);
    }

    private static String bin(String name, double value, double low, double high) {
        if (value <= low) {
            return name + " ≤ " + Attributes.text(low);
        }
        return value <= high
                ? name + " in (" + Attributes.text(low) + ", " + Attributes.text(high) + "]"
                : name + " > " + Attributes.text(high);
    }

    private static RunItems merge(List<Attribute> attributes, List<String> runs) {
        int n = runs.size();
        attributes.forEach(a -> a.items()
                .values()
                .removeIf(has -> has.cardinality() < FEWEST_RUNS || n - has.cardinality() < FEWEST_RUNS));
        Map<BitSet, Set<String>> names = new LinkedHashMap<>();
        List<Attribute> distinct = new ArrayList<>();
        for (Attribute attribute : attributes) {
            Map<String, BitSet> own = new TreeMap<>();
            attribute.items().forEach((label, has) -> {
                Set<String> known = names.computeIfAbsent(has, h -> new TreeSet<>());
                if (known.isEmpty()) {
                    own.put(label, has);
                }
                known.add(label);
            });
            if (!own.isEmpty()) {
                distinct.add(new Attribute(attribute.name(), own));
            }
        }
        distinct.sort(
                Comparator.comparingDouble((Attribute a) -> -entropy(a, n)).thenComparing(Attribute::name));
        List<Attribute> kept = distinct.subList(0, Math.min(MOST_ATTRIBUTES, distinct.size()));
        List<String> labels = new ArrayList<>();
        List<BitSet> has = new ArrayList<>();
        kept.stream()
                .flatMap(a -> a.items().entrySet().stream())
                .sorted(Map.Entry.comparingByKey())
                .forEach(item -> {
                    labels.add(label(names.getOrDefault(item.getValue(), Set.of(item.getKey()))));
                    has.add(item.getValue());
                });
        List<String> leftOut = distinct.stream()
                .skip(MOST_ATTRIBUTES)
                .map(Attribute::name)
                .sorted()
                .toList();
        return new RunItems(runs, labels, has, leftOut);
    }

    private static double entropy(Attribute attribute, int runs) {
        double entropy = 0;
        for (BitSet has : attribute.items().values()) {
            double share = has.cardinality() / (double) runs;
            entropy -= share * Math.log(share);
        }
        return entropy;
    }

    /** All names of one item; of many only the first. */
    private static String label(Set<String> names) {
        List<String> shown = names.stream().limit(NAMES_SHOWN).toList();
        int more = names.size() - shown.size();
        return String.join(", also ", shown) + (more > 0 ? " (and " + more + " more)" : "");
    }
}
