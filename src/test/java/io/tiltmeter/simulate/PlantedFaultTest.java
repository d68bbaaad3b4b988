package io.tiltmeter.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.StepRecord;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every planted fault is visible in the rows by simple arithmetic, where its label says. */
class PlantedFaultTest {
    private static final int STEPS = 1000;
    private static final int WORKERS = 4;
    private static final FleetSpec SPEC =
            FleetSpec.small(21).withRuns(6).withProjects(2).withWorkers(WORKERS).withSteps(STEPS);

    @Test
    void lossSpikeRecoversAndTheGradientLeads() {
        Planted p = new Planted(FaultKind.LOSS_SPIKE, 0);
        double[] loss = p.global(Metric.LOSS);
        double[] gradient = p.global(Metric.GRAD_NORM);
        double before = median(loss, p.first - 50, p.first);
        double scale = deviation(loss, p.first - 50, p.first);
        double gradientBefore = median(gradient, p.first - 50, p.first);
        assertThat(gradient[p.first + 1]).isGreaterThan(4 * gradientBefore);
        assertThat(loss[p.first + 1]).isLessThan(before + 6 * scale);
        assertThat(loss[p.first + 4]).isGreaterThan(before + 8 * scale);
        assertThat(median(loss, p.last + 1, p.last + 50)).isLessThan(before + scale);
    }

    @Test
    void divergenceRunsAwayToNaN() {
        Planted p = new Planted(FaultKind.DIVERGENCE, 1);
        double[] loss = p.global(Metric.LOSS);
        double before = median(loss, p.first - 50, p.first);
        int firstNaN = p.first + Fault.LEAD + Fault.RUNAWAY_LENGTH + 1;
        assertThat(loss[firstNaN - 1]).isFinite().isGreaterThan(10 * before);
        for (int t = p.first + 15; t < firstNaN - 1; t++) {
            assertThat(loss[t + 1]).isGreaterThan(loss[t] * 0.95);
        }
        for (int t = firstNaN; t < STEPS; t++) {
            assertThat(loss[t]).isNaN();
        }
        assertThat(p.last).isEqualTo(STEPS - 1);
        double[] gradient = p.global(Metric.GRAD_NORM);
        assertThat(gradient[p.first + 2]).isGreaterThan(1.3 * median(gradient, p.first - 50, p.first));
    }

    @Test
    void oscillationStaysBounded() {
        Planted p = new Planted(FaultKind.OSCILLATION, 2);
        double[] loss = p.global(Metric.LOSS);
        double highest = 0;
        double wave = 0;
        for (int t = p.first; t < STEPS; t++) {
            double expected = p.plan.floorLoss + p.plan.excess(t);
            double scaled = (loss[t] - expected) / (0.25 * expected / Math.sqrt(p.plan.globalBatch()));
            highest = Math.max(highest, Math.abs(scaled));
            wave += scaled * Math.sin(2 * Math.PI * (t - p.first) / 80.0) * 2 / (STEPS - p.first);
        }
        assertThat(wave).isCloseTo(3, within(0.5));
        assertThat(highest).isLessThan(12);
        assertThat(p.label.detector()).isNull();
        assertThat(p.label.kind().isControl()).isTrue();
    }

    @Test
    void neverLearningRunStaysWhereItBegan() {
        Planted p = new Planted(FaultKind.NEVER_LEARNS, 3);
        double[] loss = p.global(Metric.LOSS);
        assertThat(median(loss, 900, 1000)).isCloseTo(median(loss, 0, 100), within(0.1));
        assertThat(median(healthy(3, Metric.LOSS), 900, 1000)).isLessThan(0.7 * median(loss, 0, 100));
    }

    @Test
    void gradientExplosionLeavesTheLossAlone() {
        Planted p = new Planted(FaultKind.GRADIENT_EXPLOSION, 4);
        double[] gradient = p.global(Metric.GRAD_NORM);
        double before = median(gradient, p.first - 50, p.first);
        assertThat(median(gradient, p.last - 9, p.last + 1) / before).isCloseTo(Math.exp(6), within(100.0));
        assertThat(median(gradient, p.last + 1, p.last + 50)).isLessThan(1.3 * before);
        assertThat(p.global(Metric.LOSS)).isEqualTo(healthy(4, Metric.LOSS));
    }

