package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.spark.Nights.Night;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fleet of six runs whose cost adds up by hand, through a whole night. */
class NightCostTest {
    private static final String STEPS =
            StepFile.COLUMNS + "optional double step_seconds; optional double compute_seconds;";
    private static final String HOURS = "worker_hours";
    private static final double SECONDS = 3600;

    private final StepFile steps = StepFile.of(STEPS);

    /** A row of the run as a whole. */
    private void whole(String run, int attempt, long step, double seconds, double loss, @Nullable Double takes) {
        steps.row(run, attempt, null, step, micros(seconds), "global", loss, null, takes, null);
    }

    private static long micros(double seconds) {
        return StepFile.START_MICROS + Math.round(1e6 * seconds);
    }

    private static double falling(long step) {
        return 2 + 3 / (1 + step / 20.0) + 0.01 * Math.sin(step * 12.9898);
    }

    private void write(Path metrics) {
        // Four workers; 1 s a step; after step 19 back to step 12, whose row comes 31 s later.
        for (int step = 0; step < 20; step++) {
            whole("replays", 0, step, step, falling(step), 1.0);
        }
        for (int step = 12; step < 30; step++) {
            whole("replays", 1, step, 50 + step - 12, falling(step), 1.0);
        }
        // One worker, 1 s a step; step 60 takes 21 s, and so does step 30, at which a checkpoint is written.
        double time = 0;
        for (int step = 0; step < 100; step++) {
            time += step == 60 || step == 30 ? 21 : 1;
            whole("stalls", 0, step, time, falling(step), null);
        }
        // Four workers that compute for half a second, the last one from step 256 on for a whole one; then half a
        // second more.
        for (int step = 0; step < 512; step++) {
            for (int worker = 0; worker < 4; worker++) {
                double noise = 0.002 * ((step * 7 + worker * 3) % 5 - 2);
                double compute = (worker == 3 && step >= 256 ? 1 : 0.5) + noise;
                double all = (step >= 256 ? 1.5 : 1) + 0.004;
                steps.row("waits", 0, worker, (long) step, null, "local", falling(step), null, all, compute);
            }
        }
        // One worker, 1 s a step; from step 200 on the loss runs away and never comes back.
        for (int step = 0; step < 300; step++) {
            double loss = step < 200 ? falling(step) : Math.min(50, falling(step) * Math.pow(1.5, step - 199));
            whole("diverges", 0, step, step, loss, 1.0);
        }
        // No time at all.
        for (int step = 0; step < 50; step++) {
            steps.row("silent", 0, null, (long) step, null, "global", falling(step), null, null, null);
        }
        steps.write(metrics.resolve("steps/part-0.parquet"));
        StepFile.of(
                        "optional binary run_id (STRING); optional binary project (STRING); optional binary owner (STRING);")
                .row("replays", "p", "ana")
                .row("stalls", "q", "ana")
                .row("waits", "p", "bo")
                .row("diverges", "p", "bo")
                .row("silent", "p", "bo")
                .row("empty", "p", "cy")
                .write(metrics.resolve("runs/part-0.parquet"));
        StepFile.of("optional binary run_id (STRING); optional int32 attempt; optional int32 world_size;")
                .row("replays", 0, 4)
                .row("replays", 1, 4)
                .row("stalls", 0, 1)
                .row("diverges", 0, 1)
                .write(metrics.resolve("attempts/part-0.parquet"));
        StepFile.of("optional binary run_id (STRING); optional int64 step; optional binary kind (STRING);")
                .row("stalls", 30L, "checkpoint")
                .row("stalls", 60L, "intervention")
                .write(metrics.resolve("events/part-0.parquet"));
    }

