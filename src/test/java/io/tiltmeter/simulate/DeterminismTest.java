package io.tiltmeter.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeterminismTest {
    private static final FleetSpec SMALL = FleetSpec.small(3).withSteps(400);
    private static final Comparator<StepRecord> ORDER = Comparator.comparingInt(StepRecord::attempt)
            .thenComparingLong(StepRecord::step)
            .thenComparingInt(StepRecord::worker);

    @Test
    void rowsAreTheSameForAnyPartitionByWorker() {
        FleetSpec spec = SMALL.withBatching(FleetSpec.Batching.VARYING);
        for (int run = 0; run < spec.runs(); run++) {
            List<StepRecord> whole = rows(new FleetSimulator(spec).steps(run));
            List<StepRecord> parts = new ArrayList<>();
            for (int worker = spec.workers() - 1; worker >= 0; worker--) {
                parts.addAll(rows(new FleetSimulator(spec).steps(run, worker)));
            }
            parts.addAll(rows(new FleetSimulator(spec).steps(run, StepRecord.NO_WORKER)));
            parts.sort(ORDER);
            assertThat(parts).as("run %d", run).isEqualTo(whole);
            assertThat(whole).isSortedAccordingTo(ORDER);
        }
    }

    @Test
    void rowsAreTheSameForAnyPartitionByStep() {
        FleetSpec spec = FleetSpec.small(5)
                .withRuns(17)
                .withWorkers(2)
                .withSteps(9000)
                .withFaults(1, List.of(FaultKind.values()))
                .withCheckpointEvery(1500);
        FleetSimulator simulator = new FleetSimulator(spec);
        for (int run = 0; run < spec.runs(); run++) {
            List<StepRecord> whole = rows(simulator.steps(run));
            List<StepRecord> parts = new ArrayList<>();
            long[] cuts = {0, 1, 64, 4095, 4097, 6000, 8192, 9000};
            for (int i = cuts.length - 1; i > 0; i--) {
                parts.addAll(rows(simulator.steps(run, -1, spec.workers(), cuts[i - 1], cuts[i])));
            }
            parts.sort(ORDER);
            assertThat(parts.equals(whole)).as("run %d", run).isTrue();
        }
    }

    @Test
    void tablesAndLabelsAreFunctionsOfTheSpecification() {
        FleetSimulator one = new FleetSimulator(SMALL);
        FleetSimulator other = new FleetSimulator(FleetSpec.small(3).withSteps(400));
        assertThat(one.runs()).containsExactlyElementsOf(other.runs().toList());
        assertThat(one.labels()).isEqualTo(other.labels());
        assertThat(one.attempts(9)).isEqualTo(other.attempts(9));
        assertThat(one.topology(9)).containsExactlyElementsOf(other.topology(9).toList());
        assertThat(one.events(9)).containsExactlyElementsOf(other.events(9).toList());
    }

    /** The checksum is what JDK 17 and JDK 25 computed, interpreted and compiled. Change it only with the model. */
    @Test
    void bitsAreTheSameOnEveryJava() {
        FleetSimulator simulator = new FleetSimulator(FleetSpec.small(9));
        long checksum = 0;
        for (int run = 0; run < 40; run++) {
            StepCursor cursor = simulator.steps(run);
            while (cursor.next()) {
                checksum = checksum * 31 + cursor.timeMicros();
                for (int i = 0; i < Metric.count(); i++) {
                    if (cursor.values().has(Metric.of(i))) {
                        checksum = checksum * 31
                                + Double.doubleToRawLongBits(cursor.values().get(Metric.of(i)));
                    }
                }
            }
        }
        assertThat(Long.toHexString(checksum)).isEqualTo("62903962e4bfa08d");
    }

    @Test
    void anotherSeedIsAnotherFleet() {
        List<StepRecord> one = rows(new FleetSimulator(SMALL).steps(0));
        List<StepRecord> other = rows(new FleetSimulator(SMALL.withSeed(4)).steps(0));
        assertThat(one.get(0).values()).isNotEqualTo(other.get(0).values());
    }

    @Test
    void runsOfAFleetDiffer() {
        FleetSimulator simulator = new FleetSimulator(SMALL.withFaults(0, List.of()));
        Set<Double> first = new HashSet<>();
        for (int run = 0; run < SMALL.runs(); run++) {
            StepCursor cursor = simulator.steps(run);
            assertThat(cursor.next()).isTrue();
            first.add(cursor.values().get(Metric.LOSS));
        }
        assertThat(first).hasSize(SMALL.runs());
        assertThat(simulator.runs().map(r -> r.runId()).distinct()).hasSize(SMALL.runs());
    }

    @Test
    void rowsAreCountedWithoutMakingThem() {
        for (FleetSpec.Logging logging : FleetSpec.Logging.values()) {
            FleetSimulator simulator = new FleetSimulator(SMALL.withSteps(1201).withLogging(3, logging));
            for (int run = 0; run < SMALL.runs(); run++) {
                List<StepRecord> rows = rows(simulator.steps(run));
                assertThat(simulator.rows(run)).isEqualTo(rows.size());
                assertThat(rows).allMatch(row -> row.step() % 3 == 0);
            }
        }
    }

    @Test
    void rankZeroLogsItsOwnRowAndThatOfTheRun() {
        FleetSimulator simulator =
                new FleetSimulator(SMALL.withFaults(0, List.of()).withLogging(1, FleetSpec.Logging.RANK_ZERO));
        assertThat(rows(simulator.steps(1))).extracting(StepRecord::worker).containsOnly(StepRecord.NO_WORKER, 0);
        assertThat(rows(simulator.steps(1, 2))).isEmpty();
    }

    @Test
    void makesNoObjectARow() {
        FleetSimulator simulator = new FleetSimulator(FleetSpec.small(1).withSteps(60_000));
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long shortRun = allocated(threads, simulator, 1000);
        long longRun = allocated(threads, simulator, 60_000);
        assertThat(longRun - shortRun)
                .as("bytes allocated by 295,000 more rows")
                .isLessThan(64 * 1024);
    }

    private static long allocated(ThreadMXBean threads, FleetSimulator simulator, long steps) {
        long before = threads.getCurrentThreadAllocatedBytes();
        StepCursor cursor = simulator.steps(2, -1, 4, 0, steps);
        double sum = 0;
        while (cursor.next()) {
            sum += cursor.values().get(Metric.LOSS) + cursor.timeMicros();
        }
        assertThat(sum).isNotZero();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    @Test
    void findsALateStepOfAHugeRunAtOnce() {
        FleetSimulator simulator = new FleetSimulator(FleetSpec.small(1)
                .withRuns(100_000)
                .withWorkers(10_000)
                .withSteps(5_000_000)
                .withFaults(0, List.of()));
        StepCursor cursor = simulator.steps(77_777, 9_000, 10_000, 4_999_998, 5_000_000);
        int rows = 0;
        while (cursor.next()) {
            assertThat(cursor.worker()).isBetween(9_000, 9_999);
            assertThat(cursor.step()).isBetween(4_999_998L, 4_999_999L);
            rows++;
        }
        assertThat(rows).isEqualTo(2_000);
    }

    @Test
    void specificationSurvivesSerialization() throws IOException, ClassNotFoundException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(SMALL);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isEqualTo(SMALL);
        }
    }

    @Test
    void eventsStandAtTheirCadence() {
        FleetSimulator simulator = new FleetSimulator(
                SMALL.withFaults(0, List.of()).withCheckpointEvery(50).withEvalEvery(75));
        assertThat(simulator.events(1).filter(e -> e.kind().equals("checkpoint")))
                .extracting(EventRecord::step)
                .containsExactly(50L, 100L, 150L, 200L, 250L, 300L, 350L);
        assertThat(simulator.events(1).filter(e -> e.kind().equals("evaluation")))
                .extracting(EventRecord::step)
                .containsExactly(75L, 150L, 225L, 300L, 375L);
    }

    @Test
    void refusesWhatIsNotThere() {
        FleetSimulator simulator = new FleetSimulator(SMALL);
        assertThatThrownBy(() -> simulator.run(40)).hasMessage("Run 40 is not one of 0 to 39");
        assertThatThrownBy(() -> simulator.steps(0, 4)).hasMessage("Workers 4 to 5 (exclusive) are not within -1 to 4");
        assertThatThrownBy(() -> simulator.steps(0, 0, 1, 5, 4))
                .hasMessage("Steps 5 to 4 (exclusive) are no range of steps");
        assertThatThrownBy(() -> SMALL.withSteps(100))
                .hasMessage("Fleet has 'steps / logEvery' = 100 but it must be >= 200");
        assertThatThrownBy(() -> SMALL.withFp16Share(Double.NaN))
                .hasMessage("Fleet has 'fp16Share' = NaN but it must be 0 to 1");
    }

    static List<StepRecord> rows(StepCursor cursor) {
        List<StepRecord> rows = new ArrayList<>();
        while (cursor.next()) {
            rows.add(cursor.toRecord());
        }
        return rows;
    }
}
