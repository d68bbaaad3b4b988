package io.tiltmeter.train;

import io.tiltmeter.stats.ChiSquare;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** Pre-flight checks of the data alone. */
final class DataChecks {
    static final CheckSpec FINITE = new CheckSpec(
            "finite-data",
            "Features and labels hold neither NaN nor infinity.",
            "Find where the value comes from (a division, an empty field, a failed decoding) and drop or repair those"
                    + " examples; one of them makes every parameter NaN.",
            "IEEE 754: a sum with one NaN is NaN");
    static final CheckSpec SCALE = new CheckSpec(
            "feature-scale",
            "Features, and labels that are numbers, lie around 0 with a spread around 1.",
            "Not normalised: subtract the mean and divide by the standard deviation of the training data.",
            "LeCun, Bottou, Orr and Müller, Efficient BackProp (1998), section 4.3; limits of a factor of 10 are ours");
    static final CheckSpec ORDER = new CheckSpec(
            "data-order",
            "Every batch has the classes in the proportions of all, as shuffled data has.",
            "The data comes in order of its class: shuffle it before it is divided among workers and batches.",
            "Pearson's chi-square test at 0.001; Cramer's V >= 0.3 is a medium effect: Cohen, Statistical Power Analysis"
                    + " (1988)");
    static final CheckSpec DUPLICATES = new CheckSpec(
            "duplicate-batches",
            "No two batches have the same features.",
            "The same data is read twice: look at the input paths, and at a join that multiplies rows.",
            "exact comparison");
    static final CheckSpec SHARDS = new CheckSpec(
            "shard-balance",
            "Every worker's share of the data has the classes in the same proportions.",
            "Shuffle over all files before the data is divided: workers with different classes pull the parameters apart"
                    + " between two averages.",
            "Cramer's V, corrected after Bergsma (2013), >= 0.1 small, >= 0.3 medium: Cohen (1988); Zhao et al.,"
                    + " Federated Learning with Non-IID Data (2018)");

    private static final double RARE = 1e-3;
    private static final double MEDIUM = 0.3;
    private static final double SMALL = 0.1;
    private static final double FACTOR = 10;
    /** Spreads of columns further apart than this hide the smaller ones from one learning rate. */
    private static final double COLUMNS_APART = 100;

    private final Supplier<Network> fresh;
    private final List<MultiDataSet> batches;

    DataChecks(Supplier<Network> fresh, List<MultiDataSet> batches) {
        this.fresh = fresh;
        this.batches = batches;
    }

    PreflightReport.Check finite() {
        long bad = 0;
        TreeSet<Integer> where = new TreeSet<>();
        for (int b = 0; b < batches.size(); b++) {
            MultiDataSet batch = batches.get(b);
            long here = 0;
            for (int i = 0; i < batch.numFeatureArrays(); i++) {
                here += nonFinite(batch.getFeatures(i));
            }
            for (int i = 0; i < batch.numLabelsArrays(); i++) {
                here += nonFinite(batch.getLabels(i));
            }
            bad += here;
            if (here > 0) {
                where.add(b);
            }
        }
        Map<String, Double> numbers = Map.of("non_finite", (double) bad, "batches", (double) where.size());
        return bad == 0
                ? FINITE.result(PreflightReport.Level.PASS, "all finite", "none", numbers)
                : FINITE.result(
                        PreflightReport.Level.FAIL,
                        bad + " values in " + where.size() + " of " + batches.size() + " batches, first in batch "
                                + where.first(),
                        "none",
                        numbers);
    }

    private static long nonFinite(INDArray array) {
        return Arrays.stream(Tensors.numbers(array))
                .filter(value -> !Double.isFinite(value))
                .count();
    }

