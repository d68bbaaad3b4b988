package io.tiltmeter.report;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Chart;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.DataTrail;
import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.WorkerMap;
import io.tiltmeter.report.FleetReport.RunReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Made-up reports: a tiny one for exact comparisons, a fleet for looking at, and a hostile one. */
final class SampleReports {
    static final String SCRIPT = "<script>alert(1)</script>";
    static final String PATH = "../../x\"onmouseover='alert(1)'";
    static final String RTL = "\u202egnp.תשע\u202c";
    static final String ESCAPE = "red\u001b[31m\u0007";
    static final String LONG = "x".repeat(300);

    static final DetectorInfo SPIKE = new DetectorInfo(
            "loss-spike",
            "Loss spike",
            "The loss jumped far above its own recent level and came back.",
            List.of("loss"),
            List.of(
                    new Parameter(
                            "z",
                            6,
                            "MADs",
                            "How far above the running median",
                            new Source.Published("Chowdhery et al., PaLM, 2022, section 5.1")),
                    new Parameter(
                            "window",
                            128,
                            "steps",
                            "Length of the running median",
                            new Source.Derived(
                                    "Shortest window whose false alarms stay under 1 in 10,000 steps on the corpus"))),
            "Look at the batches of these steps; skip them and restart from the checkpoint before.");
    static final DetectorInfo NON_FINITE = new DetectorInfo(
            "non-finite",
            "Non-finite value",
            "A logged value is NaN or infinite.",
            List.of("loss", "grad_norm", "nan_inputs"),
            List.of(new Parameter(
                    "count",
                    1,
                    "values",
                    "Non-finite values at one step",
                    new Source.Derived("One is enough: it spreads by the next reduction"))),
            "Find where it enters: inputs, one worker, or an overflow.");
    static final DetectorInfo GRADIENT = new DetectorInfo(
            "grad-norm-rise",
            "Gradient norm rising",
            "The gradient norm grew steadily before the loss moved.",
            List.of("grad_norm"),
            List.of(new Parameter(
                    "ratio",
                    3,
                    "1",
                    "Growth over its level",
                    new Source.Published("Molybog et al., A Theory on Adam Instability, 2023"))),
            "Lower the learning rate or Adam's beta2 and resume before the first step.");
    static final DetectorInfo STRAGGLER = new DetectorInfo(
            "straggler",
            "Slow worker",
            "One worker computes slower than its peers, step after step.",
            List.of("compute_seconds"),
            List.of(new Parameter(
                    "slowdown",
                    1.3,
                    "1",
                    "Against the median of peers",
                    new Source.Published("Jiang et al., MegaScale, 2024, section 5"))),
            "Drain the host and check its clocks and cooling.");
    static final List<DetectorInfo> DETECTORS = List.of(GRADIENT, SPIKE, NON_FINITE, STRAGGLER);

    private SampleReports() {}

