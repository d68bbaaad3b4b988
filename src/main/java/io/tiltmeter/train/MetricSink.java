package io.tiltmeter.train;

import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.MetricRecord;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.spark.MetricFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * The rows that one worker logs in one segment of training, on their way into the metric tables. Every now and then what
 * has gathered is committed as a chunk, {@code <table>/<run>-<attempt>-<segment>-<worker>-<chunk>.parquet} in each table,
 * so that a worker that is killed leaves what it committed. One thread in the background writes, so that training goes on.
 *
 * <p>A segment that is tried again under the same attempt first removes the chunks of the try before, so that no row is
 * there twice. All methods are for one thread. A failure to write is thrown by the next call.
 */
final class MetricSink implements AutoCloseable {
    /** Rows after which a chunk ends before its time, to bound memory. */
    static final int CHUNK_ROWS = 100_000;

    private static final int WAITING_CHUNKS = 2;
    private static final ThreadMXBean COSTS = ManagementFactory.getThreadMXBean();

    private final String name;
    private final Path root;
    private final Configuration configuration;
    private final long flushNanos;
    private final BlockingQueue<Chunk> queue = new ArrayBlockingQueue<>(WAITING_CHUNKS);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AtomicLong committed = new AtomicLong();
    private volatile double secondsPerRow;
    private final Thread writer;
    // How many files of each table this sink has written; touched by the writer alone.
    private final int[] files = new int[Table.values().length];
    private Chunk chunk = new Chunk();
    private long begun = System.nanoTime();
    private boolean open = true;

    private enum Table {
        STEPS("steps"),
        METRICS("metrics"),
        LAYERS("layers"),
        SHARDS("shards"),
        EVENTS("events");

        private final String text;

        Table(String text) {
            this.text = text;
        }
    }

    /** Rows between two commits; an empty one ends the writer. */
    private static final class Chunk {
        private final List<StepRecord> steps = new ArrayList<>();
        private final List<MetricRecord> metrics = new ArrayList<>();
        private final List<LayerRecord> layers = new ArrayList<>();
        private final List<ShardRecord> shards = new ArrayList<>();
        private final List<EventRecord> events = new ArrayList<>();

        int rows() {
            return steps.size() + metrics.size() + layers.size() + shards.size() + events.size();
        }
    }

    /**
     * Begins a segment.
     *
     * @param metricsRoot folder with a folder for each table, shared by all runs
     * @param flushNanos how often to commit
     * @throws UncheckedIOException if chunks of an earlier try cannot be removed
     */
    MetricSink(
            Path metricsRoot,
            Configuration configuration,
            String runId,
            int attempt,
            long segment,
            int worker,
            long flushNanos) {
        this.root = metricsRoot;
        this.configuration = configuration;
        this.flushNanos = flushNanos;
        name = MetricFile.fileName(runId) + "-" + attempt + "-" + segment + "-" + worker;
        try {
            for (Table table : Table.values()) {
                removeEarlierTry(table);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot remove the metrics of an earlier try, '" + name + "'", e);
        }
        writer = new Thread(this::write, "metrics-" + name);
        writer.setDaemon(true);
        writer.start();
    }

    void step(StepRecord step) {
        ready();
        chunk.steps.add(step);
        flushIfDue();
    }

    void metric(MetricRecord metric) {
        ready();
        chunk.metrics.add(metric);
        flushIfDue();
    }

    void layer(LayerRecord layer) {
        ready();
        chunk.layers.add(layer);
        flushIfDue();
    }

    void shard(ShardRecord shard) {
        ready();
        chunk.shards.add(shard);
        flushIfDue();
    }

    void event(EventRecord event) {
        ready();
        chunk.events.add(event);
        flushIfDue();
    }

    /** Rows committed so far, in all tables. */
    long committedRows() {
        return committed.get();
    }

    /** What a row of the last chunk took to write, in seconds of the writing thread's computing; 0 before there is one. */
    double secondsPerRow() {
        return secondsPerRow;
    }

    /** Commits everything and ends the sink; returns the number of rows committed. */
    long commit() {
        ready();
        open = false;
        if (chunk.rows() > 0) {
            handOver();
        }
        stop();
        rethrow();
        return committed.get();
    }

    /** Ends the sink. Rows not yet handed to the writer are dropped, unless {@link #commit()} came before. */
    @Override
    public void close() {
        if (open) {
            open = false;
            chunk = new Chunk();
            stop();
        }
    }

    private void ready() {
        if (!open) {
            throw new IllegalStateException("Metrics '" + name + "' are closed");
        }
        rethrow();
    }

    private void rethrow() {
        Throwable cause = failure.get();
        if (cause instanceof IOException e) {
            throw new UncheckedIOException("Cannot write metrics '" + name + "' below '" + root + "'", e);
        }
        if (cause != null) {
            throw new IllegalStateException("Cannot write metrics '" + name + "' below '" + root + "'", cause);
        }
    }

    private void flushIfDue() {
        if (chunk.rows() >= CHUNK_ROWS || System.nanoTime() - begun >= flushNanos) {
            handOver();
        }
    }

    private void handOver() {
        put(chunk);
        chunk = new Chunk();
        begun = System.nanoTime();
    }

    /** Waits while the writer is two chunks behind, which bounds memory. */
    private void put(Chunk next) {
        try {
            queue.put(next);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while metrics '" + name + "' waited to be written", e);
        }
    }

    private void stop() {
        put(new Chunk());
        try {
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while metrics '" + name + "' were being written", e);
        }
    }

    /** The writer's whole life. After a failure it goes on taking chunks, so that nobody waits for it forever. */
    private void write() {
        try {
            for (Chunk next = queue.take(); next.rows() > 0; next = queue.take()) {
                if (failure.get() == null) {
                    long from = COSTS.getCurrentThreadCpuTime();
                    write(next);
                    secondsPerRow = (COSTS.getCurrentThreadCpuTime() - from) * 1e-9 / next.rows();
                }
            }
        } catch (InterruptedException e) {
            failure.compareAndSet(null, e);
        }
    }

    private void write(Chunk rows) {
        try {
            write(Table.STEPS, rows.steps, MetricFile::append);
            write(Table.METRICS, rows.metrics, MetricFile::append);
            write(Table.LAYERS, rows.layers, MetricFile::append);
            write(Table.SHARDS, rows.shards, MetricFile::append);
            write(Table.EVENTS, rows.events, MetricFile::append);
        } catch (IOException | RuntimeException | Error e) {
            failure.set(e);
        }
    }

    private interface Append<R> {
        void to(MetricFile file, R row) throws IOException;
    }

    private <R> void write(Table table, List<R> rows, Append<R> append) throws IOException {
        if (rows.isEmpty()) {
            return;
        }
        try (MetricFile file = MetricFile.create(
                table.text, new Path(root, table.text), file(files[table.ordinal()]), configuration)) {
            for (R row : rows) {
                append.to(file, row);
            }
            file.commit();
        }
        files[table.ordinal()]++;
        committed.addAndGet(rows.size());
    }

    private String file(int number) {
        return name + "-" + number + ".parquet";
    }

    /** A table's chunks are numbered without gaps, and go last first, so that none is forgotten if this is cut short. */
    private void removeEarlierTry(Table table) throws IOException {
        Path folder = new Path(root, table.text);
        int n = 0;
        while (MetricFile.exists(folder, file(n), configuration)) {
            n++;
        }
        while (n > 0) {
            n--;
            MetricFile.delete(folder, file(n), configuration);
        }
    }
}
