package io.tiltmeter.spark;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.GroupRecord;
import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.MetricRecord;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import io.tiltmeter.sources.FormatRegistry;
import io.tiltmeter.sources.IngestPlan;
import io.tiltmeter.sources.LogFormat;
import io.tiltmeter.sources.MetricNames;
import io.tiltmeter.sources.RecordSink;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The records of some logs as rows: one column a metric table, of which exactly one is filled. A format pushes its records
 * and Spark pulls rows, so each file is read by a thread of its own that runs at most a few batches ahead.
 */
final class LogReading implements Iterator<InternalRow> {
    private static final int BATCH = 1024;
    private static final int BATCHES_AHEAD = 4;
    private static final List<String> TABLES = List.copyOf(Schemas.ALL.keySet());

    /** One nullable struct for every metric table. */
    static final StructType SCHEMA = schema();

    private final Iterator<IngestPlan.Log> logs;
    private final MetricNames names;
    private final Configuration configuration;
    private final int maxRejections;
    private final FormatRegistry formats = FormatRegistry.load();
    private Iterator<InternalRow> batch = List.<InternalRow>of().iterator();
    private Optional<Reader> reader = Optional.empty();

    LogReading(Iterator<IngestPlan.Log> logs, MetricNames names, Configuration configuration, int maxRejections) {
        this.logs = logs;
        this.names = names;
        this.configuration = configuration;
        this.maxRejections = maxRejections;
        TaskContext task = TaskContext.get();
        if (task != null) {
            task.addTaskCompletionListener((TaskCompletionListener) context -> reader.ifPresent(Thread::interrupt));
        }
    }

    private static StructType schema() {
        StructType schema = new StructType();
        for (String table : Schemas.ALL.keySet()) {
            schema = schema.add(table, Schemas.of(table), true);
        }
        return schema;
    }

    @Override
    public boolean hasNext() {
        while (!batch.hasNext()) {
            List<InternalRow> rows = reader.map(Reader::take).orElse(List.of());
            if (!rows.isEmpty()) {
                batch = rows.iterator();
            } else if (logs.hasNext()) {
                IngestPlan.Log log = logs.next();
                Reader started = new Reader(log, formats.byId(log.formatId()), names, configuration, maxRejections);
                reader = Optional.of(started);
                started.start();
            } else {
                return false;
            }
        }
        return true;
    }

    @Override
    public InternalRow next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return batch.next();
    }

    /** A row of the combined schema that holds a row of one table. */
    static InternalRow wrap(String table, InternalRow row) {
        Object[] columns = new Object[TABLES.size()];
        columns[TABLES.indexOf(table)] = row;
        return new GenericInternalRow(columns);
    }

    /** Reads one file in a thread of its own and hands its rows over in batches; an empty batch ends them. */
    private static final class Reader extends Thread implements RecordSink {
        private final BlockingQueue<List<InternalRow>> queue = new ArrayBlockingQueue<>(BATCHES_AHEAD);
        private final IngestPlan.Log log;
        private final LogFormat format;
        private final MetricNames names;
        private final Configuration configuration;
        private final int maxRejections;
        private List<InternalRow> filling = new ArrayList<>(BATCH);
        private int rejections;
        private long further;

        Reader(
                IngestPlan.Log log,
                LogFormat format,
                MetricNames names,
                Configuration configuration,
                int maxRejections) {
            super("read " + log.location());
            setDaemon(true);
            this.log = log;
            this.format = format;
            this.names = names;
            this.configuration = configuration;
            this.maxRejections = maxRejections;
        }

        @Override
        public void run() {
            try {
                format.read(log.file(names, this::open), this);
            } catch (Stopped e) {
                return;
            } catch (IOException e) {
                reject(failure(String.valueOf(e.getMessage())));
            } catch (RuntimeException e) {
                // One file that a reader cannot cope with must not take the others with it.
                reject(failure("Reader '" + format.id() + "' failed: " + e));
            }
            if (further > 0) {
                put(
                        "quarantine",
                        RecordRows.row(new Rejection(
                                log.location(),
                                0,
                                "Further lines, for reasons not kept",
                                further,
                                Rejection.Level.REJECTED)));
            }
            if (!filling.isEmpty()) {
                hand(filling);
            }
            hand(List.of());
        }

        private InputStream open(String location) throws IOException {
            return IngestJob.open(location, configuration);
        }

        private Rejection failure(String reason) {
            return new Rejection(log.location(), 0, reason, 1, Rejection.Level.REJECTED);
        }

        /** The next batch; empty after the last. */
        List<InternalRow> take() {
            try {
                return queue.take();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Stopped(e);
            }
        }

        private void put(String table, InternalRow row) {
            filling.add(wrap(table, row));
            if (filling.size() == BATCH) {
                hand(filling);
                filling = new ArrayList<>(BATCH);
            }
        }

        private void hand(List<InternalRow> rows) {
            try {
                queue.put(rows);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Stopped(e);
            }
        }

        @Override
        public void run(RunRecord run) {
            put("runs", RecordRows.row(run));
        }

        @Override
        public void attempt(AttemptRecord attempt) {
            put("attempts", RecordRows.row(attempt));
        }

        @Override
        public void topology(TopologyRecord topology) {
            put("topology", RecordRows.row(topology));
        }

        @Override
        public void step(StepRecord step) {
            put("steps", RecordRows.row(step));
        }

        @Override
        public void metric(MetricRecord metric) {
            put("metrics", RecordRows.row(metric));
        }

        @Override
        public void layer(LayerRecord layer) {
            put("layers", RecordRows.row(layer));
        }

        @Override
        public void group(GroupRecord group) {
            put("groups", RecordRows.row(group));
        }

        @Override
        public void shard(ShardRecord shard) {
            put("shards", RecordRows.row(shard));
        }

        @Override
        public void event(EventRecord event) {
            put("events", RecordRows.row(event));
        }

        @Override
        public void reject(Rejection rejection) {
            if (rejections < maxRejections) {
                rejections++;
                put("quarantine", RecordRows.row(rejection));
            } else {
                further += rejection.count();
            }
        }
    }

    /** The task was stopped; nobody takes rows any more. */
    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Stopped(InterruptedException cause) {
            super(cause);
        }
    }
}
