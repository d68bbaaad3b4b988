package io.tiltmeter.correlate.mining;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Divides runs so that a group is never on both sides: what is learned of it cannot help to predict it. */
public final class Folds {
    private Folds() {}

    /**
     * The fold of each run. Groups go, the largest first, each to the fold that is smallest so far.
     *
     * @param groups the group of each run
     * @param most most folds; with no more groups than that, each group is a fold
     */
    public static int[] of(List<String> groups, int most) {
        Map<String, Integer> sizes = new TreeMap<>();
        groups.forEach(group -> sizes.merge(group, 1, Integer::sum));
        int[] filled = new int[Math.min(most, sizes.size())];
        Map<String, Integer> foldOf = new TreeMap<>();
        sizes.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .forEach(group -> {
                    int smallest = 0;
                    for (int fold = 1; fold < filled.length; fold++) {
                        if (filled[fold] < filled[smallest]) {
                            smallest = fold;
                        }
                    }
                    filled[smallest] += group.getValue();
                    foldOf.put(group.getKey(), smallest);
                });
        return groups.stream().mapToInt(group -> foldOf.getOrDefault(group, 0)).toArray();
    }
}
