package io.tiltmeter.spark;

import io.tiltmeter.model.StepRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.jspecify.annotations.Nullable;

/** Writes one Parquet file, row by row, under the name and with the columns a test wants; without Spark, and quickly. */
final class StepFile {
    /** The columns of rows made by {@link #row}. */
    static final String COLUMNS = "optional binary run_id (STRING); optional int32 attempt; optional int32 worker;"
            + " optional int64 step; optional int64 time (TIMESTAMP(MICROS,true)); optional binary scope (STRING);"
            + " optional double loss; optional double grad_norm;";

    /** When the first step of every run is logged. */
    static final long START_MICROS = 1_790_000_000_000_000L;

    private static final Configuration CONFIGURATION = new Configuration();

    private final MessageType schema;
    private final List<@Nullable Object[]> rows = new ArrayList<>();
    private boolean dictionary = true;

    private StepFile(String columns) {
        schema = MessageTypeParser.parseMessageType("message spark_schema { " + columns + " }");
    }

    /** A file of the usual columns. */
    static StepFile of() {
        return new StepFile(COLUMNS);
    }

    /** A file of columns as Parquet writes them in a schema. */
    static StepFile of(String columns) {
        return new StepFile(columns);
    }

    /** Stores every value as it is, without dictionaries. */
    StepFile plain() {
        dictionary = false;
        return this;
    }

    /** Adds a row; a cell that is null is not there. */
    StepFile row(@Nullable Object... cells) {
        rows.add(cells);
        return this;
    }

    /** Adds one row a step, of some workers each (none: of the run as a whole). */
    StepFile steps(String run, int attempt, int workers, long from, long to) {
        return steps(run, attempt, workers, from, to, 1);
    }

    StepFile steps(String run, int attempt, int workers, long from, long to, long gap) {
        for (long step = from; step < to; step += gap) {
            for (int worker = workers == 0 ? StepRecord.NO_WORKER : 0; worker < workers; worker++) {
                point(run, attempt, worker, step, 0);
            }
        }
        return this;
    }

    /** Adds a row of the usual columns whose values follow from its keys. */
    StepFile point(String run, int attempt, int worker, long step, double extra) {
        boolean whole = worker == StepRecord.NO_WORKER;
        double wobble = 0.01 * Math.sin(step * 12.9898 + worker * 78.233 + run.hashCode() % 1000);
        return row(
                run,
                attempt,
                whole ? null : worker,
                step,
                START_MICROS + step * 1_000_000 + attempt,
                whole ? "global" : "local",
                2 + 3 / (1 + step / 100.0) + wobble + extra,
                1 + 10 * wobble + extra);
    }

    /** Writes the file, with the folders above it; one that is there is replaced. */
    Path write(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                    .withType(schema)
                    .withConf(CONFIGURATION)
                    .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                    .withCompressionCodec(CompressionCodecName.SNAPPY)
                    .withDictionaryEncoding(dictionary)
                    .build()) {
                for (@Nullable Object[] row : rows) {
                    writer.write(group(row));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    private Group group(@Nullable Object[] cells) {
        Group group = new SimpleGroup(schema);
        for (int i = 0; i < cells.length; i++) {
            Object cell = cells[i];
            if (cell instanceof Integer number) {
                group.add(i, number);
            } else if (cell instanceof Long number) {
                group.add(i, number);
            } else if (cell instanceof Float number) {
                group.add(i, number);
            } else if (cell instanceof Double number) {
                group.add(i, number);
            } else if (cell instanceof Boolean bit) {
                group.add(i, bit);
            } else if (cell instanceof Binary bytes) {
                group.add(i, bytes);
            } else if (cell != null) {
                group.add(i, cell.toString());
            }
        }
        return group;
    }
}
