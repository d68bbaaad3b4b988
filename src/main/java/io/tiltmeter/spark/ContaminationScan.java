package io.tiltmeter.spark;

import io.tiltmeter.validate.Contamination;
import io.tiltmeter.validate.Document;
import io.tiltmeter.validate.NgramIndex;
import io.tiltmeter.validate.NgramIndex.Hits;
import io.tiltmeter.validate.RowPair;
import io.tiltmeter.validate.RowPlace;
import io.tiltmeter.validate.checks.ContaminationCheck;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/** Looks for the n-grams of evaluation documents in one pass over the dataset; nothing of it is shuffled. */
final class ContaminationScan {
    private ContaminationScan() {}

    /**
     * What to look for.
     *
     * @param shortest least length of an n-gram
     * @param coverage share of a document's units from which it is covered
     * @param units most units of evaluation documents held in memory
     * @param listed most documents listed
     */
    record Wanted(String columns, int shortest, int longest, double coverage, long units, int listed) {}

    /** Runs the scan. */
    static Contamination run(
            SparkSession spark,
            JavaRDD<Document> training,
            JavaRDD<Document> evaluation,
            LongFunction<RowPlace> places,
            Wanted wanted) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Tuple2<Long, Long> sizes = evaluation
                .map(document -> new Tuple2<>(1L, (long) document.units().length))
                .fold(new Tuple2<>(0L, 0L), (a, b) -> new Tuple2<>(a._1() + b._1(), a._2() + b._2()));
        double kept = (double) wanted.units() / Math.max(1, sizes._2());
        List<Document> held =
                evaluation.filter(document -> kept >= 1 || uniform(document.place()) < kept).collect().stream()
                        .sorted(Comparator.comparingLong(Document::place))
                        .toList();
        NgramIndex index = NgramIndex.of(held, NgramIndex.length(held, wanted.shortest(), wanted.longest()));
        Broadcast<NgramIndex> shared = context.broadcast(index);
        Hits hits = training.mapPartitions(new Looking(shared)).treeAggregate(new Hits(), Hits::merge, Hits::merge);
        shared.unpersist();
        return judged(index, hits, sizes._1(), places, wanted);
    }

    /** A number from 0 to 1 that depends on a row's place alone. */
    static double uniform(long place) {
        return (new Document(place, new long[] {place}, "").low() >>> 11) * 0x1p-53;
    }

    private static Contamination judged(
            NgramIndex index, Hits hits, long of, LongFunction<RowPlace> places, Wanted wanted) {
        long tooShort = 0;
        long shared = 0;
        long covered = 0;
        List<RowPair> pairs = new ArrayList<>();
        for (int document = 0; document < index.documents(); document++) {
            if (!index.isLongEnough(document)) {
                tooShort++;
                continue;
            }
            double share = index.covered(document, hits);
            shared += share > 0 ? 1 : 0;
            covered += share >= wanted.coverage() ? 1 : 0;
            long training = hits.bestPlace(document);
            if (training >= 0) {
                pairs.add(new RowPair(
                        ContaminationCheck.ID,
                        places.apply(training),
                        places.apply(index.place(document)),
                        share,
                        String.format(Locale.ROOT, "share covered by %d-grams", index.n())));
            }
        }
        // The sort is stable: equally covered ones stay in the order of their places.
        pairs.sort(Comparator.comparingDouble(RowPair::similarity).reversed());
        return new Contamination(
                wanted.columns(),
                index.n(),
                index.documents(),
                of,
                tooShort,
                shared,
                covered,
                wanted.coverage(),
                pairs.subList(0, Math.min(wanted.listed(), pairs.size())));
    }

    /** Looks the documents of a partition up. */
    private static final class Looking implements FlatMapFunction<Iterator<Document>, Hits> {
        private static final long serialVersionUID = 1L;

        private final Broadcast<NgramIndex> index;

        Looking(Broadcast<NgramIndex> index) {
            this.index = index;
        }

        @Override
        public Iterator<Hits> call(Iterator<Document> documents) {
            Hits hits = new Hits();
            documents.forEachRemaining(document -> index.value().look(document, hits));
            return List.of(hits).iterator();
        }
    }
}