    @Test
    void aNightSaysWhatEachRunCostAndWhoPaid(@TempDir Path folder) {
        Path metrics = folder.resolve("metrics");
        write(metrics);

        // At 3,600 an hour, a second of a worker is 1.
        Night night = Nights.night(
                LocalSpark.session(),
                metrics,
                folder.resolve("output"),
                SettingsLoader.load(Optional.empty(), List.of("cost.worker-hour-price=3600", "cost.currency=Florins")));
        Night free = Nights.night(metrics, folder.resolve("output"));

        JsonNode report = night.report();
        // 67 s from the first step to the last, and the first step's own second; 8 steps replayed, 30 s to start; all
        // times 4.
        JsonNode replays = cost(report, "replays");
        seconds(replays, "productive", 4 * 30);
        seconds(replays, "replay", 4 * 8);
        seconds(replays, "restart", 4 * 30);
        seconds(replays, "allocated", 4 * 68);
        assertThat(replays.path("replayed_steps").asInt()).isEqualTo(8);
        assertThat(replays.path("goodput").asDouble()).isCloseTo(30 / 68.0, within(1e-9));
        assertThat(replays.at("/money/lost").asDouble()).isCloseTo(4 * 38, within(1e-6));
        // 139 s from the first step to the last: 99 steps of one second, 20 s for the checkpoint, 20 s for nothing
        // known.
        JsonNode stalls = cost(report, "stalls");
        seconds(stalls, "productive", 99);
        seconds(stalls, "checkpoint", 20);
        seconds(stalls, "stall", 20);
        // 256 steps of 1.5 s, half a second of each for worker 3, which the other three wait for; all four are held.
        JsonNode waits = cost(report, "waits");
        assertThat(waits.at("/" + HOURS + "/straggler").asDouble() * SECONDS)
                .isCloseTo(4 * 256 * 0.5, within(0.03 * 512));
        assertThat(waits.at("/" + HOURS + "/allocated").asDouble() * SECONDS)
                .isCloseTo(4 * (256 * 1.004 + 256 * 1.504), within(1e-6));
        assertThat(waits.path("workers").asInt()).isEqualTo(4);
        // 300 steps of one second, the last hundred of them for nothing.
        JsonNode diverges = cost(report, "diverges");
        seconds(diverges, "allocated", 300);
        assertThat(diverges.at("/" + HOURS + "/divergence").asDouble() * SECONDS)
                .isCloseTo(100, within(3.0));
        for (String nothing : List.of("silent", "empty")) {
            assertThat(cost(report, nothing).path("reason").asText()).contains("logged");
            assertThat(cost(report, nothing).has(HOURS)).isFalse();
        }
        for (JsonNode run : report.path("runs")) {
            JsonNode hours = run.at("/cost/" + HOURS);
            double sum = 0;
            for (String use : USES) {
                sum += hours.path(use).asDouble();
            }
            assertThat(sum)
                    .as(run.path("run_id").asText())
                    .isCloseTo(hours.path("allocated").asDouble(), within(1e-12));
        }

        JsonNode fleet = report.path("cost");
        assertThat(fleet.path("not_observed").asInt()).isEqualTo(2);
        assertThat(fleet.path("owners")).hasSize(2);
        JsonNode bo = fleet.path("owners").get(0);
        JsonNode ana = fleet.path("owners").get(1);
        // Bo waited some 512 s and trained 100 s for nothing; Ana lost 152 s and 40 s.
        assertThat(bo.path("owner").asText()).isEqualTo("bo");
        assertThat(bo.path("runs").asInt()).isEqualTo(2);
        assertThat(ana.at("/" + HOURS + "/lost").asDouble() * SECONDS).isCloseTo(152 + 40, within(1e-6));
        assertThat(ana.at("/money/lost").asDouble()).isCloseTo(152 + 40, within(1e-6));
        assertThat(fleet.at("/total/money/allocated").asDouble())
                .isCloseTo(4 * 68 + 139 + 4 * 256 * 2.508 + 300, within(1e-6));
        assertThat(fleet.at("/price/currency").asText()).isEqualTo("Florins");
        assertThat(night.outcome().text()).contains("What it cost").contains("Florins");
        assertThat(night.html()).contains("What it cost").contains("Florins").contains("Runs that lost most");

        assertThat(free.json())
                .contains("\"goodput\"")
                .doesNotContain("\"money\"")
                .doesNotContain("USD");
        assertThat(free.html()).contains("What it cost").doesNotContain("USD");
        assertThat(cost(free.report(), "replays").path(HOURS)).isEqualTo(replays.path(HOURS));

        List<Row> rows = table(folder, night);
        assertThat(rows).hasSize(6);
        Row row = rows.stream()
                .filter(r -> r.getAs("run_id").equals("replays"))
                .findFirst()
                .orElseThrow();
        assertThat(row.<Double>getAs("replay_worker_hours")).isCloseTo(32 / SECONDS, within(1e-12));
        assertThat(row.<String>getAs("owner")).isEqualTo("ana");
        assertThat(row.<Double>getAs("lost_money")).isNull();
    }

    private static final List<String> USES =
            List.of("productive", "replay", "restart", "stall", "straggler", "checkpoint", "divergence", "unaccounted");

    /** The table of the night that ran last. */
    private static List<Row> table(Path folder, Night night) {
        String date = night.report().path("date").asText();
        org.apache.hadoop.fs.Path day = new org.apache.hadoop.fs.Path(
                folder.resolve("output").resolve(date).toString());
        org.apache.hadoop.fs.Path current = AttemptFolder.current(
                        day, LocalSpark.session().sparkContext().hadoopConfiguration())
                .orElseThrow();
        return LocalSpark.session()
                .read()
                .parquet(new org.apache.hadoop.fs.Path(current, "cost").toString())
                .collectAsList();
    }

    private static void seconds(JsonNode cost, String use, double wanted) {
        assertThat(cost.at("/" + HOURS + "/" + use).asDouble() * SECONDS)
                .as(use)
                .isCloseTo(wanted, within(1e-6));
    }

    private static JsonNode cost(JsonNode report, String runId) {
        for (JsonNode run : report.path("runs")) {
            if (run.path("run_id").asText().equals(runId)) {
                return run.path("cost");
            }
        }
        throw new AssertionError("No run " + runId + " in " + report.path("runs"));
    }
}