    @Test
    void lossScaleCollapsesAndLearningStops() {
        Planted p = new Planted(FaultKind.LOSS_SCALE_COLLAPSE, 5);
        double[] scale = p.global(Metric.LOSS_SCALE);
        double[] skipped = p.global(Metric.SKIPPED);
        assertThat(scale[p.first - 1]).isGreaterThanOrEqualTo(0x1p14);
        assertThat(scale[p.first + 40]).isEqualTo(1);
        assertThat(scale[STEPS - 1]).isEqualTo(1);
        assertThat(Arrays.stream(skipped, p.first + 40, STEPS).average().orElseThrow())
                .isCloseTo(0.75, within(0.01));
        double[] loss = p.global(Metric.LOSS);
        assertThat(median(loss, STEPS - 100, STEPS)).isCloseTo(median(loss, p.first, p.first + 100), within(0.15));
    }

    @Test
    void isolatedStallsWaitForTheDataOfOneWorker() {
        Planted p = new Planted(FaultKind.STALL_ISOLATED, 0);
        double[] seconds = p.global(Metric.STEP_SECONDS);
        double usual = median(seconds, 0, STEPS);
        int[] stalls = {p.first, p.first + 17, p.first + 41, p.first + 60};
        assertThat(Arrays.stream(seconds).filter(s -> s > 15 * usual)).hasSize(4);
        for (int stall : stalls) {
            assertThat(seconds[stall]).isGreaterThan(15 * usual);
            for (int worker = 0; worker < WORKERS; worker++) {
                MetricValues v = p.at(worker, stall);
                boolean guilty = worker == p.label.worker();
                assertThat(v.get(guilty ? Metric.DATA_WAIT_SECONDS : Metric.COLLECTIVE_WAIT_SECONDS))
                        .isGreaterThan(15 * usual);
                assertThat(v.get(guilty ? Metric.COLLECTIVE_WAIT_SECONDS : Metric.DATA_WAIT_SECONDS))
                        .isLessThan(0.1 * usual);
            }
        }
    }

    @Test
    void clusterOfStallsHitsAllWorkers() {
        Planted p = new Planted(FaultKind.STALL_CLUSTER, 1);
        double[] seconds = p.global(Metric.STEP_SECONDS);
        double usual = median(seconds, 0, STEPS);
        for (int t = p.first; t <= p.last; t++) {
            assertThat(seconds[t]).isGreaterThan(8 * usual);
            for (int worker = 0; worker < WORKERS; worker++) {
                assertThat(p.at(worker, t).get(Metric.COLLECTIVE_WAIT_SECONDS)).isGreaterThan(7 * usual);
            }
        }
        assertThat(p.last - p.first).isEqualTo(11);
        assertThat(p.label.worker()).isEqualTo(StepRecord.NO_WORKER);
    }

    @Test
    void nanInputsOfOneWorkerReachTheLossAtTheNextStep() {
        Planted p = new Planted(FaultKind.NAN_INPUTS, 2);
        assertThat(p.global(Metric.LOSS)[p.first]).isFinite();
        assertThat(p.global(Metric.GRAD_NORM)[p.first]).isNaN();
        assertThat(p.global(Metric.GRAD_NORM)[p.first - 1]).isFinite();
        assertThat(p.global(Metric.LOSS)[p.first + 1]).isNaN();
        for (int worker = 0; worker < WORKERS; worker++) {
            boolean guilty = worker == p.label.worker();
            MetricValues at = p.at(worker, p.first);
            assertThat(at.get(Metric.NAN_INPUTS) > 0).isEqualTo(guilty);
            assertThat(Double.isNaN(at.get(Metric.GRAD_NORM))).isEqualTo(guilty);
            assertThat(p.at(worker, p.first - 1).get(Metric.GRAD_NORM)).isFinite();
            assertThat(p.at(worker, p.first + 1).get(Metric.LOSS)).isNaN();
            assertThat(p.at(worker, p.first + 1).get(Metric.NAN_INPUTS)).isZero();
        }
    }

    @Test
    void abortedRunEndsEarly() {
        Planted p = new Planted(FaultKind.ABORTED_RUN, 3);
        assertThat(lastStep(p.simulator.steps(3))).isEqualTo(p.first).isBetween(399L, 600L);
        RunRecord run = p.simulator.run(3);
        assertThat(run.status()).isEqualTo("failed");
        assertThat(run.plannedSteps()).isEqualTo(STEPS);
    }

    @Test
    void emptyRunHasNoRow() {
        Planted p = new Planted(FaultKind.EMPTY_RUN, 4);
        assertThat(p.simulator.steps(4).next()).isFalse();
        assertThat(p.simulator.rows(4)).isZero();
        assertThat(p.simulator.run(4).status()).isEqualTo("empty");
        assertThat(p.simulator.attempts(4)).hasSize(1);
    }

