package io.tiltmeter.spark;

import io.tiltmeter.correlate.mining.Archetypes;
import io.tiltmeter.correlate.mining.Signatures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.clustering.KMeansModel;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Groups the signatures of runs with trouble by MLlib's k-means; the silhouette says into how many groups, if any. */
final class ArchetypeClustering {
    private static final int MOST_CLUSTERS = 8;
    /** Runs a cluster should have on average at least. */
    private static final int FEWEST_RUNS = 5;
    /** Points by which clusterings are compared: each is compared with every other. */
    private static final int MOST_COMPARED = 1000;

    private static final long SEED = 17;

    private static final StructType POINTS = new StructType().add("features", SQLDataTypes.VectorType(), false);

    private ArchetypeClustering() {}

    /**
     * A clustering.
     *
     * @param silhouette its mean silhouette
     */
    record Clustering(KMeansModel model, double silhouette) {
        double[][] centres() {
            return ArchetypeClustering.centres(model);
        }
    }

    static double[][] centres(KMeansModel model) {
        return Arrays.stream(model.clusterCenters()).map(Vector::toArray).toArray(double[][]::new);
    }

    /** The clustering with the highest silhouette, empty if there are too few different points for any. */
    static Optional<Clustering> best(SparkSession spark, Signatures signatures) {
        double[][] points = signatures.points();
        long different = Arrays.stream(points).map(Arrays::toString).distinct().count();
        int most = (int) Math.min(Math.min(MOST_CLUSTERS, points.length / FEWEST_RUNS), different);
        List<Row> rows = Arrays.stream(points)
                .map(point -> RowFactory.create(Vectors.dense(point)))
                .toList();
        // One partition: sums in one order, whatever the cluster.
        Dataset<Row> frame = spark.createDataFrame(rows, POINTS).coalesce(1).cache();
        try {
            List<CompletableFuture<Clustering>> tried = new ArrayList<>();
            for (int clusters = 2; clusters <= most; clusters++) {
                int k = clusters;
                tried.add(Background.supply(() -> cluster(frame, points, k)));
            }
            Clustering best = null;
            for (CompletableFuture<Clustering> one : tried) {
                Clustering clustering = one.join();
                if (best == null || clustering.silhouette() > best.silhouette()) {
                    best = clustering;
                }
            }
            return Optional.ofNullable(best);
        } finally {
            frame.unpersist();
        }
    }

    private static Clustering cluster(Dataset<Row> frame, double[][] points, int k) {
        KMeansModel model = new KMeans().setK(k).setSeed(SEED).setMaxIter(50).fit(frame);
        double[][] centres = centres(model);
        int stride = (points.length + MOST_COMPARED - 1) / MOST_COMPARED;
        double[][] compared = IntStream.range(0, points.length)
                .filter(i -> i % stride == 0)
                .mapToObj(i -> points[i])
                .toArray(double[][]::new);
        int[] cluster = Arrays.stream(compared)
                .mapToInt(point -> Archetypes.nearest(point, centres))
                .toArray();
        return new Clustering(model, Archetypes.silhouette(compared, cluster, centres.length));
    }
}
