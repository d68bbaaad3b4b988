package io.tiltmeter.compare;

import io.tiltmeter.compare.ComparedSet.End;
import io.tiltmeter.compare.Ladder.Rung;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.stats.StudentT;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Finds the ladders of a fleet: two values of one setting, everything else equal, at two or more sizes. The effect at a
 * size is the difference of mean logarithms of the final loss, with Welch's interval over seeds. Source: Welch, The
 * generalization of Student's problem when several different population variances are involved, Biometrika 34 (1947).
 */
public final class Ladders {
    /** Settings that make a size, unless others are named. */
    public static final Set<String> SIZES = Set.of(
            "depth",
            "width",
            "model_scale",
            "num_layers",
            "n_layer",
            "n_layers",
            "layers",
            "hidden_size",
            "d_model",
            "n_embd",
            "num_heads",
            "n_head",
            "n_heads",
            "num_attention_heads",
            "batch_size",
            "global_batch",
            "global_batch_size",
            "world_size");

    /** Numbers of parameters: they order sizes, but follow from the other settings and need not be equal. */
    private static final Set<String> PARAMETERS = Set.of("num_params", "n_params", "parameters", "params");

    private static final double CONFIDENCE = 0.05;

    private Ladders() {}

    /** A run and where it ended. */
    public record Ended(RunRecord run, End end) {}

    private record Recipe(String project, Map<String, String> settings) {}

    /** Runs of one recipe and size. */
    private record Rank(Map<String, String> size, List<Ended> runs) {}

    /**
     * The ladders among runs, ordered by project, setting and values.
     *
     * @param sizes names of settings that make a size; empty for the {@linkplain #SIZES usual ones}
     * @param ignored settings that do not matter
     */
    public static List<Ladder> find(List<Ended> runs, Set<String> sizes, Set<String> ignored) {
        Set<String> axes = sizes.isEmpty() ? SIZES : sizes;
        Map<String, List<Ended>> projects = new TreeMap<>();
        runs.forEach(each -> {
            String project = each.run().project();
            projects.computeIfAbsent(project == null ? "" : project, p -> new ArrayList<>())
                    .add(each);
        });
        List<Ladder> ladders = new ArrayList<>();
        projects.forEach((project, members) -> ladders.addAll(ofProject(project, members, axes, ignored)));
        return ladders;
    }

