package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.simulate.FaultKind;
import io.tiltmeter.simulate.FleetSimulator;
import io.tiltmeter.simulate.FleetSpec;
import io.tiltmeter.simulate.PlantedFault;
import io.tiltmeter.simulate.StepCursor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulateJobTest {
    private static final SparkSession SPARK = LocalSpark.session();
    private static final FleetSpec FLEET = FleetSpec.small(5)
            .withFaults(0.8, List.of(FaultKind.RESTART, FaultKind.NAN_INPUTS, FaultKind.EMPTY_RUN))
            .withRuns(4)
            .withWorkers(2)
            .withSteps(200);

    @TempDir
    Path folder = Path.of("");

    @Test
    void rowsOnDiskAreTheSimulators() {
        SimulateJob.run(SPARK, folder.toString(), FLEET, message -> {});
        FleetSimulator fleet = new FleetSimulator(FLEET);

        List<String> expected = new ArrayList<>();
        for (int run = 0; run < FLEET.runs(); run++) {
            for (StepCursor cursor = fleet.steps(run, StepRecord.NO_WORKER, FLEET.workers()); cursor.next(); ) {
                expected.add(text(cursor.toRecord()));
            }
        }
        List<String> written = new ArrayList<>();
        for (Row row : table("steps").collectAsList()) {
            written.add(text(row));
        }

        assertThat(written).hasSize((int) fleet.rows()).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(expected).anySatisfy(text -> assertThat(text).contains("NaN"));
    }

    @Test
    void labelsRunsAttemptsAndTopologyAreThere() {
        Outcome outcome = SimulateJob.run(SPARK, folder.toString(), FLEET, message -> {});
        FleetSimulator fleet = new FleetSimulator(FLEET);

        assertThat(outcome.location()).contains(folder.toString());
        assertThat(table("labels")
                        .selectExpr("run_id", "kind", "first_step", "last_step")
                        .collectAsList())
                .extracting(Row::mkString)
                .containsExactlyInAnyOrderElementsOf(
                        fleet.labels().stream().map(SimulateJobTest::text).toList())
                .hasSizeGreaterThanOrEqualTo(3);
        assertThat(table("runs").count()).isEqualTo(4);
        assertThat(table("attempts").where("attempt = 1").count()).isEqualTo(1);
        assertThat(table("topology").select("worker").distinct().count()).isEqualTo(2);
        for (String table : List.of("runs", "attempts", "topology", "steps")) {
            assertThat(table(table).schema().apply(0).metadata().getLong(Schemas.VERSION_KEY))
                    .isEqualTo(Schemas.VERSION);
        }
    }

    private org.apache.spark.sql.Dataset<Row> table(String name) {
        return SPARK.read()
                .parquet(AttemptFolder.current(new org.apache.hadoop.fs.Path(folder.toString()), new Configuration())
                                .orElseThrow()
                        + "/" + name);
    }

    private static String text(PlantedFault fault) {
        return fault.runId() + fault.kind().text() + fault.firstStep() + fault.lastStep();
    }

    private static String text(StepRecord step) {
        StringBuilder text = new StringBuilder(String.join(
                "/",
                step.runId(),
                String.valueOf(step.attempt()),
                step.worker() == StepRecord.NO_WORKER ? "null" : String.valueOf(step.worker()),
                String.valueOf(step.step()),
                String.valueOf(step.timeMicros()),
                step.scope().text(),
                String.valueOf(step.stepSpan())));
        for (Metric metric : Metric.values()) {
            text.append('/')
                    .append(
                            step.values().has(metric)
                                    ? String.valueOf(step.values().get(metric))
                                    : "null");
        }
        return text.append('/').append(step.gradNormKind()).toString();
    }

    private static String text(Row row) {
        java.sql.Timestamp time = row.getAs("time");
        StringBuilder text = new StringBuilder(String.join(
                "/",
                row.getAs("run_id"),
                String.valueOf(row.<Integer>getAs("attempt")),
                String.valueOf(row.<Integer>getAs("worker")),
                String.valueOf(row.<Long>getAs("step")),
                time == null
                        ? "null"
                        : String.valueOf(Math.floorDiv(time.getTime(), 1000L) * 1_000_000 + time.getNanos() / 1000),
                row.getAs("scope"),
                String.valueOf(row.<Integer>getAs("step_span"))));
        for (Metric metric : Metric.values()) {
            text.append('/').append(String.valueOf(row.<Double>getAs(metric.column())));
        }
        return text.append('/').append(row.<String>getAs("grad_norm_kind")).toString();
    }
}
