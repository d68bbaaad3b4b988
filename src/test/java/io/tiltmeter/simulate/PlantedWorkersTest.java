package io.tiltmeter.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What faults of workers do to the rows of those at fault, and to no other's. */
class PlantedWorkersTest {
    private static final FleetSpec SPEC =
            FleetSpec.workers(4).withRuns(1).withWorkers(24).withSteps(300).withFp16Share(0);
    private static final FleetSimulator SOUND = new FleetSimulator(SPEC.withFaults(0, List.of()));

    private static FleetSimulator with(FaultKind kind) {
        return new FleetSimulator(SPEC.withFaults(1, List.of(kind)));
    }

    private static List<StepRecord> rows(FleetSimulator fleet, int worker) {
        List<StepRecord> rows = new ArrayList<>();
        for (StepCursor cursor = fleet.steps(0, worker); cursor.next(); ) {
            rows.add(cursor.toRecord());
        }
        return rows;
    }

    private static double[] values(FleetSimulator fleet, int worker, Metric metric) {
        return rows(fleet, worker).stream()
                .mapToDouble(row -> row.values().get(metric))
                .toArray();
    }

    /** Value at fault over the sound one, from the first step of the fault. */
    private static double[] ratios(FaultKind kind, int worker, Metric metric) {
        FleetSimulator fleet = with(kind);
        int first = (int) fleet.labels().get(0).firstStep();
        double[] faulty = values(fleet, worker, metric);
        double[] sound = values(SOUND, worker, metric);
        assertThat(Arrays.copyOf(faulty, first)).isEqualTo(Arrays.copyOf(sound, first));
        return IntStream.range(first, faulty.length)
                .mapToDouble(n -> faulty[n] / sound[n])
                .toArray();
    }

    private static boolean isAbout(double[] all, double expected) {
        return Arrays.stream(all).allMatch(one -> Math.abs(one / expected - 1) < 1e-9);
    }

    @Test
    void gradientsAreScaledAndTurned() {
        int worker = with(FaultKind.WORKER_OUTLIER).labels().get(0).worker();
        assertThat(isAbout(ratios(FaultKind.WORKER_OUTLIER, worker, Metric.GRAD_NORM), 4))
                .isTrue();
        int other = (worker + 1) % 24;
        assertThat(isAbout(ratios(FaultKind.WORKER_OUTLIER, other, Metric.GRAD_NORM), 1))
                .isTrue();
        int flipped = with(FaultKind.FLIPPED_GRADIENT).labels().get(0).worker();
        assertThat(isAbout(ratios(FaultKind.FLIPPED_GRADIENT, flipped, Metric.GRAD_COSINE), -1))
                .isTrue();
        assertThat(isAbout(ratios(FaultKind.FLIPPED_GRADIENT, flipped, Metric.GRAD_NORM), 1))
                .isTrue();
    }

    @Test
    void threeAtOnceHaveALabelEach() {
        List<Integer> workers = with(FaultKind.THREE_OUTLIERS).labels().stream()
                .map(PlantedFault::worker)
                .toList();
        assertThat(workers).hasSize(3).doesNotHaveDuplicates();
        for (int worker : workers) {
            assertThat(isAbout(ratios(FaultKind.THREE_OUTLIERS, worker, Metric.GRAD_NORM), 4))
                    .isTrue();
        }
    }

    @Test
    void aFrozenWorkerRepeatsItselfAndALaggedOneItsLastFive() {
        for (FaultKind kind : List.of(FaultKind.FROZEN_WORKER, FaultKind.LAGGED_WORKER)) {
            FleetSimulator fleet = with(kind);
            PlantedFault label = fleet.labels().get(0);
            int lag = kind == FaultKind.FROZEN_WORKER ? 1 : 5;
            List<StepRecord> rows = rows(fleet, label.worker());
            for (int n = (int) label.firstStep(); n < rows.size(); n++) {
                assertThat(rows.get(n).values().get(Metric.LOSS))
                        .isEqualTo(rows.get(n - lag).values().get(Metric.LOSS));
                assertThat(rows.get(n).batchHash()).isEqualTo(rows.get(n - lag).batchHash());
            }
            assertThat(rows.stream().map(StepRecord::batchHash).distinct()).hasSize((int) label.firstStep());
        }
    }

