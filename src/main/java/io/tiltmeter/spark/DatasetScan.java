package io.tiltmeter.spark;

import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Histogram;
import io.tiltmeter.validate.KeyRepeats;
import io.tiltmeter.validate.RowKeys;
import io.tiltmeter.validate.RowPlace;
import io.tiltmeter.validate.ShardProfile;
import io.tiltmeter.validate.TokenCells;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * The one scan over a dataset: every row is read once, into the profile of its shard. Only profiles, and what tasks counted
 * of token ids, are shuffled. Results do not depend on how shards are dealt to tasks: parts of a shard are merged in order,
 * shards in groups of {@value #GROUP} in order, and groups in order.
 */
final class DatasetScan {
    /** Shards merged together before groups are: fixed, since sums of fractions depend on it. */
    private static final int GROUP = 256;

    /** Token ids whose counts go to one place. */
    private static final int CHUNK = 1 << 14;

    /** Group of the first part of the keys: below those of counts, as those are below those of shards. */
    private static final int KEYS = Integer.MIN_VALUE;

    /** Keys of a column from which a task passes them on before it reads another piece; each takes 24 bytes. */
    private static final int MOST_KEYS = 1_000_000;

    private static final int SAMPLED_SHARDS = 32;
    private static final int SAMPLED_ROWS = 5000;

    private DatasetScan() {}

    /** A part of a shard that one task reads: from the beginning of a row group, or the whole. */
    record Piece(ShardFile shard, int part, long start, long length, long firstRow) implements Serializable {}

    /** Where a part of the result belongs. */
    record Place(int group, int shard, int part) implements Comparable<Place>, Serializable {
        private static final Comparator<Place> ORDER = Comparator.comparingInt(Place::group)
                .thenComparingInt(Place::shard)
                .thenComparingInt(Place::part);

        @Override
        public int compareTo(Place other) {
            return ORDER.compare(this, other);
        }
    }

    /** What the scan yields. */
    sealed interface Found extends Serializable {
        /** The profile of a shard, or of a part of one. */
        record Profile(int group, byte[] bytes) implements Found {}

        /** A shard that turned out to be damaged. */
        record Damage(String shard, String reason) implements Found {}

        /** Keys of rows, of one part of all. */
        record Keys(String column, RowKeys keys) implements Found {}

        /** What the keys of one part come to. */
        record Repeats(String column, KeyRepeats repeats) implements Found {}

        /** Counts of token ids from {@code first} on. */
        record Counts(String column, int first, Histogram counts) implements Found {}
    }

    /**
     * Scans the shards: profiles of sound ones in order, damaged ones, counts of token ids, and repeated keys.
     *
     * @param keys columns that should be unique
     */
    static JavaRDD<Found> scan(SparkSession spark, ShardSweep sweep, DataSpec data, Set<String> keys) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        List<List<Piece>> tasks = tasks(spark, sweep);
        ShardReaders readers = ShardReaders.of(spark, sweep.layouts());
        Broadcast<DataSpec> shared = context.broadcast(data);
        JavaPairRDD<Place, Found> parts = context.parallelize(tasks, Math.max(1, tasks.size()))
                .flatMapToPair(new ScanTask(readers, sweep.layouts(), shared, keys));
        int groups = (sweep.shards().size() + GROUP - 1) / GROUP;
        return merge(parts, partitions(context, groups, keys), shared);
    }

    /** Partitions for the parts: a group or a part of the keys each, or a few tasks a core. */
    static int partitions(JavaSparkContext context, int groups, Set<String> keys) {
        int parts = keys.isEmpty() ? groups : Math.max(groups, RowKeys.BUCKETS);
        return Math.max(1, Math.min(parts, context.defaultParallelism() * 8));
    }

    /** Merges parts into shards, each partition in order. */
    static JavaRDD<Found> merge(JavaPairRDD<Place, Found> parts, int partitions, Broadcast<DataSpec> shared) {
        return parts.repartitionAndSortWithinPartitions(new ByGroup(partitions))
                .mapPartitions(rows -> new ShardMerger(rows, shared.value()));
    }

    static int group(int shard) {
        return shard / GROUP;
    }

    /** How tokens are lumped when there is no baseline: by their counts in rows of some shards spread over the dataset. */
    static Map<String, TokenCells> sampleCells(SparkSession spark, ShardSweep sweep) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        List<ShardFile> shards = sweep.shards();
        List<ShardFile> some = new ArrayList<>();
        int wanted = Math.min(SAMPLED_SHARDS, shards.size());
        for (int i = 0; i < wanted; i++) {
            some.add(shards.get((int) ((long) i * shards.size() / wanted)));
        }
        ShardReaders readers = ShardReaders.of(spark, sweep.layouts());
        List<ShardLayout> layouts = sweep.layouts();
        List<Map<String, Histogram>> counts = context.parallelize(
                        some, Math.max(1, Math.min(some.size(), context.defaultParallelism())))
                .map(shard -> sample(readers, layouts.get(shard.schema()), shard))
                .collect();
        return cells(counts);
    }

    /** Cells by what parts of a sample counted of each column. */
    static Map<String, TokenCells> cells(List<Map<String, Histogram>> counts) {
        Map<String, Histogram> sums = new TreeMap<>();
        counts.forEach(each -> each.forEach((column, ids) ->
                sums.computeIfAbsent(column, c -> new Histogram()).add(0, ids)));
        Map<String, TokenCells> cells = new TreeMap<>();
        sums.forEach((column, sum) -> cells.put(column, TokenCells.of(sum.counts())));
        return cells;
    }

    private static Map<String, Histogram> sample(ShardReaders readers, ShardLayout layout, ShardFile shard) {
        ShardProfile profile = new ShardProfile(shard.name(), new DataSpec(Map.of(), 0, 1));
        Map<String, Histogram> histograms = chooseBy(profile, layout);
        RowFeeder feeder = new RowFeeder(layout, profile);
        long[] rows = {0};
        try {
            readers.read(shard, 0, shard.length(), row -> {
                feeder.add(row, rows[0]);
                return ++rows[0] < SAMPLED_ROWS;
            });
        } catch (Exception damaged) {
            // The scan will find it and say so; the sample has other shards.
            rethrowIfInterrupted(damaged);
        }
        return histograms;
    }

    /** Lets a profile count the token ids by which cells are chosen, each column into a histogram of its own. */
    static Map<String, Histogram> chooseBy(ShardProfile profile, ShardLayout layout) {
        Map<String, Histogram> histograms = new TreeMap<>();
        for (ShardLayout.Leaf leaf : layout.leaves()) {
            if (leaf.spec().kind() == ColumnKind.TOKENS) {
                profile.column(leaf.spec())
                        .chooseBy(histograms.computeIfAbsent(leaf.spec().name(), column -> new Histogram()));
            }
        }
        return histograms;
    }

    /** Lets a profile count its token ids one by one, into histograms that other profiles count into too. */
    static void countInto(ShardProfile profile, ShardLayout layout, Map<String, Histogram> histograms) {
        for (ShardLayout.Leaf leaf : layout.leaves()) {
            if (leaf.spec().kind() == ColumnKind.TOKENS) {
                profile.column(leaf.spec())
                        .countInto(histograms.computeIfAbsent(leaf.spec().name(), column -> new Histogram()));
            }
        }
    }

    /** Shards dealt to tasks in order, each about as many bytes; shards with several row groups may be divided. */
    static List<List<Piece>> tasks(SparkSession spark, ShardSweep sweep) {
        int cores = JavaSparkContext.fromSparkContext(spark.sparkContext()).defaultParallelism();
        long most = bytes(spark, "spark.sql.files.maxPartitionBytes");
        // A file costs some time however small it is; Spark's own estimate of it.
        long opening = bytes(spark, "spark.sql.files.openCostInBytes");
        long all = sweep.bytes() + opening * sweep.shards().size();
        long target = Math.max(opening, Math.min(most, all / Math.max(1, cores)));
        List<List<Piece>> tasks = new ArrayList<>();
        List<Piece> task = new ArrayList<>();
        long filled = 0;
        for (ShardFile shard : sweep.shards()) {
            for (Piece piece : pieces(shard, target)) {
                if (filled > 0 && filled + piece.length() > target) {
                    tasks.add(task);
                    task = new ArrayList<>();
                    filled = 0;
                }
                task.add(piece);
                filled += piece.length() + opening;
            }
        }
        if (!task.isEmpty()) {
            tasks.add(task);
        }
        return tasks;
    }

    private static long bytes(SparkSession spark, String setting) {
        return JavaUtils.byteStringAsBytes(spark.conf().get(setting));
    }

    private static List<Piece> pieces(ShardFile shard, long target) {
        long[] starts = shard.groupStarts();
        if (starts.length < 2 || shard.length() <= target) {
            return List.of(new Piece(shard, 0, 0, shard.length(), 0));
        }
        List<Piece> pieces = new ArrayList<>();
        int from = 0;
        long row = 0;
        long rows = 0;
        for (int i = 0; i < starts.length; i++) {
            rows += shard.groupRows()[i];
            boolean last = i == starts.length - 1;
            long end = last ? shard.length() : starts[i + 1];
            if (last || end - starts[from] >= target) {
                // A row group belongs to the part that has its middle; parts from start to start have it.
                long begin = from == 0 ? 0 : starts[from];
                pieces.add(new Piece(shard, pieces.size(), begin, end - begin, row));
                row += rows;
                rows = 0;
                from = i + 1;
            }
        }
        return pieces;
    }

    /** Reads pieces, one after the other. */
    private static final class ScanTask implements PairFlatMapFunction<List<Piece>, Place, Found> {
        private static final long serialVersionUID = 1L;

        private final ShardReaders readers;
        private final List<ShardLayout> layouts;
        private final Broadcast<DataSpec> data;
        private final TreeSet<String> keyColumns;

        ScanTask(ShardReaders readers, List<ShardLayout> layouts, Broadcast<DataSpec> data, Set<String> keyColumns) {
            this.keyColumns = new TreeSet<>(keyColumns);
            this.readers = readers;
            this.layouts = layouts;
            this.data = data;
        }

        @Override
        public java.util.Iterator<Tuple2<Place, Found>> call(List<Piece> pieces) {
            Map<String, Histogram> histograms = new LinkedHashMap<>();
            Map<String, Histogram> fresh = new TreeMap<>();
            Map<String, RowKeys> keys = new TreeMap<>();
            java.util.Iterator<Piece> each = pieces.iterator();
            return new java.util.Iterator<>() {
                private final Deque<Tuple2<Place, Found>> ready = new ArrayDeque<>();
                private boolean counted;

                @Override
                public boolean hasNext() {
                    if (ready.isEmpty() && !each.hasNext() && !counted) {
                        counted = true;
                        ready.addAll(counts(histograms));
                        ready.addAll(keys(keys));
                    }
                    return each.hasNext() || !ready.isEmpty();
                }

                @Override
                public Tuple2<Place, Found> next() {
                    if (!hasNext()) {
                        throw new NoSuchElementException("Nothing is left");
                    }
                    if (ready.isEmpty()) {
                        ready.add(read(each.next(), histograms, fresh, keys));
                        if (keys.values().stream().anyMatch(some -> some.size() >= MOST_KEYS)) {
                            ready.addAll(keys(keys));
                            keys.clear();
                        }
                    }
                    return ready.remove();
                }
            };
        }

        private Tuple2<Place, Found> read(
                Piece piece,
                Map<String, Histogram> histograms,
                Map<String, Histogram> fresh,
                Map<String, RowKeys> keys) {
            ShardFile shard = piece.shard();
            Place place = new Place(group(shard.index()), shard.index(), piece.part());
            Found found;
            try {
                found = profile(piece, histograms, fresh, keys);
            } catch (Exception first) {
                rethrowIfInterrupted(first);
                try {
                    // Once more: a network that failed for a moment is no damage.
                    found = profile(piece, histograms, fresh, keys);
                } catch (Exception again) {
                    rethrowIfInterrupted(again);
                    found = new Found.Damage(shard.name(), ReadFailure.damaged(again));
                }
            }
            return new Tuple2<>(place, found);
        }

        private Found profile(
                Piece piece,
                Map<String, Histogram> histograms,
                Map<String, Histogram> fresh,
                Map<String, RowKeys> keys) {
            ShardLayout layout = layouts.get(piece.shard().schema());
            ShardProfile profile = new ShardProfile(piece.shard().name(), data.value());
            // Of a shard that could not be read to its end something may be left.
            fresh.values().forEach(Histogram::clear);
            countInto(profile, layout, fresh);
            RowFeeder feeder = new RowFeeder(layout, profile);
            long[] row = {piece.firstRow()};
            KeyReader reader = new KeyReader(layout, keyColumns);
            int shard = piece.shard().index();
            readers.read(piece.shard(), piece.start(), piece.length(), each -> {
                reader.read(each, RowPlace.number(false, shard, row[0]));
                feeder.add(each, row[0]++);
                return true;
            });
            // Only now: the tokens and keys of a damaged shard do not count.
            reader.addTo(keys);
            fresh.forEach((column, counts) ->
                    histograms.computeIfAbsent(column, c -> new Histogram()).drain(counts));
            return new Found.Profile(group(piece.shard().index()), profile.encode());
        }
    }

    /** Counts of token ids, cut into chunks that go to different places. */
    static List<Tuple2<Place, Found>> counts(Map<String, Histogram> histograms) {
        List<Tuple2<Place, Found>> chunks = new ArrayList<>();
        histograms.forEach((column, histogram) -> {
            int size = histogram.size();
            for (int first = 0; first < size; first += CHUNK) {
                Histogram chunk = histogram.part(first, Math.min(size, first + CHUNK));
                chunks.add(new Tuple2<>(new Place(-1 - first / CHUNK, 0, 0), new Found.Counts(column, first, chunk)));
            }
        });
        return chunks;
    }

    /** Keys by column, each part to a place of its own. */
    static List<Tuple2<Place, Found>> keys(Map<String, RowKeys> keys) {
        List<Tuple2<Place, Found>> parts = new ArrayList<>();
        keys.forEach((column, all) -> {
            RowKeys[] dealt = all.dealt();
            for (int i = 0; i < dealt.length; i++) {
                if (dealt[i].size() > 0) {
                    parts.add(new Tuple2<>(new Place(KEYS + i, 0, 0), new Found.Keys(column, dealt[i])));
                }
            }
        });
        return parts;
    }

    /** A task that was told to stop must not take that for a damaged file. */
    static void rethrowIfInterrupted(Exception e) {
        TaskContext task = TaskContext.get();
        if (task != null && task.isInterrupted()) {
            task.killTaskIfInterrupted();
        }
        if (e instanceof InterruptedException || Thread.currentThread().isInterrupted()) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted", e);
        }
    }

    /** By group, so that a partition has whole groups. */
    private static final class ByGroup extends Partitioner {
        private static final long serialVersionUID = 1L;

        private final int partitions;

        ByGroup(int partitions) {
            this.partitions = partitions;
        }

        @Override
        public int numPartitions() {
            return partitions;
        }

        @Override
        public int getPartition(Object key) {
            return Math.floorMod(((Place) key).group(), partitions);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof ByGroup same && same.partitions == partitions;
        }

        @Override
        public int hashCode() {
            return partitions;
        }
    }
}