    PreflightReport.Check scale() {
        Probe probe = new Probe(fresh.get());
        List<String> wrong = new ArrayList<>();
        Map<String, Double> numbers = new TreeMap<>();
        for (int i = 0; i < batches.get(0).numFeatureArrays(); i++) {
            int input = i;
            String name = batches.get(0).numFeatureArrays() == 1 ? "features" : "features" + i;
            List<Labels> arrays = batches.stream()
                    .map(batch -> array(batch.getFeatures(input), Tensors.mask(batch.getFeaturesMaskArrays(), input)))
                    .toList();
            boolean indices = probe.embeds() && arrays.stream().allMatch(DataChecks::wholeNumbers);
            if (!indices) {
                judge(name, Spread.of(arrays), wrong, numbers);
            }
        }
        List<Probe.@Nullable Output> outputs = probe.outputs();
        for (int i = 0; i < outputs.size(); i++) {
            Probe.Output output = outputs.get(i);
            if (output != null && LossExpectation.metric(output.loss())) {
                int at = i;
                List<Labels> arrays =
                        batches.stream().map(batch -> Labels.of(batch, at)).toList();
                if (arrays.stream().anyMatch(labels -> labels.classes() == null)) {
                    judge(outputs.size() == 1 ? "labels" : "labels" + i, Spread.of(arrays), wrong, numbers);
                }
            }
        }
        if (numbers.isEmpty()) {
            return SCALE.notApplicable("all inputs are indices");
        }
        String expected = "|mean| <= 10, spread 0.1 to 10";
        return wrong.isEmpty()
                ? SCALE.result(PreflightReport.Level.PASS, "normalised", expected, numbers)
                : SCALE.result(
                        PreflightReport.Level.WARNING,
                        "not normalised: " + String.join("; ", wrong),
                        expected,
                        numbers);
    }

    /** Mean, spread, and how far the columns' spreads are apart. */
    private record Spread(double mean, double deviation, double apart) {
        static Spread of(List<Labels> arrays) {
            int units = arrays.get(0).units();
            double[] n = new double[units];
            double[] mean = new double[units];
            double[] squares = new double[units];
            for (Labels array : arrays) {
                for (int i = 0; i < array.values().length; i++) {
                    double value = array.values()[i];
                    if (array.seen(i) && Double.isFinite(value)) {
                        int unit = i / array.inner() % array.units();
                        double off = value - mean[unit];
                        mean[unit] += off / ++n[unit];
                        squares[unit] += off * (value - mean[unit]);
                    }
                }
            }
            double count = Arrays.stream(n).sum();
            double overall = 0;
            for (int u = 0; u < units; u++) {
                overall += n[u] * mean[u] / count;
            }
            double variance = 0;
            double least = Double.POSITIVE_INFINITY;
            double most = 0;
            for (int u = 0; u < units; u++) {
                variance += (squares[u] + n[u] * (mean[u] - overall) * (mean[u] - overall)) / count;
                double deviation = n[u] == 0 ? 0 : Math.sqrt(squares[u] / n[u]);
                if (deviation > 0) {
                    least = Math.min(least, deviation);
                    most = Math.max(most, deviation);
                }
            }
            return new Spread(overall, Math.sqrt(variance), most == 0 ? 1 : most / least);
        }
    }

    private static void judge(String name, Spread spread, List<String> wrong, Map<String, Double> numbers) {
        numbers.put(name + "_mean", spread.mean());
        numbers.put(name + "_deviation", spread.deviation());
        numbers.put(name + "_columns_apart", spread.apart());
        if (Math.abs(spread.mean()) > FACTOR || spread.deviation() > FACTOR || spread.deviation() < 1 / FACTOR) {
            wrong.add(name + " have mean " + Preflight.number(spread.mean()) + " and deviation "
                    + Preflight.number(spread.deviation()));
        } else if (spread.apart() > COLUMNS_APART) {
            wrong.add("the widest column of " + name + " spreads " + Preflight.number(spread.apart())
                    + " times the narrowest");
        }
    }

    private static Labels array(INDArray array, double @Nullable [] mask) {
        int units = array.rank() < 2 ? 1 : Math.toIntExact(array.size(1));
        return new Labels(Tensors.numbers(array), mask, Math.toIntExact(array.size(0)), units, Tensors.inner(array));
    }

