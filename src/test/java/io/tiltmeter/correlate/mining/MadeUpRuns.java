package io.tiltmeter.correlate.mining;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.Detectors;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.report.FleetReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Judged runs of 1,000 steps with given settings and symptoms, for tests and studies of what is made of them. */
public final class MadeUpRuns {
    private static final long LAST = 999;

    private MadeUpRuns() {}

    /** A symptom: a detector's finding, with its first step. */
    public record Symptom(String detector, Severity severity, long step) {}

    /** An error of a detector at a step. */
    public static Symptom error(String detector, long step) {
        return new Symptom(detector, Severity.ERROR, step);
    }

    /** A run that all detectors could judge, with one incident of these symptoms. */
    public static MinedRun run(String id, String project, Map<String, String> settings, Symptom... symptoms) {
        List<Finding> findings = new ArrayList<>();
        for (Symptom symptom : symptoms) {
            findings.add(new Finding(
                    id,
                    symptom.detector(),
                    "loss",
                    0,
                    StepRecord.NO_WORKER,
                    null,
                    null,
                    null,
                    symptom.step(),
                    symptom.step(),
                    symptom.step(),
                    9,
                    6,
                    symptom.severity(),
                    Cause.OPTIMIZER,
                    "made up"));
        }
        List<Incident> incidents = findings.isEmpty()
                ? List.of()
                : List.of(new Incident(
                        id + "/0",
                        id,
                        Cause.OPTIMIZER,
                        "made up",
                        findings.stream()
                                .map(Finding::severity)
                                .max(Severity::compareTo)
                                .orElse(Severity.INFO),
                        0,
                        findings.get(0).stepFrom(),
                        LAST,
                        "",
                        findings));
        List<Coverage> coverage = Detectors.infos().stream()
                .map(info -> new Coverage(id, info.id(), Coverage.Status.OBSERVED, ""))
                .toList();
        return new MinedRun(
                RunRecord.of(id, project, settings), summary(id, project, 1000), coverage, incidents, Set.of());
    }

    /** A run that is planned and has logged nothing. */
    public static MinedRun planned(String id, String project, Map<String, String> settings) {
        return new MinedRun(
                RunRecord.of(id, project, settings).withStatus("planned"),
                summary(id, project, 0),
                List.of(),
                List.of(),
                Set.of());
    }

    private static RunSummary summary(String id, String project, long points) {
        return new RunSummary(
                id, project, 1, 1, points, 0, points == 0 ? 0 : LAST, points, 10, 2, 2, Double.NaN, false, Double.NaN);
    }

    /** A report of these runs, in this order. */
    public static FleetReport report(String date, List<MinedRun> runs) {
        return new FleetReport(
                date,
                "made up",
                runs.stream()
                        .map(r ->
                                new FleetReport.RunReport(r.run(), r.summary(), r.coverage(), r.incidents(), List.of()))
                        .toList(),
                List.of(),
                List.of(),
                Detectors.infos().stream()
                        .sorted(java.util.Comparator.comparing(DetectorInfo::id))
                        .toList());
    }

    /** Chance of an incident with these settings. */
    @FunctionalInterface
    public interface Risk {
        double of(Map<String, String> settings);
    }

    /**
     * Runs of several projects with settings drawn at random: two of two values each ({@code precision}, {@code
     * optimizer}), {@code depth} of three, a learning rate over three decades, a warm-up, and settings of noise; and the
     * name of the project among them. Unstable ones have a loss spike.
     */
    public static List<MinedRun> fleet(long seed, int runs, int projects, Risk risk) {
        SplittableRandom random = new SplittableRandom(seed);
        List<MinedRun> fleet = new ArrayList<>();
        for (int i = 0; i < runs; i++) {
            String project = "project-" + i % projects;
            Map<String, String> settings = new TreeMap<>();
            settings.put("precision", random.nextBoolean() ? "fp16" : "bf16");
            settings.put("optimizer", random.nextBoolean() ? "adam" : "lion");
            settings.put("depth", Integer.toString(12 << random.nextInt(3)));
            settings.put("learning_rate", Double.toString(Math.pow(10, -4 + 3 * random.nextDouble())));
            settings.put("warmup", Integer.toString(100 * random.nextInt(10)));
            for (int noise = 0; noise < 4; noise++) {
                settings.put("noise_" + noise, random.nextBoolean() ? "on" : "off");
            }
            settings.put("team", project);
            String id = String.format("run-%05d", i);
            boolean bad = random.nextDouble() < risk.of(settings);
            fleet.add(
                    bad
                            ? run(id, project, settings, error("loss-spike", 100 + random.nextInt(800)))
                            : run(id, project, settings));
        }
        return fleet;
    }

    /** Logarithm to base 10 of the learning rate. */
    public static double decades(Map<String, String> settings) {
        return Math.log10(Double.parseDouble(
                Optional.ofNullable(settings.get("learning_rate")).orElse("1")));
    }
}
