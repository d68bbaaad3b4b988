package io.tiltmeter.spark;

import io.tiltmeter.model.StepRecord;
import io.tiltmeter.simulate.FleetSimulator;
import io.tiltmeter.simulate.FleetSpec;
import io.tiltmeter.simulate.PlantedFault;
import io.tiltmeter.simulate.StepCursor;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/** Writes a simulated fleet as metric tables, with the planted truth beside them in a table {@code labels}. */
public final class SimulateJob {
    private SimulateJob() {}

    /** Rows a task writes, at the least; a task is a part of one run. */
    private static final long ROWS_PER_TASK = 500_000;

    private static final StructType LABELS = new StructType()
            .add("run_id", DataTypes.StringType, false)
            .add("kind", DataTypes.StringType, false)
            .add("first_step", DataTypes.LongType, false)
            .add("last_step", DataTypes.LongType, false)
            .add("worker", DataTypes.IntegerType, true)
            .add("detector", DataTypes.StringType, true)
            .add("severity", DataTypes.StringType, false)
            .add("description", DataTypes.StringType, false);

    /**
     * What to simulate and where to write.
     *
     * @param output folder for the metric tables
     * @param steps planned steps of each run
     */
    public record Request(String output, int runs, int workers, int steps, long seed) {
        /** The fleet: every kind of fault, in four projects. */
        FleetSpec spec() {
            return FleetSpec.small(seed).withRuns(runs).withWorkers(workers).withSteps(steps);
        }
    }

    /** Runs the job. */
    public static Outcome run(SparkSession spark, Request request, Progress progress) {
        return run(spark, request.output(), request.spec(), progress);
    }

    /** Writes this fleet to a folder. */
    public static Outcome run(SparkSession spark, String output, FleetSpec spec, Progress progress) {
        FleetSimulator fleet = new FleetSimulator(spec);
        progress.stage(String.format(
                "Simulating %,d runs × %,d workers × %,d steps", spec.runs(), spec.workers(), spec.steps()));
        AttemptFolder attempt =
                AttemptFolder.begin(new Path(output), spark.sparkContext().hadoopConfiguration());
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        // Runs follow one another in a file, as a fleet's logs do; a task has some whole runs, or a part of a long one.
        int slices = (int) Math.max(1, Math.min(Integer.MAX_VALUE, fleet.rows() / ROWS_PER_TASK));
        JavaRDD<Part> parts = context.parallelize(parts(fleet), slices);
        write(spark, parts.mapPartitions(p -> new Rows(p, spec)), Schemas.STEPS, attempt.file("steps"));
        JavaRDD<Integer> runs = context.parallelize(numbers(spec.runs()), Math.max(1, spec.runs() / 1000));
        write(
                spark,
                runs.map(i -> RecordRows.row(new FleetSimulator(spec).run(i))),
                Schemas.RUNS,
                attempt.file("runs"));
        write(
                spark,
                runs.flatMap(i -> new FleetSimulator(spec)
                        .attempts(i).stream().map(RecordRows::row).iterator()),
                Schemas.ATTEMPTS,
                attempt.file("attempts"));
        write(
                spark,
                runs.flatMap(i -> new FleetSimulator(spec)
                        .topology(i)
                        .map(RecordRows::row)
                        .iterator()),
                Schemas.TOPOLOGY,
                attempt.file("topology"));
        write(
                spark,
                runs.flatMap(i ->
                        new FleetSimulator(spec).events(i).map(RecordRows::row).iterator()),
                Schemas.EVENTS,
                attempt.file("events"));
        write(
                spark,
                runs.flatMap(i -> new FleetSimulator(spec)
                        .labels(i).stream().map(SimulateJob::label).iterator()),
                LABELS,
                attempt.file("labels"));
        attempt.publish();
        return new Outcome(
                String.format("Simulated %,d rows of %,d runs in %s", fleet.rows(), spec.runs(), output),
                Optional.empty(),
                List.of(),
                Optional.of(output));
    }

    private static void write(SparkSession spark, JavaRDD<InternalRow> rows, StructType schema, Path folder) {
        InternalFrames.frame(spark, rows, schema).write().parquet(folder.toString());
    }

    private static List<Integer> numbers(int n) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            numbers.add(i);
        }
        return numbers;
    }

    /** Part of a run that one task writes. */
    private record Part(int run, long fromStep, long toStep) implements Serializable {}

    private static List<Part> parts(FleetSimulator fleet) {
        FleetSpec spec = fleet.spec();
        long steps = Math.max(1, ROWS_PER_TASK / (spec.workers() + 1L)) * spec.logEvery();
        List<Part> parts = new ArrayList<>();
        for (int run = 0; run < spec.runs(); run++) {
            for (long from = 0; from < spec.steps(); from += steps) {
                parts.add(new Part(run, from, Math.min(spec.steps(), from + steps)));
            }
        }
        return parts;
    }

    private static InternalRow label(PlantedFault fault) {
        return new GenericInternalRow(new Object[] {
            UTF8String.fromString(fault.runId()),
            UTF8String.fromString(fault.kind().text()),
            fault.firstStep(),
            fault.lastStep(),
            fault.worker() == StepRecord.NO_WORKER ? null : fault.worker(),
            fault.detector() == null ? null : UTF8String.fromString(fault.detector()),
            UTF8String.fromString(fault.severity().text()),
            UTF8String.fromString(fault.description())
        });
    }

    /** The rows of some parts, one after the other. */
    private static final class Rows implements Iterator<InternalRow> {
        private final Iterator<Part> parts;
        private final FleetSimulator fleet;
        private Optional<StepCursor> cursor = Optional.empty();
        private UTF8String runId = UTF8String.EMPTY_UTF8;
        private boolean ready;

        Rows(Iterator<Part> parts, FleetSpec spec) {
            this.parts = parts;
            fleet = new FleetSimulator(spec);
        }

        @Override
        public boolean hasNext() {
            while (!ready) {
                if (cursor.isPresent() && cursor.get().next()) {
                    ready = true;
                } else if (parts.hasNext()) {
                    Part part = parts.next();
                    StepCursor next = fleet.steps(
                            part.run, StepRecord.NO_WORKER, fleet.spec().workers(), part.fromStep, part.toStep);
                    runId = UTF8String.fromString(next.runId());
                    cursor = Optional.of(next);
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
            ready = false;
            StepCursor at = cursor.orElseThrow();
            return RecordRows.step(
                    runId,
                    at.attempt(),
                    at.worker(),
                    at.step(),
                    at.timeMicros(),
                    UTF8String.fromString(at.scope().text()),
                    at.stepSpan(),
                    at.values(),
                    UTF8String.fromString(at.gradNormKind()),
                    UTF8String.fromString(at.batchHash()),
                    UTF8String.fromString(at.parameterHash()));
        }
    }
}
