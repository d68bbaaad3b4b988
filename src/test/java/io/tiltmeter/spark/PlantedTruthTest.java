package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.simulate.FaultKind;
import io.tiltmeter.simulate.FleetSimulator;
import io.tiltmeter.simulate.FleetSpec;
import io.tiltmeter.simulate.PlantedFault;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way from a simulated fleet to findings, against what was planted: which faults are found, and what else. */
class PlantedTruthTest {
    private static final Progress QUIET = stage -> {};

    private record Found(String detector, String severity, int worker, String group, long from, long to) {}

    @Test
    void mostPlantedFaultsAreFoundWhereTheyBeginAndSoundRunsAreLeftAlone(@TempDir Path folder) throws IOException {
        Path metrics = folder.resolve("metrics");
        FleetSpec fleet = FleetSpec.small(17).withRuns(120).withSteps(1500);
        Map<String, List<Found>> found = night(folder, fleet);
        List<Row> labels = labels(metrics);
        int planted = 0;
        List<String> missed = new ArrayList<>();
        Set<String> faulty = new HashSet<>();
        for (Row label : labels) {
            String run = label.getAs("run_id");
            String kind = label.getAs("kind");
            if (!kind.equals(FaultKind.SHARED_DATA_ORDER.text()) && !kind.equals(FaultKind.OSCILLATION.text())) {
                faulty.add(run);
            }
            String detector = label.getAs("detector");
            if (detector == null) {
                continue;
            }
            planted++;
            long first = label.<Long>getAs("first_step");
            long last = label.<Long>getAs("last_step");
            // A finding of the right detector that begins within the fault, give or take a few steps.
            boolean hit = found.getOrDefault(run, List.of()).stream()
                    .anyMatch(f -> f.detector.equals(detector) && f.from <= last + 5 && f.to >= first - 5);
            if (!hit) {
                missed.add(run + " " + kind + " " + first + "–" + last + ": " + found.getOrDefault(run, List.of()));
            }
        }
        List<String> falseErrors = new ArrayList<>();
        found.forEach((run, list) -> {
            if (!faulty.contains(run) && list.stream().anyMatch(f -> f.severity.equals("error"))) {
                falseErrors.add(run + " " + list);
            }
        });
        assertThat(planted).isGreaterThan(50);
        assertThat((double) missed.size() / planted).as("missed: %s", missed).isLessThanOrEqualTo(0.1);
        assertThat(falseErrors).isEmpty();
    }

    /** Faults of single workers among 2, 3, 16 and 24, the last in three stages of gradients of different lengths. */
    @Test
    void faultsOfWorkersAreFoundOnTheRightOneAndFromTheirFirstStep(@TempDir Path folder) throws IOException {
        FleetSpec fleet = FleetSpec.workers(23).withRuns(24).withSteps(480).withFp16Share(0);
        List<FleetSpec> fleets = List.of(
                fleet.withWorkers(2),
                fleet.withWorkers(3),
                fleet.withWorkers(16),
                fleet.withWorkers(24).withStages(3));
        int planted = 0;
        int right = 0;
        List<String> missed = new ArrayList<>();
        List<String> falseErrors = new ArrayList<>();
        for (FleetSpec spec : fleets) {
            Path here = folder.resolve(spec.workers() + "");
            Map<String, List<Found>> found = night(here, spec);
            Set<String> faulty = new HashSet<>();
            for (PlantedFault label : new FleetSimulator(spec).labels()) {
                faulty.add(label.runId());
                planted++;
                boolean hit = found.getOrDefault(label.runId(), List.of()).stream()
                        .anyMatch(f -> f.detector.equals(label.detector())
                                && f.severity.equals(label.severity().text())
                                && isRight(f, label, spec)
                                && Math.abs(f.from - label.firstStep()) <= 2);
                right += hit ? 1 : 0;
                if (!hit) {
                    missed.add(spec.workers() + " workers, " + label + ": " + found.get(label.runId()));
                }
            }
            found.forEach((run, list) -> {
                if (!faulty.contains(run) && list.stream().anyMatch(f -> f.severity.equals("error"))) {
                    falseErrors.add(spec.workers() + " workers, " + run + " " + list);
                }
            });
        }
        assertThat(planted).isGreaterThan(40);
        assertThat((double) right / planted).as("missed: %s", missed).isGreaterThanOrEqualTo(0.95);
        assertThat(falseErrors).isEmpty();
    }

    /** Of two replicas it cannot be told which drifted; a slow host is told by its workers. */
    private static boolean isRight(Found found, PlantedFault label, FleetSpec spec) {
        boolean unknown = label.kind() == FaultKind.REPLICA_DRIFT && spec.workers() == 2;
        boolean isHost = label.kind() == FaultKind.SLOW_NODE && label.worker() == StepRecord.NO_WORKER;
        return found.worker == (unknown ? StepRecord.NO_WORKER : label.worker()) && (!isHost || !found.group.isEmpty());
    }

    private static List<Row> labels(Path metrics) {
        return LocalSpark.session()
                .read()
                .parquet(metrics.resolve("attempt-000001/labels").toString())
                .collectAsList();
    }

    /** Findings of a night over a fleet, by run. */
    private static Map<String, List<Found>> night(Path folder, FleetSpec fleet) throws IOException {
        Path metrics = folder.resolve("metrics");
        SimulateJob.run(LocalSpark.session(), metrics.toString(), fleet, QUIET);
        NightlyJob.run(
                LocalSpark.session(),
                new NightlyJob.Request(
                        metrics.toString(),
                        folder.resolve("report").toString(),
                        Optional.of("2026-01-01"),
                        Map.of(),
                        false,
                        100,
                        false),
                SettingsLoader.defaults(),
                QUIET);
        return findings(folder.resolve("report/2026-01-01/findings.json"));
    }

    private static Map<String, List<Found>> findings(Path file) throws IOException {
        Map<String, List<Found>> found = new HashMap<>();
        JsonNode report = new ObjectMapper().readTree(file.toFile());
        for (JsonNode run : report.get("runs")) {
            for (JsonNode incident : run.get("incidents")) {
                for (JsonNode finding : incident.get("findings")) {
                    add(found, run.get("run_id").asText(), finding.get("detector"), finding);
                }
            }
        }
        // What many runs share is told once, as a pattern, and not in each of them.
        for (JsonNode pattern : report.get("patterns")) {
            for (JsonNode run : pattern.get("runs")) {
                add(found, run.asText(), pattern.get("kind"), pattern);
            }
        }
        return found;
    }

    private static void add(Map<String, List<Found>> found, String run, JsonNode detector, JsonNode told) {
        found.computeIfAbsent(run, id -> new ArrayList<>())
                .add(new Found(
                        detector.asText(),
                        told.get("severity").asText(),
                        told.path("worker").asInt(StepRecord.NO_WORKER),
                        told.path("group").asText(),
                        told.get("step_from").asLong(),
                        told.get("step_to").asLong()));
    }
}