    private static List<Ladder> ofProject(String project, List<Ended> members, Set<String> axes, Set<String> ignored) {
        Set<String> varying = Configurations.varying(
                        members.stream().map(Ended::run).toList(), ignored)
                .keySet();
        boolean heldOut = members.stream().allMatch(each -> each.end().evalLoss() > 0);
        // Recipe, then size, to the runs that have both.
        Map<Recipe, Map<Map<String, String>, List<Ended>>> recipes = new LinkedHashMap<>();
        for (Ended each : members) {
            if (!(loss(each, heldOut) > 0)) {
                continue;
            }
            Map<String, String> settings = new TreeMap<>(Configurations.of(each.run(), ignored));
            settings.keySet().retainAll(varying);
            Map<String, String> size = new TreeMap<>();
            settings.forEach((name, value) -> {
                if (isOf(axes, name)) {
                    size.put(name, value);
                }
            });
            settings.keySet().removeIf(name -> isOf(axes, name) || isOf(PARAMETERS, name));
            recipes.computeIfAbsent(new Recipe(project, settings), r -> new LinkedHashMap<>())
                    .computeIfAbsent(size, s -> new ArrayList<>())
                    .add(each);
        }
        List<Recipe> all = recipes.keySet().stream()
                .sorted(Comparator.comparing(recipe -> recipe.settings().toString()))
                .toList();
        List<Ladder> ladders = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            for (int j = i + 1; j < all.size(); j++) {
                Set<String> differing =
                        differing(all.get(i).settings(), all.get(j).settings());
                if (differing.size() == 1) {
                    String setting = differing.iterator().next();
                    Map<String, String> rest = new TreeMap<>(all.get(i).settings());
                    rest.remove(setting);
                    List<Rung> rungs = rungs(
                            recipes.getOrDefault(all.get(i), Map.of()),
                            recipes.getOrDefault(all.get(j), Map.of()),
                            heldOut);
                    if (rungs.size() > 1) {
                        ladders.add(new Ladder(
                                project,
                                setting,
                                all.get(i).settings().getOrDefault(setting, ""),
                                all.get(j).settings().getOrDefault(setting, ""),
                                text(rest),
                                heldOut,
                                rungs));
                    }
                }
            }
        }
        ladders.sort(Comparator.comparing(Ladder::setting)
                .thenComparing(Ladder::from)
                .thenComparing(Ladder::to)
                .thenComparing(Ladder::recipe));
        return ladders;
    }

    private static boolean isOf(Set<String> names, String attribute) {
        String plain = attribute
                .substring(attribute.lastIndexOf('.') + 1)
                .toLowerCase(Locale.ROOT)
                .replace('-', '_');
        return names.contains(attribute) || names.contains(plain);
    }

    private static Set<String> differing(Map<String, String> a, Map<String, String> b) {
        Set<String> names = new TreeSet<>(a.keySet());
        names.addAll(b.keySet());
        names.removeIf(name -> a.getOrDefault(name, "").equals(b.getOrDefault(name, "")));
        return names;
    }

    private static List<Rung> rungs(
            Map<Map<String, String>, List<Ended>> from, Map<Map<String, String>, List<Ended>> to, boolean heldOut) {
        return from.entrySet().stream()
                .filter(each -> to.containsKey(each.getKey()))
                .map(each -> new Rank(each.getKey(), each.getValue()))
                .sorted(Comparator.comparingDouble(Ladders::magnitude).thenComparing(rank -> text(rank.size())))
                .map(rank -> rung(
                        text(rank.size()),
                        losses(rank.runs(), heldOut),
                        losses(to.getOrDefault(rank.size(), List.of()), heldOut)))
                .toList();
    }

    /** By the number of parameters where it is logged, else by the product of what makes the size. */
    private static double magnitude(Rank rank) {
        return rank.runs().get(0).run().attributes().entrySet().stream()
                .filter(each -> isOf(PARAMETERS, each.getKey()))
                .mapToDouble(each -> number(each.getValue()))
                .filter(value -> value > 0)
                .findFirst()
                .orElseGet(() -> rank.size().values().stream()
                        .mapToDouble(Ladders::number)
                        .filter(value -> value > 0)
                        .reduce(1, (a, b) -> a * b));
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    private static double[] losses(List<Ended> runs, boolean heldOut) {
        return runs.stream().mapToDouble(each -> loss(each, heldOut)).toArray();
    }

    private static double loss(Ended run, boolean heldOut) {
        return heldOut ? run.end().evalLoss() : run.end().loss();
    }

    static Rung rung(String size, double[] from, double[] to) {
        double[] a = Arrays.stream(from).map(Math::log).toArray();
        double[] b = Arrays.stream(to).map(Math::log).toArray();
        double effect = mean(b) - mean(a);
        double low = Double.NaN;
        double high = Double.NaN;
        if (a.length > 1 && b.length > 1) {
            double va = variance(a) / a.length;
            double vb = variance(b) / b.length;
            double sum = va + vb;
            double half = 0;
            if (sum > 0) {
                double df = sum * sum / (va * va / (a.length - 1) + vb * vb / (b.length - 1));
                half = StudentT.quantile(CONFIDENCE, df) * Math.sqrt(sum);
            }
            low = Math.expm1(effect - half);
            high = Math.expm1(effect + half);
        }
        return new Rung(size, a.length, b.length, mean(from), mean(to), Math.expm1(effect), low, high);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }

    private static double variance(double[] values) {
        double mean = mean(values);
        return Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1);
    }

    private static String text(Map<String, String> settings) {
        return settings.entrySet().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .collect(Collectors.joining(" "));
    }
}