    private static boolean wholeNumbers(Labels array) {
        return Arrays.stream(array.values()).allMatch(value -> value >= 0 && value == Math.rint(value));
    }

    PreflightReport.Check order() {
        List<int[]> classes = new ArrayList<>();
        int most = 0;
        for (MultiDataSet batch : batches) {
            int[] of = Labels.of(batch, 0).classes();
            if (of == null) {
                return ORDER.notApplicable("labels are no classes");
            }
            classes.add(of);
            most = Math.max(most, Arrays.stream(of).max().orElse(0));
        }
        long[][] counts = new long[classes.size()][most + 1];
        for (int b = 0; b < classes.size(); b++) {
            for (int c : classes.get(b)) {
                counts[b][c]++;
            }
        }
        ChiSquare test = ChiSquare.of(counts);
        if (test.degrees() == 0) {
            return ORDER.notApplicable("fewer than two batches or classes");
        }
        boolean sorted = test.pValue() < RARE && test.correctedV() >= MEDIUM;
        return ORDER.result(
                sorted ? PreflightReport.Level.WARNING : PreflightReport.Level.PASS,
                (sorted ? "batches differ in their classes: V " : "shuffled: V ") + Preflight.number(test.correctedV())
                        + ", p " + Preflight.number(test.pValue()),
                "V < 0.3 or p >= 0.001",
                numbers(test));
    }

    private static Map<String, Double> numbers(ChiSquare test) {
        return Map.of(
                "chi_square", test.statistic(),
                "degrees", (double) test.degrees(),
                "p", test.pValue(),
                "v", test.correctedV());
    }

    PreflightReport.Check duplicates() {
        Map<Integer, List<Integer>> seen = new HashMap<>();
        List<String> pairs = new ArrayList<>();
        List<double[]> contents = new ArrayList<>();
        for (int b = 0; b < batches.size(); b++) {
            double[] content = Arrays.stream(batches.get(b).getFeatures())
                    .map(Tensors::numbers)
                    .flatMapToDouble(Arrays::stream)
                    .toArray();
            contents.add(content);
            List<Integer> alike = seen.computeIfAbsent(Arrays.hashCode(content), hash -> new ArrayList<>());
            for (int other : alike) {
                if (Arrays.equals(contents.get(other), content)) {
                    pairs.add(b + " is " + other);
                    break;
                }
            }
            alike.add(b);
        }
        Map<String, Double> numbers = Map.of("duplicates", (double) pairs.size());
        return pairs.isEmpty()
                ? DUPLICATES.result(PreflightReport.Level.PASS, "none among " + batches.size(), "none", numbers)
                : DUPLICATES.result(
                        PreflightReport.Level.WARNING,
                        pairs.size() + " of " + batches.size() + " batches came before: " + pairs.get(0),
                        "none",
                        numbers);
    }

    static PreflightReport.Check shards(List<Map<Integer, Long>> shards) {
        if (shards.size() < 2) {
            return SHARDS.notApplicable("no class counts of two shards");
        }
        TreeSet<Integer> classes = new TreeSet<>();
        shards.forEach(shard -> classes.addAll(shard.keySet()));
        List<Integer> order = List.copyOf(classes);
        long[][] counts = new long[shards.size()][order.size()];
        for (int s = 0; s < counts.length; s++) {
            for (int c = 0; c < order.size(); c++) {
                counts[s][c] = shards.get(s).getOrDefault(order.get(c), 0L);
            }
        }
        ChiSquare test = ChiSquare.of(counts);
        double v = test.pValue() < RARE ? test.correctedV() : 0;
        PreflightReport.Level level = v >= MEDIUM
                ? PreflightReport.Level.FAIL
                : v >= SMALL ? PreflightReport.Level.WARNING : PreflightReport.Level.PASS;
        return SHARDS.result(
                level,
                "V " + Preflight.number(test.correctedV()) + ", p " + Preflight.number(test.pValue()) + " over "
                        + shards.size() + " shards",
                "V < 0.1 or p >= 0.001",
                numbers(test));
    }
}