    @Test
    void restartReplaysTheStepsSinceTheCheckpoint() {
        Planted p = new Planted(FaultKind.RESTART, 5);
        List<StepRecord> rows = DeterminismTest.rows(p.simulator.steps(5, -1));
        List<StepRecord> before =
                rows.stream().filter(row -> row.attempt() == 0).toList();
        List<StepRecord> after = rows.stream().filter(row -> row.attempt() == 1).toList();
        List<AttemptRecord> attempts = p.simulator.attempts(5);
        assertThat(before.get(before.size() - 1).step()).isEqualTo(p.last);
        assertThat(after.get(0).step())
                .isEqualTo(p.first)
                .isEqualTo(attempts.get(1).resumeStep());
        assertThat(p.first % 100).isZero();
        assertThat(after.get(after.size() - 1).step()).isEqualTo(STEPS - 1);
        double expected = p.plan.floorLoss + p.plan.excess(p.first);
        double noise = 0.25 * expected / Math.sqrt(p.plan.globalBatch());
        for (int t = p.first; t <= p.last; t++) {
            double once = before.get(t).values().get(Metric.LOSS);
            double again = after.get(t - p.first).values().get(Metric.LOSS);
            assertThat(again).isNotEqualTo(once).isCloseTo(once, within(noise));
        }
        assertThat(after.get(0).timeMicros())
                .isGreaterThan(before.get(before.size() - 1).timeMicros());
        assertThat(p.simulator.events(5)).anyMatch(e -> e.kind().equals("restart") && e.attempt() == 1);
    }

    @Test
    void slowWorkerMakesItsPeersWait() {
        Planted p = new Planted(FaultKind.SLOW_WORKER, 0);
        double usual = median(p.global(Metric.STEP_SECONDS), 0, p.first);
        for (int t = p.first; t < STEPS; t += 10) {
            for (int worker = 0; worker < WORKERS; worker++) {
                boolean guilty = worker == p.label.worker();
                MetricValues v = p.at(worker, t);
                assertThat(v.get(Metric.COMPUTE_SECONDS) > 1.5 * usual).isEqualTo(guilty);
                assertThat(v.get(Metric.COLLECTIVE_WAIT_SECONDS) < 0.01 * usual).isEqualTo(guilty);
            }
        }
    }

    @Test
    void tooHighLearningRateLevelsOffAboveTheSiblings() {
        FleetSpec spec = SPEC.withFaults(0.17, List.of(FaultKind.LEARNING_RATE_TOO_HIGH));
        FleetSimulator simulator = new FleetSimulator(spec);
        List<PlantedFault> labels = simulator.labels();
        assertThat(labels).hasSize(1);
        int faulty = run(labels.get(0));
        double worst = median(global(simulator, faulty, Metric.LOSS), 900, 1000);
        double rate = Double.parseDouble(simulator.run(faulty).attributes().get("learning_rate"));
        for (int sibling = faulty % 2; sibling < 6; sibling += 2) {
            if (sibling != faulty) {
                assertThat(worst).isGreaterThan(1.2 * median(global(simulator, sibling, Metric.LOSS), 900, 1000));
                assertThat(rate)
                        .isGreaterThan(6
                                * Double.parseDouble(
                                        simulator.run(sibling).attributes().get("learning_rate")));
            }
        }
    }

    @Test
    void dataOrderEventHitsAllRunsOfOneProjectAtTheSameSteps() {
        FleetSimulator simulator = new FleetSimulator(SPEC.withFaults(0.1, List.of(FaultKind.SHARED_DATA_ORDER)));
        List<PlantedFault> labels = simulator.labels();
        assertThat(labels).hasSize(3);
        assertThat(labels)
                .extracting(PlantedFault::firstStep)
                .containsOnly(labels.get(0).firstStep());
        Set<String> projects = labels.stream()
                .map(label -> String.valueOf(simulator.run(run(label)).project()))
                .collect(Collectors.toSet());
        assertThat(projects).hasSize(1);
        int first = (int) labels.get(0).firstStep();
        for (PlantedFault label : labels) {
            double[] loss = global(simulator, run(label), Metric.LOSS);
            double jump = loss[first] - median(loss, first - 20, first);
            assertThat(jump).isGreaterThan(6 * deviation(loss, first - 20, first));
        }
    }

