package io.tiltmeter.spark;

import io.tiltmeter.validate.ConfidentLearning;
import io.tiltmeter.validate.Document;
import io.tiltmeter.validate.LabelProbe;
import io.tiltmeter.validate.RowPlace;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.LogisticRegressionModel;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Trains MLlib's multinomial logistic regression on a sample of rows in folds, and asks each model about the rows of its fold.
 * Features are the rows' numbers, or counts of their tokens or words hashed into {@value #BUCKETS} buckets. The sample and the
 * folds follow from the places of rows, so that a run is repeated exactly.
 */
final class LabelProbing {
    private static final int BUCKETS = 4096;
    private static final int FOLDS = 5;
    private static final int LEAST_OF_CLASS = 2 * FOLDS;
    private static final int MOST_CLASSES = 100;
    private static final int ITERATIONS = 50;
    /** Probabilities are compared with thresholds, for which four digits do. */
    private static final double TOLERANCE = 1e-4;
    /** As much as one row in a hundred: enough that no coefficient runs away where classes are separable. */
    private static final double REGULARISATION = 0.01;

    private static final StructType SCHEMA = new StructType()
            .add("label", DataTypes.DoubleType, false)
            .add("features", SQLDataTypes.VectorType(), false);

    private LabelProbing() {}

    /** Runs the probe on at most {@code most} rows. */
    static LabelProbe run(
            SparkSession spark,
            JavaRDD<Document> documents,
            RowContents contents,
            LongFunction<RowPlace> places,
            int most,
            int listed) {
        JavaRDD<Document> labelled =
                documents.filter(document -> !document.label().isEmpty());
        long of = labelled.count();
        double kept = (double) most / Math.max(1, of);
        List<Document> sample =
                labelled
                        .filter(document -> kept >= 1 || ContaminationScan.uniform(document.place()) < kept)
                        .collect()
                        .stream()
                        .sorted(Comparator.comparingDouble(
                                        (Document document) -> ContaminationScan.uniform(document.place()))
                                .thenComparingLong(Document::place))
                        .toList();
        Map<String, Integer> counts = new TreeMap<>();
        sample.forEach(document -> counts.merge(document.label(), 1, Integer::sum));
        counts.values().removeIf(count -> count < LEAST_OF_CLASS);
        List<String> classes = List.copyOf(counts.keySet());
        List<Document> rows = sample.stream()
                .filter(document -> counts.containsKey(document.label()))
                .toList();
        if (classes.size() < 2 || classes.size() > MOST_CLASSES) {
            return LabelProbe.impossible(
                    contents.text(),
                    of,
                    classes.size() + " classes have " + LEAST_OF_CLASS + " rows or more, expected 2 to "
                            + MOST_CLASSES);
        }
        int width = rows.get(0).units().length;
        if (!contents.isSequence() && rows.stream().anyMatch(row -> row.units().length != width)) {
            return LabelProbe.impossible(contents.text(), of, "rows have different numbers of features");
        }
        int[] labels =
                rows.stream().mapToInt(row -> classes.indexOf(row.label())).toArray();
        double[][] probabilities = probabilities(spark, rows, labels, classes.size(), contents.isSequence());
        return judged(contents.text(), of, rows, classes, new ConfidentLearning(probabilities, labels), places, listed);
    }

    private static LabelProbe judged(
            String columns,
            long of,
            List<Document> rows,
            List<String> classes,
            ConfidentLearning learning,
            LongFunction<RowPlace> places,
            int listed) {
        Map<String, Integer> counts = new TreeMap<>();
        rows.forEach(row -> counts.merge(row.label(), 1, Integer::sum));
        int most = counts.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        List<ConfidentLearning.Suspect> suspects = learning.suspects();
        return new LabelProbe(
                columns,
                rows.size(),
                of,
                classes.size(),
                FOLDS,
                learning.accuracy(),
                (double) most / rows.size(),
                suspects.size(),
                suspects.stream()
                        .limit(listed)
                        .map(suspect -> new LabelProbe.Suspect(
                                places.apply(rows.get(suspect.example()).place()),
                                classes.get(suspect.label()),
                                classes.get(suspect.likely()),
                                suspect.ofLabel(),
                                suspect.ofLikely()))
                        .toList(),
                "");
    }

    /** By row and class, from the model of the other folds. Rows stand in random order, so folds take turns. */
    private static double[][] probabilities(
            SparkSession spark, List<Document> rows, int[] labels, int classes, boolean sequence) {
        double[][] probabilities = new double[rows.size()][];
        List<Vector> features = rows.stream()
                .map(row -> sequence ? counts(row.units()) : numbers(row.units()))
                .toList();
        // A fit is a hundred jobs of one task each: together they use what a cluster has.
        List<CompletableFuture<LogisticRegressionModel>> models = IntStream.range(0, FOLDS)
                .mapToObj(fold -> Background.supply(() -> fit(spark, allBut(fold, labels, features))))
                .toList();
        for (int fold = 0; fold < FOLDS; fold++) {
            LogisticRegressionModel model = result(models.get(fold));
            for (int i = fold; i < rows.size(); i += FOLDS) {
                probabilities[i] = new double[classes];
                double[] known = model.predictProbability(features.get(i)).toArray();
                System.arraycopy(known, 0, probabilities[i], 0, Math.min(classes, known.length));
            }
        }
        return probabilities;
    }

    private static LogisticRegressionModel result(CompletableFuture<LogisticRegressionModel> model) {
        try {
            return model.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    private static List<Row> allBut(int fold, int[] labels, List<Vector> features) {
        return IntStream.range(0, labels.length)
                .filter(i -> i % FOLDS != fold)
                .mapToObj(i -> RowFactory.create((double) labels[i], features.get(i)))
                .toList();
    }

    private static LogisticRegressionModel fit(SparkSession spark, List<Row> training) {
        // One partition: sums of fractions do not depend on the number of cores, and a task costs more than the rows.
        Dataset<Row> frame = spark.createDataFrame(training, SCHEMA).coalesce(1).cache();
        try {
            return new LogisticRegression()
                    .setFamily("multinomial")
                    .setRegParam(REGULARISATION)
                    .setMaxIter(ITERATIONS)
                    .setTol(TOLERANCE)
                    .fit(frame);
        } finally {
            frame.unpersist();
        }
    }

    /** Numbers that are none count as zero, here and nowhere else: other checks speak of them. */
    private static Vector numbers(long[] units) {
        double[] values = new double[units.length];
        for (int i = 0; i < units.length; i++) {
            double value = Double.longBitsToDouble(units[i]);
            values[i] = Math.abs(value) <= Double.MAX_VALUE ? value : 0;
        }
        return Vectors.dense(values);
    }

    private static Vector counts(long[] units) {
        TreeMap<Integer, Double> counts = new TreeMap<>();
        for (long unit : units) {
            int bucket = Math.floorMod(new Document(0, new long[] {unit}, "").low(), BUCKETS);
            counts.merge(bucket, 1.0, Double::sum);
        }
        int[] buckets = counts.keySet().stream().mapToInt(Integer::intValue).toArray();
        // Words come in numbers: their logarithm keeps long documents from deciding alone.
        double[] values = counts.values().stream().mapToDouble(Math::log1p).toArray();
        return Vectors.sparse(BUCKETS, buckets, values);
    }
}
