package io.tiltmeter.report;

import static io.tiltmeter.report.SampleReports.GRADIENT;
import static io.tiltmeter.report.SampleReports.NON_FINITE;
import static io.tiltmeter.report.SampleReports.SPIKE;
import static io.tiltmeter.report.SampleReports.STRAGGLER;
import static io.tiltmeter.report.SampleReports.finding;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Chart;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.report.FleetReport.RunReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Runs with planted faults and believable curves. */
final class SampleRuns {
    private static final int BUCKETS = 400;

    private SampleRuns() {}

    /** 100,000 steps with a spike near step 91,800. */
    static RunReport spiked(String id, int seed) {
        long at = 91_800 + seed * 3L;
        double height = 2 + seed % 5;
        Chart loss = chart("loss", seed, 0, 100_000, s -> decay(s) + (s >= at && s < at + 160 ? height : 0));
        Chart norm = chart(
                "grad_norm", seed + 99, 0, 100_000, s -> 0.4 + (s >= at - 300 && s < at + 160 ? 40.0 * height : 0));
        Finding rise = finding(
                id,
                GRADIENT,
                "grad_norm",
                StepRecord.NO_WORKER,
                null,
                at - 300,
                at + 160,
                100 * height / 3,
                3,
                Severity.WARNING,
                Cause.DATA,
                "Gradient norm 82.4 against a level of 0.41 before");
        Finding spike = finding(
                id,
                SPIKE,
                "loss",
                StepRecord.NO_WORKER,
                null,
                at,
                at + 160,
                14.2 + seed,
                6,
                Severity.WARNING,
                Cause.DATA,
                "Loss 5.913 at step 91,832 against 2.104 ± 0.031 over the 128 steps before");
        Incident incident = new Incident(
                id + "/0/" + (at - 300),
                id,
                Cause.DATA,
                "The gradient norm rose 300 steps before the loss, with no change of learning rate or worker, and 37 sibling"
                        + " runs spiked at the same step of the same data order",
                Severity.WARNING,
                0,
                at - 300,
                at + 160,
                "Skip the batches of these steps and resume before them.",
                List.of(rise, spike));
        return run(id, "sweep", 1, 100_000, List.of(incident), List.of(loss, norm), "no compute_seconds logged");
    }

    /** NaN inputs on one worker, then a loss that is NaN for good. */
    static RunReport diverged(String id) {
        Chart loss = chart(
                "loss",
                7,
                0,
                12_000,
                s -> s > 9_313 ? Double.NaN : decay(s * 4) + (s > 9_000 ? Math.pow((s - 9_000) / 60.0, 3) : 0));
        Chart norm = chart(
                "grad_norm",
                8,
                0,
                12_000,
                s -> s > 9_312 ? Double.POSITIVE_INFINITY : s > 8_700 ? 0.4 * Math.exp((s - 8_700) / 90.0) : 0.4);
        Chart rate = chart(
                "learning_rate", -1, 0, 12_000, s -> s < 2_000 ? 3e-4 * s / 2_000 : 3e-4 * Math.pow(0.9999, s - 2_000));
        List<Finding> findings = new ArrayList<>();
        findings.add(finding(
                id,
                GRADIENT,
                "grad_norm",
                StepRecord.NO_WORKER,
                null,
                8_712,
                9_312,
                923.4,
                3,
                Severity.WARNING,
                Cause.OPTIMIZER,
                "Gradient norm grew from 0.4 to 369 in 600 steps"));
        for (int worker = 0; worker < 24; worker++) {
            findings.add(finding(
                    id,
                    NON_FINITE,
                    "grad_norm",
                    worker,
                    "gpu-%02d.rack-3.example".formatted(worker),
                    9_313,
                    12_000,
                    2_688,
                    1,
                    Severity.ERROR,
                    Cause.NUMERICS,
                    "Gradient norm of worker " + worker + " infinite at 2,688 steps"));
        }
        findings.add(finding(
                id,
                NON_FINITE,
                "loss",
                StepRecord.NO_WORKER,
                null,
                9_314,
                12_000,
                2_687,
                1,
                Severity.ERROR,
                Cause.NUMERICS,
                "Loss NaN from step 9,314 to the end, 2,687 logged steps"));
        Incident incident = new Incident(
                id + "/0/8712",
                id,
                Cause.OPTIMIZER,
                "The gradient norm grew steadily for 600 steps on all workers at once before the first infinite value, with sound"
                        + " inputs",
                Severity.ERROR,
                0,
                8_712,
                12_000,
                "Lower the peak learning rate or raise warm-up; resume before step 8,712.",
                findings);
        Finding slow = finding(
                id,
                STRAGGLER,
                "compute_seconds",
                17,
                "gpu-17.rack-3.example",
                100,
                9_000,
                1.57,
                1.3,
                Severity.INFO,
                Cause.WORKER,
                "Worker 17 took 1.57× the median of its 23 peers in 8,412 of 8,900 steps");
        Incident straggling = new Incident(
                id + "/0/100",
                id,
                Cause.WORKER,
                "Only worker 17 is slow and its waits are short",
                Severity.INFO,
                0,
                100,
                9_000,
                "Drain the host and check its clocks.",
                List.of(slow));
        return run(
                id,
                "pretrain",
                1,
                12_000,
                List.of(straggling, incident),
                List.of(loss, norm, rate),
                "needs 2 peers, got 1");
    }

