package io.tiltmeter.spark;

import io.tiltmeter.spark.DatasetScan.Piece;
import io.tiltmeter.validate.Document;
import io.tiltmeter.validate.RowPlace;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/** Contents of the rows of files, with the numbers of their places; each use reads the files once more. */
final class DatasetRows {
    private DatasetRows() {}

    /**
     * The documents of all rows that have content.
     *
     * @param skipped shards that are damaged inside
     */
    static JavaRDD<Document> documents(
            SparkSession spark, ShardSweep sweep, RowContents contents, boolean eval, Set<String> skipped) {
        if (sweep.shards().size() > RowPlace.MOST_SHARDS) {
            throw new InputException("Cannot compare rows of " + sweep.shards().size() + " shards, expected at most "
                    + RowPlace.MOST_SHARDS + "; disable the checks of duplicates");
        }
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        List<List<Piece>> tasks = new ArrayList<>();
        for (List<Piece> task : DatasetScan.tasks(spark, sweep)) {
            tasks.add(List.copyOf(task.stream()
                    .filter(piece -> !skipped.contains(piece.shard().name()))
                    .toList()));
        }
        ShardReaders readers = ShardReaders.of(spark, sweep.layouts());
        return context.parallelize(tasks, Math.max(1, tasks.size()))
                .flatMap(new PiecesTask(readers, sweep.layouts(), contents, eval));
    }

    /** Reads pieces, one after the other. */
    private static final class PiecesTask implements FlatMapFunction<List<Piece>, Document> {
        private static final long serialVersionUID = 1L;

        private final ShardReaders readers;
        private final List<ShardLayout> layouts;
        private final RowContents contents;
        private final boolean eval;

        PiecesTask(ShardReaders readers, List<ShardLayout> layouts, RowContents contents, boolean eval) {
            this.readers = readers;
            this.layouts = layouts;
            this.contents = contents;
            this.eval = eval;
        }

        @Override
        public Iterator<Document> call(List<Piece> pieces) {
            return new Documents(pieces.iterator(), this);
        }
    }

    /** The documents of pieces. */
    private static final class Documents implements Iterator<Document> {
        private final Iterator<Piece> pieces;
        private final PiecesTask task;
        private ShardReaders.@Nullable Rows open;
        private RowContents.@Nullable Reader reader;
        private int shard;
        private long row;
        private Optional<Document> ahead = Optional.empty();

        Documents(Iterator<Piece> pieces, PiecesTask task) {
            this.pieces = pieces;
            this.task = task;
            TaskContext context = TaskContext.get();
            if (context != null) {
                context.addTaskCompletionListener((TaskCompletionListener) done -> closeOpen());
            }
        }

        @Override
        public boolean hasNext() {
            while (ahead.isEmpty()) {
                ShardReaders.Rows rows = open;
                RowContents.Reader contents = reader;
                if (rows != null && contents != null && rows.hasNext()) {
                    InternalRow next = rows.next();
                    ahead = contents.read(next, RowPlace.number(task.eval, shard, row++));
                } else if (pieces.hasNext()) {
                    closeOpen();
                    Piece piece = pieces.next();
                    open = task.readers.open(piece.shard(), piece.start(), piece.length());
                    reader = task.contents.reader(task.layouts.get(piece.shard().schema()));
                    shard = piece.shard().index();
                    row = piece.firstRow();
                } else {
                    closeOpen();
                    return false;
                }
            }
            return true;
        }

        @Override
        public Document next() {
            if (!hasNext()) {
                throw new NoSuchElementException("No row is left");
            }
            Document next = ahead.orElseThrow();
            ahead = Optional.empty();
            return next;
        }

        private void closeOpen() {
            ShardReaders.Rows rows = open;
            open = null;
            if (rows != null) {
                rows.close();
            }
        }
    }
}
