package io.tiltmeter.spark;

import io.tiltmeter.validate.Document;
import io.tiltmeter.validate.RowPair;
import io.tiltmeter.validate.RowPlace;
import io.tiltmeter.validate.Shingles;
import io.tiltmeter.validate.checks.ConflictingLabelsCheck;
import io.tiltmeter.validate.checks.EvalDuplicatesCheck;
import io.tiltmeter.validate.checks.NearDuplicatesCheck;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/** Pairs of contents, compared shingle by shingle, and what they come to. */
final class NearPairs {
    private static final Comparator<Pair> ORDER = Comparator.comparingDouble(Pair::jaccard)
            .reversed()
            .thenComparingLong(Pair::a)
            .thenComparingLong(Pair::b);

    private final List<Pair> pairs;
    private final LongFunction<RowPlace> places;
    private final int listed;

    /** A pair of rows, the smaller number first. */
    record Pair(long a, long b, double jaccard, String labelOfA, String labelOfB) implements Serializable {
        boolean isLabelled() {
            return !RowPlace.isEval(b) && !labelOfA.isEmpty() && !labelOfB.isEmpty();
        }

        boolean isConflict() {
            return isLabelled() && !labelOfA.equals(labelOfB);
        }
    }

    /** What of a row is compared. */
    private record Detail(long[] shingles, String label) implements Serializable {}

    /** Takes what pairs come to. */
    interface Sums<T> {
        T of(long contents, long evalContents, long labelled, long conflicting, List<RowPair> pairs);
    }

    NearPairs(List<Pair> pairs, LongFunction<RowPlace> places, int listed) {
        this.pairs = pairs.stream().sorted(ORDER).toList();
        this.places = places;
        this.listed = listed;
    }

    /** Of candidate pairs those whose similarity reaches the bound, from a pass over the documents. */
    static List<Pair> verified(
            SparkSession spark, JavaRDD<Document> documents, Dataset<Row> candidates, int shingle, double jaccard) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        long[] needed = candidates.collectAsList().stream()
                .flatMapToLong(row -> LongStream.of(row.getLong(0), row.getLong(1)))
                .sorted()
                .distinct()
                .toArray();
        Broadcast<long[]> shared = context.broadcast(needed);
        JavaPairRDD<Long, Detail> details = documents
                .filter(document -> Arrays.binarySearch(shared.value(), document.place()) >= 0)
                .mapToPair(document -> new Tuple2<>(
                        document.place(), new Detail(Shingles.set(document.units(), shingle), document.label())));
        List<Pair> verified = candidates
                .toJavaRDD()
                .mapToPair(row -> new Tuple2<>(row.getLong(0), row.getLong(1)))
                .join(details)
                .mapToPair(joined -> new Tuple2<>(
                        joined._2()._1(), new Tuple2<>(joined._1(), joined._2()._2())))
                .join(details)
                .map(joined -> pair(
                        joined._2()._1()._1(),
                        joined._2()._1()._2(),
                        joined._1(),
                        joined._2()._2()))
                .filter(pair -> pair.jaccard() >= jaccard)
                .collect();
        shared.unpersist();
        return verified;
    }

    private static Pair pair(long a, Detail ofA, long b, Detail ofB) {
        return new Pair(a, b, Shingles.jaccard(ofA.shingles(), ofB.shingles()), ofA.label(), ofB.label());
    }

    /** Adds up: contents that nearly equal an earlier one, pairs with labels, and the most similar pairs of each kind. */
    <T> T summed(Sums<T> sums) {
        Set<Long> inside = new HashSet<>();
        Set<Long> eval = new HashSet<>();
        long labelled = 0;
        long conflicting = 0;
        List<RowPair> listedInside = new ArrayList<>();
        List<RowPair> listedEval = new ArrayList<>();
        List<RowPair> listedConflicts = new ArrayList<>();
        for (Pair pair : pairs) {
            boolean ofEval = RowPlace.isEval(pair.b);
            boolean fresh = (ofEval ? eval : inside).add(pair.b);
            List<RowPair> into = ofEval ? listedEval : listedInside;
            if (fresh && into.size() < listed) {
                into.add(listed(ofEval ? EvalDuplicatesCheck.ID : NearDuplicatesCheck.ID, pair, ""));
            }
            labelled += pair.isLabelled() ? 1 : 0;
            if (pair.isConflict()) {
                conflicting++;
                if (listedConflicts.size() < listed) {
                    listedConflicts.add(listed(
                            ConflictingLabelsCheck.ID,
                            pair,
                            "labels '" + pair.labelOfA + "' and '" + pair.labelOfB + "'"));
                }
            }
        }
        List<RowPair> all = new ArrayList<>(listedInside);
        all.addAll(listedEval);
        all.addAll(listedConflicts);
        return sums.of(inside.size(), eval.size(), labelled, conflicting, all);
    }

    private RowPair listed(String check, Pair pair, String note) {
        return new RowPair(check, places.apply(pair.a), places.apply(pair.b), pair.jaccard, note);
    }
}