    /** Three starts, each going back to a checkpoint. */
    static RunReport restarted(String id) {
        List<Chart> charts = List.of(
                join(
                        chart("loss", 1, 0, 5_200, s -> decay(s * 6) + (s > 5_000 ? (s - 5_000) / 40.0 : 0)),
                        chart("loss", 2, 4_000, 8_400, s -> decay(s * 6)),
                        chart("loss", 3, 8_000, 14_000, s -> decay(s * 6))),
                join(
                        chart("grad_norm", 4, 0, 5_200, s -> s > 4_900 ? 6 : 0.5),
                        chart("grad_norm", 5, 4_000, 8_400, s -> 0.5),
                        chart("grad_norm", 6, 8_000, 14_000, s -> 0.45)));
        Finding spike = finding(
                id,
                SPIKE,
                "loss",
                StepRecord.NO_WORKER,
                null,
                5_004,
                5_200,
                22.7,
                6,
                Severity.WARNING,
                Cause.UNKNOWN,
                "Loss 7.21 at step 5,198 against 2.43 ± 0.05");
        Incident incident = new Incident(
                id + "/0/5004",
                id,
                Cause.UNKNOWN,
                "Nothing logged before it was abnormal",
                Severity.WARNING,
                0,
                5_004,
                5_200,
                "Log the gradient norm before clipping.",
                List.of(spike));
        return run(id, null, 3, 14_000, List.of(incident), charts, "no compute_seconds logged");
    }

    /** Worth knowing, no action. */
    static RunReport straggler(String id) {
        Finding slow = finding(
                id,
                STRAGGLER,
                "compute_seconds",
                3,
                "gpu-17.rack-3.example",
                4_000,
                9_000,
                1.41,
                1.3,
                Severity.INFO,
                Cause.WORKER,
                "Worker 3 took 1.41× the median of its 7 peers in 4,700 of 5,000 steps");
        Incident incident = new Incident(
                id + "/0/4000",
                id,
                Cause.WORKER,
                "Only worker 3 is slow",
                Severity.INFO,
                0,
                4_000,
                9_000,
                "Drain the host.",
                List.of(slow));
        return run(id, "moe", 1, 9_000, List.of(incident), List.of(), "");
    }

    static RunReport sound(String id, int seed) {
        return run(
                id,
                "baselines",
                1,
                20_000 + seed,
                List.of(),
                seed == 0 ? List.of(chart("loss", seed, 0, 20_000, SampleRuns::decay)) : List.of(),
                "no compute_seconds logged");
    }

    static RunReport empty(String id) {
        return new RunReport(
                RunRecord.of(id, "baselines", Map.of()).withStatus("empty"),
                new RunSummary(
                        id,
                        "baselines",
                        1,
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
                SampleReports.DETECTORS.stream()
                        .map(d -> new Coverage(id, d.id(), Coverage.Status.INCONCLUSIVE, "needs 128 steps, got 0"))
                        .toList(),
                List.of(),
                List.of());
    }

    private static RunReport run(
            String id,
            @org.jspecify.annotations.Nullable String project,
            int attempts,
            long steps,
            List<Incident> incidents,
            List<Chart> charts,
            String stragglerGap) {
        List<Coverage> coverage = SampleReports.DETECTORS.stream()
                .map(d -> d == STRAGGLER && !stragglerGap.isEmpty()
                        ? new Coverage(id, d.id(), Coverage.Status.NOT_OBSERVABLE, stragglerGap)
                        : new Coverage(id, d.id(), Coverage.Status.OBSERVED, ""))
                .toList();
        return new RunReport(
                RunRecord.of(id, project, Map.of()).withStatus("finished"),
                new RunSummary(
                        id,
                        project,
                        attempts,
                        24,
                        steps,
                        0,
                        steps,
                        steps,
                        10.83,
                        2.0713,
                        2.0412,
                        2.31,
                        false,
                        Double.NaN),
                coverage,
                incidents,
                charts);
    }

    private static double decay(double step) {
        return 2 + 8.8 * Math.exp(-step / 2_500.0) + 0.9 * Math.exp(-step / 30_000.0);
    }

    /** Four hundred buckets of a noisy curve; a negative seed means without noise. */
    private static Chart chart(String metric, int seed, long from, long to, LongToDoubleFunction curve) {
        Random random = new Random(seed);
        int span = (int) Math.max(1, (to - from) / BUCKETS);
        int perBucket = Math.min(40, span);
        long[] steps = LongStream.range(0, BUCKETS).map(i -> from + i * span).toArray();
        double[] low = new double[BUCKETS];
        double[] high = new double[BUCKETS];
        double[] last = new double[BUCKETS];
        for (int i = 0; i < BUCKETS; i++) {
            low[i] = Double.POSITIVE_INFINITY;
            high[i] = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < perBucket; k++) {
                double noise = seed < 0 ? 1 : 1 + 0.03 * random.nextGaussian();
                double value = curve.applyAsDouble(steps[i] + (long) k * span / perBucket) * noise;
                low[i] = Math.min(low[i], value);
                high[i] = Math.max(high[i], value);
                last[i] = value;
            }
        }
        return new Chart(metric, steps, new int[BUCKETS], low, high, last);
    }

    private static Chart join(Chart... parts) {
        return new Chart(
                parts[0].metric(),
                java.util.Arrays.stream(parts)
                        .flatMapToLong(p -> java.util.Arrays.stream(p.steps()))
                        .toArray(),
                IntStream.range(0, parts.length)
                        .flatMap(i -> IntStream.generate(() -> i).limit(parts[i].steps().length))
                        .toArray(),
                java.util.Arrays.stream(parts)
                        .flatMapToDouble(p -> java.util.Arrays.stream(p.low()))
                        .toArray(),
                java.util.Arrays.stream(parts)
                        .flatMapToDouble(p -> java.util.Arrays.stream(p.high()))
                        .toArray(),
                java.util.Arrays.stream(parts)
                        .flatMapToDouble(p -> java.util.Arrays.stream(p.last()))
                        .toArray());
    }
}