    @Test
    void labelsAreConsistentWithTheFleet() {
        FleetSpec spec = FleetSpec.small(8).withRuns(100);
        FleetSimulator simulator = new FleetSimulator(spec);
        List<PlantedFault> labels = simulator.labels();
        List<PlantedFault> own =
                labels.stream().filter(l -> !l.kind().isProjectWide()).toList();
        assertThat(own).hasSize(35).extracting(PlantedFault::runId).doesNotHaveDuplicates();
        assertThat(labels)
                .extracting(PlantedFault::kind)
                .containsAll(Stream.of(FaultKind.values())
                        .filter(kind -> !kind.isOfWorkers())
                        .toList());
        for (PlantedFault label : labels) {
            assertThat(label.runId()).isEqualTo(simulator.run(run(label)).runId());
            assertThat(label.firstStep()).isBetween(0L, spec.steps() - 1);
            assertThat(label.lastStep()).isBetween(label.firstStep(), spec.steps() - 1);
            assertThat(label.worker()).isBetween(-1, spec.workers() - 1);
            assertThat(label.detector()).isEqualTo(label.kind().detector().orElse(null));
            if (label.kind() != FaultKind.EMPTY_RUN) {
                StepCursor cursor = simulator.steps(
                        run(label), label.worker(), label.worker() + 1, label.firstStep(), spec.steps());
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.step()).isEqualTo(label.firstStep());
            }
        }
    }

    @Test
    void labelsPointAtLoggedStepsWhenOnlySomeAreLogged() {
        FleetSpec spec = SPEC.withSteps(5000)
                .withRuns(20)
                .withLogging(7, FleetSpec.Logging.ALL_WORKERS)
                .withFaults(1, List.of(FaultKind.values()));
        FleetSimulator simulator = new FleetSimulator(spec);
        for (PlantedFault label : simulator.labels()) {
            assertThat(label.firstStep() % 7).isZero();
            assertThat(label.lastStep() % 7).isZero();
            assertThat(label.lastStep()).isLessThan(5000);
        }
    }

    @Test
    void faultsLeaveWhatCameBeforeAsItWas() {
        for (FaultKind kind : Set.of(FaultKind.LOSS_SPIKE, FaultKind.DIVERGENCE, FaultKind.ABORTED_RUN)) {
            Planted p = new Planted(kind, 2);
            double[] healthy = healthy(2, Metric.LOSS);
            assertThat(Arrays.copyOf(p.global(Metric.LOSS), p.first)).isEqualTo(Arrays.copyOf(healthy, p.first));
        }
    }

    /** One run of a fleet in which every run has the fault. */
    private static final class Planted {
        final FleetSimulator simulator;
        final RunPlan plan;
        final PlantedFault label;
        final int run;
        final int first;
        final int last;

        Planted(FaultKind kind, int run) {
            FleetSpec spec = SPEC.withFp16Share(0).withFaults(1, List.of(kind));
            this.simulator = new FleetSimulator(spec);
            this.plan = new RunPlan(spec, run);
            this.run = run;
            this.label = simulator.labels(run).get(0);
            this.first = (int) label.firstStep();
            this.last = (int) label.lastStep();
        }

        double[] global(Metric metric) {
            return PlantedFaultTest.global(simulator, run, metric);
        }

        MetricValues at(int worker, long step) {
            StepCursor cursor = simulator.steps(run, worker, worker + 1, step, step + 1);
            assertThat(cursor.next()).isTrue();
            return cursor.values();
        }
    }

    private static double[] healthy(int run, Metric metric) {
        return global(new FleetSimulator(SPEC.withFp16Share(0).withFaults(0, List.of())), run, metric);
    }

    private static double[] global(FleetSimulator simulator, int run, Metric metric) {
        double[] values = new double[STEPS];
        StepCursor cursor = simulator.steps(run, StepRecord.NO_WORKER);
        while (cursor.next()) {
            MetricValues v = cursor.values();
            values[(int) cursor.step()] = v.has(metric) ? v.get(metric) : 0;
        }
        return values;
    }

    private static int run(PlantedFault label) {
        return Integer.parseInt(label.runId().substring(label.runId().lastIndexOf('-') + 1));
    }

    private static long lastStep(StepCursor cursor) {
        long last = -1;
        while (cursor.next()) {
            last = cursor.step();
        }
        return last;
    }

    private static double median(double[] values, int from, int to) {
        double[] sorted = Arrays.copyOfRange(values, from, Math.min(to, values.length));
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static double deviation(double[] values, int from, int to) {
        double mean = Arrays.stream(values, from, to).average().orElseThrow();
        return Math.sqrt(Arrays.stream(values, from, to)
                .map(x -> (x - mean) * (x - mean))
                .average()
                .orElseThrow());
    }
}
