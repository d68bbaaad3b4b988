package io.tiltmeter.spark;

import io.tiltmeter.correlate.mining.Folds;
import io.tiltmeter.correlate.mining.MinedRun;
import io.tiltmeter.correlate.mining.RiskEvaluator;
import io.tiltmeter.correlate.mining.RiskFeatures;
import io.tiltmeter.model.RiskEvaluation;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.stats.Platt;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.LogisticRegressionModel;
import org.apache.spark.ml.classification.ProbabilisticClassificationModel;
import org.apache.spark.ml.classification.RandomForestClassificationModel;
import org.apache.spark.ml.classification.RandomForestClassifier;
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
 * Learns the risk of instability from settings: logistic regression and random forest of MLlib, of which the one with the
 * smaller log loss on held-out groups is kept.
 */
final class RiskTraining {
    /** Names of the two kinds of models. */
    static final String REGRESSION = "logistic regression";

    static final String TREES = "random forest";

    private static final int MOST_FOLDS = 5;
    private static final long SEED = 17;
    /** A share of the whole effect below which a feature is not worth naming. */
    private static final double DRIVES = 0.05;

    private static final int MOST_DRIVERS = 5;
    /** Probability beyond which a model is not believed. */
    private static final double SUREST = 1e-3;

    private static final StructType ROWS = new StructType()
            .add("features", SQLDataTypes.VectorType(), false)
            .add("label", DataTypes.DoubleType, false);

    private final SparkSession spark;
    private final List<RunRecord> runs;
    private final boolean[] unstable;
    private final int[] folds;
    private final Set<String> leaveOut;
    private final RiskEvaluator evaluator;
    private final String grouping;

    private RiskTraining(SparkSession spark, List<MinedRun> decided, int fewestProjects, Set<String> leaveOut) {
        this.spark = spark;
        this.leaveOut = leaveOut;
        List<MinedRun> sorted = decided.stream()
                .sorted(Comparator.comparing(run -> run.run().runId()))
                .toList();
        runs = sorted.stream().map(MinedRun::run).toList();
        unstable = new boolean[runs.size()];
        IntStream.range(0, unstable.length)
                .forEach(i -> unstable[i] = sorted.get(i).unstable());
        List<String> projects = runs.stream()
                .map(run -> run.project() == null ? "" : run.project())
                .toList();
        boolean byProject = projects.stream().distinct().count() >= fewestProjects;
        grouping = byProject ? "project" : "run";
        List<String> groups =
                byProject ? projects : runs.stream().map(RunRecord::runId).toList();
        folds = Folds.of(groups, MOST_FOLDS);
        evaluator = new RiskEvaluator(groups, folds, unstable);
    }

    /** The two kinds of models. */
    private enum Algorithm {
        LOGISTIC(REGRESSION) {
            @Override
            ProbabilisticClassificationModel<Vector, ?> fit(Dataset<Row> frame, int n) {
                // A Gaussian prior of one standard deviation on the effect of a standard deviation: weakly informative,
                // after Gelman et al., Ann. Appl. Stat. 2 (2008).
                return new LogisticRegression()
                        .setRegParam(1.0 / n)
                        .setElasticNetParam(0)
                        .setMaxIter(100)
                        .fit(frame);
            }
        },
        FOREST(RiskTraining.TREES) {
            @Override
            ProbabilisticClassificationModel<Vector, ?> fit(Dataset<Row> frame, int n) {
                // Settings that act only together need trees. A forest (Breiman, Machine Learning 45, 2001) grows in a
                // few
                // Spark jobs, level by level over all its trees; boosting takes as many for each of its trees.
                return new RandomForestClassifier()
                        .setNumTrees(100)
                        .setMaxDepth(5)
                        .setMinInstancesPerNode(5)
                        .setSeed(SEED)
                        .fit(frame);
            }
        };

        private final String text;

        Algorithm(String text) {
            this.text = text;
        }

        abstract ProbabilisticClassificationModel<Vector, ?> fit(Dataset<Row> frame, int n);
    }

    /**
     * A risk model learned from all runs, and how well its like predicted held-out ones.
     *
     * @param calibration curve from its scores to probabilities
     */
    record Trained(
            RiskEvaluation evaluation,
            RiskFeatures features,
            Platt calibration,
            ProbabilisticClassificationModel<Vector, ?> model) {
        double risk(RunRecord run) {
            return calibration.of(score(model, features.encode(run)));
        }
    }

    /**
     * Learns and evaluates.
     *
     * @param decided runs with a known outcome, some unstable and some not
     * @param fewestProjects projects from which whole projects are held out, else runs
     * @param leaveOut settings not to learn from
     */
    static Trained train(SparkSession spark, List<MinedRun> decided, int fewestProjects, Set<String> leaveOut) {
        return new RiskTraining(spark, decided, fewestProjects, leaveOut).train();
    }