    /** Renders the fleet into the folder given, for looking at. */
    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args[0]));
        Files.writeString(folder.resolve("sample.html"), HtmlReport.render(fleet()));
        StringBuilder json = new StringBuilder();
        FindingsJson.write(fleet(), json);
        Files.writeString(folder.resolve("findings.json"), json);
        Files.writeString(folder.resolve("summary.txt"), TerminalSummary.render(fleet(), 120, false));
        Files.writeString(folder.resolve("big.html"), HtmlReport.render(many(1000)));
        StringBuilder small = new StringBuilder();
        FindingsJson.write(small(), small);
        Files.writeString(folder.resolve("small.json"), small);
        Files.writeString(folder.resolve("small.txt"), TerminalSummary.render(small(), 100, false));
    }

    /** Two runs: one with an incident that ends in NaN, one that is empty. */
    static FleetReport small() {
        Finding inputs = finding(
                "llm-a",
                NON_FINITE,
                "nan_inputs",
                3,
                "gpu-17",
                4812,
                4812,
                12,
                1,
                Severity.ERROR,
                Cause.DATA,
                "12 non-finite inputs on worker 3 at step 4,812");
        Finding loss = finding(
                "llm-a",
                NON_FINITE,
                "loss",
                StepRecord.NO_WORKER,
                null,
                4813,
                4900,
                Double.NaN,
                1,
                Severity.ERROR,
                Cause.NUMERICS,
                "Loss is NaN from step 4,813 on");
        Incident incident = new Incident(
                "llm-a/0/4812",
                "llm-a",
                Cause.DATA,
                "Non-finite inputs came one step before the first non-finite loss",
                Severity.ERROR,
                0,
                4812,
                4900,
                "Validate the shard that worker 3 read at step 4,812.",
                List.of(inputs, loss));
        Chart chart = new Chart(
                "loss",
                new long[] {0, 2400, 4800, 4813},
                new int[4],
                new double[] {2.5, 2.2, 2.125, Double.NaN},
                new double[] {11.25, 2.6, 2.3, Double.NaN},
                new double[] {2.75, 2.25, 2.2, Double.NaN});
        RunReport bad = new RunReport(
                RunRecord.of("llm-a", "llm", Map.of()).withStatus("failed"),
                new RunSummary(
                        "llm-a", "llm", 1, 8, 4901, 0, 4900, 4813, 11.25, 2.2, 2.125, Double.NaN, false, Double.NaN),
                List.of(
                        new Coverage("llm-a", "grad-norm-rise", Coverage.Status.NOT_OBSERVABLE, "no grad_norm logged"),
                        new Coverage("llm-a", "loss-spike", Coverage.Status.OBSERVED, ""),
                        new Coverage("llm-a", "non-finite", Coverage.Status.OBSERVED, "")),
                List.of(incident),
                List.of(chart));
        RunReport empty = new RunReport(
                RunRecord.of("llm-b", null, Map.of()),
                new RunSummary(
                        "llm-b",
                        null,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        Double.NaN,
                        Double.NaN,
                        Double.NaN,
                        Double.NaN,
                        false,
                        Double.NaN),
                List.of(new Coverage("llm-b", "loss-spike", Coverage.Status.INCONCLUSIVE, "needs 128 steps, got 0")),
                List.of(),
                List.of());
        Pattern pattern = new Pattern(
                "shard",
                "web-0042",
                "llm",
                "non-finite",
                "nan_inputs",
                Severity.ERROR,
                4812,
                4812,
                List.of("llm-a"),
                2,
                9.5,
                1.25,
                20,
                0.00125,
                12,
                "",
                List.of(new Pattern.Contrast("comparable runs without it", 0, 6)),
                List.of(new Pattern.Confounder("dataset", "web", 0.0125, 0.5, true)),
                "1 of 2 runs read shard web-0042 and got non-finite inputs",
                "Quarantine the shard.");
        return new FleetReport(
                "2026-11-24",
                "data/metrics",
                List.of(bad, empty),
                List.of(pattern),
                List.of(new Rejection(
                        "data/metrics/c.csv",
                        7,
                        "step is 'abc', expected a whole number",
                        3,
                        Rejection.Level.REJECTED)),
                List.of(SPIKE, NON_FINITE));
    }

    /** The small report with a run of which a detector's first and second parameter judged a finding each. */
    static FleetReport judgedBySecond() {
        Finding first =
                finding("llm-a", SPIKE, "loss", -1, null, 10, 12, 9, 6, Severity.WARNING, Cause.DATA, "it rose");
        Finding second = new Finding(
                "llm-a",
                SPIKE.id(),
                "loss",
                0,
                -1,
                null,
                null,
                null,
                20,
                22,
                20,
                200,
                128,
                "window",
                Severity.WARNING,
                Cause.DATA,
                "it stayed");
        FleetReport small = small();
        RunReport run = small.runs().get(0);
        Incident incident = new Incident(
                "llm-a/0/10",
                "llm-a",
                Cause.DATA,
                "why",
                Severity.WARNING,
                0,
                10,
                22,
                "advice",
                List.of(first, second));
        return new FleetReport(
                small.date(),
                small.source(),
                List.of(new RunReport(run.run(), run.summary(), run.coverage(), List.of(incident), run.charts())),
                List.of(),
                List.of(),
                small.detectors());
    }

    /** A small report in which every foreign text is the given one. */
    static FleetReport hostile(String text) {
        DetectorInfo detector = new DetectorInfo(
                text,
                text,
                text,
                List.of(text),
                List.of(new Parameter(text, 1, text, text, new Source.Published(text))),
                text);
        Finding finding = finding(text, detector, text, 0, text, 1, 2, 3, 1, Severity.ERROR, Cause.DATA, text);
        Finding located =
                new Finding(text, text, text, 0, 0, text, text, text, 1, 2, 1, 3, 1, Severity.INFO, Cause.DATA, text);
        Incident incident =
                new Incident(text, text, Cause.DATA, text, Severity.ERROR, 0, 1, 2, text, List.of(finding, located));
        RunReport bad = new RunReport(
                RunRecord.of(text, text, Map.of(text, text)).withStatus(text),
                new RunSummary(text, text, 2, 1, 3, 0, 2, 3, 1, 1, 1, 1, false, Double.NaN),
                List.of(new Coverage(text, text, Coverage.Status.NOT_OBSERVABLE, text)),
                List.of(incident),
                List.of(new Chart(
                        text,
                        new long[] {0, 1, 2},
                        new int[] {0, 0, 1},
                        new double[] {1, 2, 3},
                        new double[] {1, 2, 3},
                        new double[] {1, 2, 3})),
                Map.of(text, map(text, text)),
                Map.of(text, trail(text)));
        String other = text + "2";
        RunReport unknown = new RunReport(
                RunRecord.of(other, text, Map.of()),
                new RunSummary(other, text, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, false, Double.NaN),
                List.of(new Coverage(other, text, Coverage.Status.INCONCLUSIVE, text)),
                List.of(),
                List.of());
        Pattern pattern = new Pattern(
                text,
                text,
                text,
                text,
                text,
                Severity.WARNING,
                1,
                2,
                List.of(text, text + "3"),
                2,
                1,
                1,
                1,
                1,
                1,
                text,
                List.of(new Pattern.Contrast(text, 1, 2)),
                List.of(
                        new Pattern.Confounder(text, text, 1, 1, true),
                        new Pattern.Confounder(text, text, 1, 1, false)),
                text,
                text);
        FleetReport report = new FleetReport(
                        "2026-11-24",
                        text,
                        List.of(bad, unknown),
                        List.of(pattern),
                        List.of(new Rejection(text, 1, text, 1, Rejection.Level.WARNING)),
                        List.of(detector))
                .withCommon(SampleCommon.of(text))
                .withDrain(drain(text, List.of(finding, located)));
        return SampleCost.add(report, 2, text, text, text);
    }

    /** A trail of data with this text wherever there is foreign text. */
    static DataTrail trail(String text) {
        return new DataTrail(
                text,
                4812,
                3,
                List.of(new DataTrail.Range(text, 4096L, 4127L, 1), new DataTrail.Range("web-2", null, null, 2)),
                18,
                new DataTrail.Checkpoint(1, 4500, text),
                2,
                List.of(
                        new DataTrail.Reader(text, DataTrail.When.NEXT, 4812, 4700, false),
                        new DataTrail.Reader("b", DataTrail.When.READ, 4600, 9000, true),
                        new DataTrail.Reader("c", DataTrail.When.READ, 4601, 9000, false)),
                3,
                List.of(text),
                1);
    }

    /** A map of three workers over four columns: one is far off from the third on, one silent, one not finite. */
    static WorkerMap map(String incident, String metric) {
        double far = Math.log(3);
        return new WorkerMap(
                incident,
                metric,
                metric,
                WorkerMap.Unit.LOG_RATIO,
                0,
                8,
                new int[] {2, 3, 4},
                new boolean[] {false, true, false},
                new long[] {4800, 4805, 4810, 4815},
                new long[] {4804, 4809, 4814, 4819},
                new double[] {0, 0, 0, 0, 0, -far, far, 2 * far, Double.NaN, 0, 0, 0},
                new boolean[] {false, false, false, false, false, false, false, true, false, false, false, false},
                4812);
    }

    /** A machine to drain and one to watch, with this text wherever there is foreign text. */
    static DrainList drain(String text, List<Finding> findings) {
        return new DrainList(
                List.of(
                        new DrainList.Entry(
                                text,
                                text,
                                DrainList.Verdict.DRAIN,
                                3,
                                4,
                                0.375,
                                0.001,
                                0.0125,
                                12,
                                96.5,
                                480_000,
                                text,
                                List.of(text, "b", "c"),
                                findings),
                        new DrainList.Entry(
                                "gpu-18",
                                null,
                                DrainList.Verdict.WATCH,
                                1,
                                4,
                                0.25,
                                0.25,
                                1,
                                3,
                                Double.NaN,
                                1200,
                                "One run only, where it goes on to the end of the log: a second run decides",
                                List.of("b"),
                                List.of())),
                40,
                4,
                2,
                2,
                0.05,
                "In 1 of 100 fleets");
    }

    /** Forty-odd runs: a spike that 38 share, a divergence, a restart, hostile names, an empty run. */
    static FleetReport fleet() {
        List<RunReport> runs = new ArrayList<>();
        List<String> spiked = new ArrayList<>();
        for (int i = 0; i < 38; i++) {
            String id = i == 7
                    ? SCRIPT
                    : i == 11 ? RTL : i == 13 ? LONG : i == 17 ? "../../x" : "sweep-lr-%02d".formatted(i);
            spiked.add(id);
            runs.add(SampleRuns.spiked(id, i));
        }
        runs.add(SampleRuns.diverged("pretrain-7b-bf16"));
        runs.add(SampleRuns.restarted("finetune-1b-restarted"));
        runs.add(SampleRuns.straggler("moe-8x2b"));
        IntStream.range(0, 5).forEach(i -> runs.add(SampleRuns.sound("baseline-" + i, i)));
        runs.add(SampleRuns.empty("aborted-before-start"));
        Pattern step = new Pattern(
                "step",
                "91,800",
                "sweep",
                "loss-spike",
                "loss",
                Severity.WARNING,
                91_800,
                91_960,
                spiked,
                38,
                412.3,
                374.1,
                412.3,
                3.2e-31,
                14.62,
                "",
                List.of(
                        new Pattern.Contrast("runs of finetune", 0, 4),
                        new Pattern.Contrast("runs of all 3 other projects", 1, 31)),
                List.of(),
                "38 of 38 runs that reached step 91,800 spiked within 160 steps; by chance 0.09 would.",
                "All runs read the data in the same order: inspect the batch at step 91,800 and drop it.");
        Pattern host = new Pattern(
                "host",
                "gpu-17.rack-3.example",
                "moe",
                "straggler",
                "compute_seconds",
                Severity.INFO,
                100,
                9_000,
                List.of("moe-8x2b", "pretrain-7b-bf16"),
                3,
                2.9,
                1.1,
                4.3,
                0.0312,
                1.57,
                "",
                List.of(new Pattern.Contrast("comparable runs without it", 2, 41)),
                List.of(
                        new Pattern.Confounder("rack", "rack-3", 0.041, 0.62, true),
                        new Pattern.Confounder("dataset", "web 2026-10", 0.0312, 1, false)),
                "2 of 3 runs placed on gpu-17.rack-3.example were slowed there.",
                "Drain the host and check cooling.");
        FleetReport report = new FleetReport(
                        "2026-11-24",
                        "s3://fleet-metrics/nightly/2026-11-24",
                        runs,
                        List.of(step, host),
                        List.of(
                                new Rejection(
                                        "sweep/" + SCRIPT + "/events.csv",
                                        4_812,
                                        "step is 'NaN', expected a whole number",
                                        1_204,
                                        Rejection.Level.REJECTED),
                                new Rejection(
                                        "old/run.tfevents",
                                        0,
                                        "file ends inside a record; read up to there",
                                        1,
                                        Rejection.Level.WARNING)),
                        DETECTORS)
                .withCommon(SampleCommon.of("loss-spike"));
        return SampleCost.add(report, 2.5, "EUR", "step_seconds and logged times", "ana", "bo", SCRIPT, RTL);
    }

    /** A fleet of so many runs that need attention. */
    static FleetReport many(int count) {
        List<RunReport> runs = IntStream.range(0, count)
                .mapToObj(i -> SampleRuns.spiked("run-%04d".formatted(i), i))
                .toList();
        return new FleetReport("2026-11-24", "many", runs, List.of(), List.of(), DETECTORS);
    }

    static Finding finding(
            String run,
            DetectorInfo detector,
            String metric,
            int worker,
            @Nullable String host,
            long from,
            long to,
            double score,
            double threshold,
            Severity severity,
            Cause cause,
            String evidence) {
        return new Finding(
                run,
                detector.id(),
                metric,
                0,
                worker,
                host,
                null,
                null,
                from,
                to,
                from,
                score,
                threshold,
                severity,
                cause,
                evidence);
    }
}
