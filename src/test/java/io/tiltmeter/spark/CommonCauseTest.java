package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.TopologyRecord;
import io.tiltmeter.simulate.FaultKind;
import io.tiltmeter.simulate.FleetSimulator;
import io.tiltmeter.simulate.FleetSpec;
import io.tiltmeter.simulate.PlantedFault;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From metric tables to causes that runs share: workers of one host read NaN, and the loss jumps at one data shard. */
class CommonCauseTest {
    private static final Progress QUIET = stage -> {};
    private static final String BAD_HOST = "node-bad";
    private static final String BAD_SHARD = "shard-bad";
    private static final int HOSTS = 12;
    private static final int STEPS_A_SHARD = 20;

    @Test
    void findsTheHostAndTheShardThatIncidentsOfDifferentRunsPointAt(@TempDir Path folder) throws IOException {
        FleetSpec spec = FleetSpec.small(23)
                .withRuns(60)
                .withSteps(400)
                .withFp16Share(0)
                .withFaults(0.4, List.of(FaultKind.NAN_INPUTS, FaultKind.LOSS_SPIKE));
        Path metrics = folder.resolve("metrics");
        SimulateJob.run(LocalSpark.session(), metrics.toString(), spec, QUIET);
        FleetSimulator fleet = new FleetSimulator(spec);
        write(topology(fleet), Schemas.TOPOLOGY, metrics.resolve("attempt-000001/topology"));
        write(shards(fleet), Schemas.of("shards"), metrics.resolve("attempt-000001/shards"));

        JsonNode report = night(metrics, folder.resolve("report"));
        JsonNode patterns = report.path("patterns");

        assertThat(patterns).anySatisfy(pattern -> {
            assertThat(pattern.path("axis").asText()).isEqualTo("host");
            assertThat(pattern.path("value").asText()).isEqualTo(BAD_HOST);
            assertThat(pattern.path("kind").asText()).isEqualTo("non-finite");
            assertThat(pattern.path("runs").size()).isEqualTo(12);
        });
        assertThat(patterns).anySatisfy(pattern -> {
            assertThat(pattern.path("axis").asText()).isEqualTo("shard");
            assertThat(pattern.path("value").asText()).isEqualTo(BAD_SHARD);
        });
        assertThat(patterns).extracting(p -> p.path("value").asText()).containsOnly(BAD_HOST, BAD_SHARD);
        drainsTheBadHostAndNoOther(report.path("drain"));
        followsSpikesToTheBadShard(report.path("runs"));
    }

    private static void drainsTheBadHostAndNoOther(JsonNode drain) {
        assertThat(drain.path("entries"))
                .filteredOn(e -> e.path("verdict").asText().equals("drain"))
                .singleElement()
                .satisfies(entry -> {
                    assertThat(entry.path("host").asText()).isEqualTo(BAD_HOST);
                    assertThat(entry.path("seen").asInt()).isEqualTo(12);
                    assertThat(entry.path("runs").size()).isEqualTo(12);
                    // Twelve guilty runs and each tenth of the others had a worker there.
                    assertThat(entry.path("runs_here").asInt()).isBetween(13, 18);
                });
    }

    private static void followsSpikesToTheBadShard(JsonNode runs) {
        List<JsonNode> trails = new ArrayList<>();
        runs.forEach(run -> run.path("incidents").forEach(incident -> {
            if (incident.path("findings").findValuesAsText("detector").contains("loss-spike")) {
                trails.add(incident.path("data_trail"));
            }
        }));
        assertThat(trails).hasSizeGreaterThan(5);
        assertThat(trails)
                .filteredOn(trail -> trail.at("/ranges/0/shard").asText().equals(BAD_SHARD))
                .hasSizeGreaterThan(trails.size() / 2)
                .allSatisfy(trail -> assertThat(trail.path("readers")).hasSizeGreaterThan(5));
    }

    /** Guilty workers run on the bad host, and so does one worker of some sound runs; the others on any host. */
    private static List<InternalRow> topology(FleetSimulator fleet) {
        List<InternalRow> rows = new ArrayList<>();
        for (int run = 0; run < fleet.spec().runs(); run++) {
            int guilty = fault(fleet, run, FaultKind.NAN_INPUTS)
                    .map(PlantedFault::worker)
                    .orElse(run % 10 == 0 ? 0 : -1);
            for (int worker = 0; worker < fleet.spec().workers(); worker++) {
                String host = worker == guilty ? BAD_HOST : "node-" + (7 * run + 5 * worker) % HOSTS;
                rows.add(RecordRows.row(new TopologyRecord(
                        fleet.run(run).runId(), 0, worker, host, "gpu:" + worker, worker, 0, 0, 0, 0)));
            }
        }
        return rows;
    }

    /** Runs read the same shards, each in an order of its own; runs with a spike read the bad one where it begins. */
    private static List<InternalRow> shards(FleetSimulator fleet) {
        List<InternalRow> rows = new ArrayList<>();
        int places = (int) fleet.spec().steps() / STEPS_A_SHARD;
        for (int run = 0; run < fleet.spec().runs(); run++) {
            long first = fault(fleet, run, FaultKind.LOSS_SPIKE)
                    .map(PlantedFault::firstStep)
                    .orElse(37L * run % fleet.spec().steps());
            for (int step = 0; step < fleet.spec().steps(); step++) {
                boolean bad = step >= first && step < first + STEPS_A_SHARD;
                String shard = bad ? BAD_SHARD : "shard-" + (step / STEPS_A_SHARD + 7 * run) % places;
                rows.add(RecordRows.row(new ShardRecord(fleet.run(run).runId(), 0, 0, step, shard, null, null)));
            }
        }
        return rows;
    }

    private static Optional<PlantedFault> fault(FleetSimulator fleet, int run, FaultKind kind) {
        return fleet.labels(run).stream().filter(fault -> fault.kind() == kind).findFirst();
    }

    private static void write(List<InternalRow> rows, StructType schema, Path table) {
        SparkSession spark = LocalSpark.session();
        InternalFrames.frame(
                        spark,
                        JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(rows, 2),
                        schema)
                .write()
                .mode("overwrite")
                .parquet(table.toString());
    }

    private static JsonNode night(Path metrics, Path report) throws IOException {
        NightlyJob.run(
                LocalSpark.session(),
                new NightlyJob.Request(
                        metrics.toString(), report.toString(), Optional.of("2026-01-01"), Map.of(), false, 100, false),
                SettingsLoader.defaults(),
                QUIET);
        return new ObjectMapper()
                .readTree(report.resolve("2026-01-01/findings.json").toFile());
    }
}