    private Trained train() {
        List<CompletableFuture<double[]>> scores = new ArrayList<>();
        for (Algorithm algorithm : Algorithm.values()) {
            scores.add(Background.supply(() -> heldOut(algorithm)));
        }
        Algorithm best = Algorithm.LOGISTIC;
        double[] bestScores = scores.get(0).join();
        double[] bestRisk = evaluator.calibrate(bestScores);
        double[] treeScores = scores.get(1).join();
        double[] treeRisk = evaluator.calibrate(treeScores);
        if (evaluator.logLoss(treeRisk) < evaluator.logLoss(bestRisk)) {
            best = Algorithm.FOREST;
            bestScores = treeScores;
            bestRisk = treeRisk;
        }
        int[] all = IntStream.range(0, runs.size()).toArray();
        RiskFeatures features = RiskFeatures.learn(runs, leaveOut);
        ProbabilisticClassificationModel<Vector, ?> model = fit(best, features, all);
        return new Trained(
                evaluator.evaluate(best.text, grouping, bestRisk, drivers(model, features)),
                features,
                Platt.fit(bestScores, unstable),
                model);
    }

    /** Scores of all runs, each by a model that saw none of its group. */
    private double[] heldOut(Algorithm algorithm) {
        double[] scores = new double[runs.size()];
        for (int fold = 0; fold <= IntStream.of(folds).max().orElse(0); fold++) {
            int own = fold;
            int[] others = IntStream.range(0, folds.length)
                    .filter(i -> folds[i] != own)
                    .toArray();
            long bad = IntStream.of(others).filter(i -> unstable[i]).count();
            RiskFeatures features =
                    RiskFeatures.learn(IntStream.of(others).mapToObj(runs::get).toList(), leaveOut);
            if (bad == 0 || bad == others.length || features.columns().isEmpty()) {
                continue; // Nothing to learn from: all of the fold get the same score.
            }
            ProbabilisticClassificationModel<Vector, ?> model = fit(algorithm, features, others);
            for (int i = 0; i < scores.length; i++) {
                if (folds[i] == fold) {
                    scores[i] = score(model, features.encode(runs.get(i)));
                }
            }
        }
        return scores;
    }

    private ProbabilisticClassificationModel<Vector, ?> fit(Algorithm algorithm, RiskFeatures features, int[] from) {
        List<Row> rows = IntStream.of(from)
                .mapToObj(i -> RowFactory.create(Vectors.dense(features.encode(runs.get(i))), unstable[i] ? 1.0 : 0.0))
                .toList();
        // One partition: sums in one order, whatever the cluster.
        return algorithm.fit(spark.createDataFrame(rows, ROWS).coalesce(1), rows.size());
    }

    /** Log odds, but for their calibration; bounded, for all trees of a forest may agree. */
    static double score(ProbabilisticClassificationModel<Vector, ?> model, double[] features) {
        double p = model.predictProbability(Vectors.dense(features)).apply(1);
        double bounded = Math.max(SUREST, Math.min(1 - SUREST, p));
        return Math.log(bounded / (1 - bounded));
    }

    /** What the model leans on, strongest first, with the direction where it has one. */
    private List<String> drivers(ProbabilisticClassificationModel<Vector, ?> model, RiskFeatures features) {
        int columns = features.columns().size();
        double[] effect = new double[columns];
        if (model instanceof LogisticRegressionModel regression) {
            double[][] rows = runs.stream().map(features::encode).toArray(double[][]::new);
            for (int c = 0; c < columns; c++) {
                effect[c] = regression.coefficients().apply(c) * deviation(rows, c);
            }
        } else if (model instanceof RandomForestClassificationModel trees) {
            effect = trees.featureImportances().toArray();
        }
        double[] sizes = effect;
        double whole =
                IntStream.range(0, columns).mapToDouble(c -> Math.abs(sizes[c])).sum();
        return IntStream.range(0, columns)
                .boxed()
                .filter(c -> Math.abs(sizes[c]) >= DRIVES * whole && whole > 0)
                .sorted(Comparator.comparingDouble((Integer c) -> -Math.abs(sizes[c])))
                .limit(MOST_DRIVERS)
                .map(c -> features.columns().get(c).text()
                        + (model instanceof LogisticRegressionModel ? sizes[c] > 0 ? " raises it" : " lowers it" : ""))
                .toList();
    }

    private static double deviation(double[][] rows, int column) {
        double mean = 0;
        double squares = 0;
        for (double[] row : rows) {
            mean += row[column] / rows.length;
            squares += row[column] * row[column] / rows.length;
        }
        return Math.sqrt(Math.max(0, squares - mean * mean));
    }
}