    @Test
    void dataOfAnotherWorkerIsItsLossAndItsFingerprint() {
        FleetSimulator fleet = with(FaultKind.DUPLICATED_DATA);
        PlantedFault label = fleet.labels().get(0);
        List<StepRecord> own = rows(fleet, label.worker());
        List<StepRecord> other = rows(fleet, label.worker() - 1);
        for (int n = 0; n < own.size(); n++) {
            boolean same = n >= label.firstStep();
            assertThat(Objects.equals(own.get(n).batchHash(), other.get(n).batchHash()))
                    .isEqualTo(same);
            assertThat(own.get(n).values().get(Metric.LOSS)
                            == other.get(n).values().get(Metric.LOSS))
                    .isEqualTo(same);
        }
    }

    @Test
    void replicasOfAStageAreEqualUntilOneDrifts() {
        FleetSimulator fleet = new FleetSimulator(SPEC.withStages(3).withFaults(1, List.of(FaultKind.REPLICA_DRIFT)));
        PlantedFault label = fleet.labels().get(0);
        List<TopologyRecord> places = fleet.topology(0).toList();
        assertThat(places).extracting(TopologyRecord::pipelineCoordinate).containsOnly(0, 1, 2);
        assertThat(places).extracting(TopologyRecord::dataCoordinate).containsOnly(0, 1, 2, 3, 4, 5, 6, 7);
        List<StepRecord> own = rows(fleet, label.worker());
        for (int worker = 0; worker < 24; worker++) {
            List<StepRecord> other = rows(fleet, worker);
            boolean replica = worker / 8 == label.worker() / 8;
            for (int n = 0; n < own.size(); n++) {
                boolean same = worker == label.worker() || (replica && n < label.firstStep());
                assertThat(Objects.equals(
                                own.get(n).parameterHash(), other.get(n).parameterHash()))
                        .isEqualTo(same);
            }
        }
    }

    @Test
    void aWorkerWithFewerTokensHasHalf() {
        int worker = with(FaultKind.TOKEN_DRIFT).labels().get(0).worker();
        assertThat(isAbout(ratios(FaultKind.TOKEN_DRIFT, worker, Metric.TOKENS), 0.5))
                .isTrue();
    }

    @Test
    void slownessComesAtEveryThirdStepOrInTurnOrToAHost() {
        int worker = with(FaultKind.SLOW_PERIODIC).labels().get(0).worker();
        double[] periodic = ratios(FaultKind.SLOW_PERIODIC, worker, Metric.COMPUTE_SECONDS);
        for (int n = 0; n < periodic.length; n++) {
            assertThat(periodic[n] > 1.5).isEqualTo(n % 3 == 0);
        }
        int[] slow = new int[24];
        for (int w = 0; w < 24; w++) {
            for (double ratio : ratios(FaultKind.SLOW_IN_TURN, w, Metric.COMPUTE_SECONDS)) {
                slow[w] += ratio > 1.5 ? 1 : 0;
            }
        }
        assertThat(with(FaultKind.SLOW_IN_TURN).labels()).singleElement().satisfies(label -> {
            assertThat(label.worker()).isEqualTo(StepRecord.NO_WORKER);
            // One at every step.
            assertThat(IntStream.of(slow).sum()).isEqualTo(300 - (int) label.firstStep());
        });
        assertThat(IntStream.of(slow).max().orElseThrow()).isLessThan(30);
        assertThat(with(FaultKind.SLOW_NODE).labels())
                .extracting(PlantedFault::worker)
                .containsExactly(-1);
        long hosts = IntStream.range(0, 24)
                .filter(w -> isAbout(ratios(FaultKind.SLOW_NODE, w, Metric.COMPUTE_SECONDS), 1.8))
                .map(w -> w / 8)
                .distinct()
                .count();
        assertThat(hosts).isEqualTo(1);
    }

    @Test
    void lessThanFullLoggingHasNoHashes() {
        FleetSimulator plain = new FleetSimulator(FleetSpec.small(4).withRuns(1));
        assertThat(rows(plain, 0)).allMatch(row -> row.batchHash() == null && row.parameterHash() == null);
        assertThat(rows(plain, 0)).noneMatch(row -> row.values().has(Metric.GRAD_COSINE));
    }
}
