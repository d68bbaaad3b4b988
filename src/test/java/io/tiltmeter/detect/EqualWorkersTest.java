package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.blocks.Channel;
import io.tiltmeter.blocks.Slice;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers that should be equal and are not, and those that should not be and are. */
class EqualWorkersTest {
    private static final int STEPS = 600;
    private static final int ONSET = 301;

    private static WorkerNoise noise(int workers, long seed) {
        return new WorkerNoise(STEPS, workers, 0.12, 0.5, 5, 0.05, seed);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 16})
    void aReplicaThatDriftedIsToldFromItsFirstStep(int workers) {
        List<Finding> findings = Team.of(workers, STEPS)
                .with(Channel.PARAMETER_HASH, (s, w) -> Channel.ofHash(s * 31L + (w == 1 && s >= ONSET ? 7 : 0)))
                .judge(new ReplicaDriftDetector())
                .findings();
        assertThat(findings).hasSize(1);
        assertThat(findings.get(0).worker()).isEqualTo(1);
        assertThat(findings.get(0).stepFrom()).isEqualTo(ONSET);
        assertThat(findings.get(0).stepTo()).isEqualTo(STEPS - 1);
    }

    @Test
    void ofTwoReplicasItIsNotToldWhichDrifted() {
        List<Finding> findings = Team.of(2, STEPS)
                .with(Channel.PARAMETER_HASH, (s, w) -> Channel.ofHash(s * 31L + (w == 1 && s >= ONSET ? 7 : 0)))
                .judge(new ReplicaDriftDetector())
                .findings();
        assertThat(findings).extracting(Finding::worker).containsExactly(StepRecord.NO_WORKER);
        assertThat(findings.get(0).stepFrom()).isEqualTo(ONSET);
    }

    @Test
    void replicasThatWereApartForAWhileAreToldTillTheyMeet() {
        for (int workers : new int[] {2, 4}) {
            List<Finding> findings = Team.of(workers, STEPS)
                    .with(
                            Channel.PARAMETER_HASH,
                            (s, w) -> Channel.ofHash(s * 31L + (w == 1 && s >= ONSET && s < ONSET + 3 ? 7 : 0)))
                    .judge(new ReplicaDriftDetector())
                    .findings();
            assertThat(findings).hasSize(1);
            assertThat(findings.get(0).stepFrom()).isEqualTo(ONSET);
            assertThat(findings.get(0).stepTo()).isEqualTo(ONSET + 3);
        }
    }

    @Test
    void twoReplicasThatDriftedAlikeAreNotBack() {
        List<Finding> findings = Team.of(8, STEPS)
                .with(Channel.PARAMETER_HASH, (s, w) -> Channel.ofHash(s * 31L + (w % 4 == 1 && s >= ONSET ? 7 : 0)))
                .judge(new ReplicaDriftDetector())
                .findings();
        assertThat(findings).extracting(Finding::worker).containsExactly(1, 5);
        assertThat(findings).extracting(Finding::stepTo).containsOnly((long) STEPS - 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 16, 40})
    void rowsThatWereLostMakeNoReplicaDrift(int workers) {
        // Single rows, a whole window, the first and the last rows, and all from some step on.
        Team.Value hash =
                (s, w) -> w == 0 && (s == 100 || s < 3 || s >= 255 && s < 258 || s >= 384 && s < 512 || s >= STEPS - 20)
                                || w == 1 && s % 7 == 1
                        ? Slice.ABSENT
                        : Channel.ofHash(s * 31L);
        assertThat(Team.of(workers, STEPS)
                        .window(64)
                        .with(Channel.PARAMETER_HASH, hash)
                        .judge(new ReplicaDriftDetector())
                        .findings())
                .isEmpty();
        if (workers > 2) {
            List<Finding> drift = Team.of(workers, STEPS)
                    .window(64)
                    .with(
                            Channel.PARAMETER_HASH,
                            (s, w) -> w == 2 && s >= ONSET && !Slice.isAbsent(hash.at(s, w))
                                    ? Channel.ofHash(-s)
                                    : hash.at(s, w))
                    .judge(new ReplicaDriftDetector())
                    .findings();
            assertThat(drift).extracting(Finding::worker).containsExactly(2);
            assertThat(drift.get(0).stepFrom()).isEqualTo(ONSET);
        }
    }

    @Test
    void ofThousandsOfReplicasTheFirstMayDriftAsWellAsAnother() {
        List<Finding> findings = Team.of(3_000, 96)
                .window(32)
                .with(Channel.PARAMETER_HASH, (s, w) -> Channel.ofHash(s * 31L + (w == 0 && s >= 40 ? 7 : 0)))
                .judge(new ReplicaDriftDetector())
                .findings();
        assertThat(findings).extracting(Finding::worker).containsExactly(0);
        assertThat(findings.get(0).stepFrom()).isEqualTo(40);
    }

    @Test
    void thousandsOfReplicasThatPartAtOnceAreNobodysDrift() {
        assertThat(Team.of(3_000, 200)
                        .window(100)
                        .with(Metric.PARAM_NORM.ordinal(), (s, w) -> s < 150 ? 10 + s : 10 + s + w * 1e-3)
                        .judge(new ReplicaDriftDetector())
                        .findings())
                .isEmpty();
    }

    @Test
    void shardsOfAModelAreNoReplicas() {
        Team.Value shards = (s, w) -> Channel.ofHash(s * 31L + w % 4);
        assertThat(Team.of(16, STEPS)
                        .with(Channel.PARAMETER_HASH, shards)
                        .judge(new ReplicaDriftDetector())
                        .findings())
                .isEmpty();
        List<Finding> drift = Team.of(16, STEPS)
                .with(Channel.PARAMETER_HASH, (s, w) -> w == 9 && s >= ONSET ? Channel.ofHash(-s) : shards.at(s, w))
                .judge(new ReplicaDriftDetector())
                .findings();
        assertThat(drift).extracting(Finding::worker).containsExactly(9);
    }

    @Test
    void aWorkerFedTheDataOfAnotherIsFoundByLossesAndByHashes() {
        WorkerNoise noise = noise(4, 7);
        Team.Value loss = (s, w) -> 2 * Math.exp(noise.at(s, w == 3 && s >= ONSET ? 1 : w));
        List<Finding> byLoss = Team.of(4, STEPS)
                .with(Metric.LOSS.ordinal(), loss)
                .judge(new DuplicatedDataDetector())
                .findings();
        assertThat(byLoss).hasSize(1);
        assertThat(byLoss.get(0).worker()).isEqualTo(3);
        assertThat(byLoss.get(0).stepFrom()).isEqualTo(ONSET);
        List<Finding> byHash = Team.of(4, STEPS)
                .with(Channel.BATCH_HASH, (s, w) -> Channel.ofHash(100L * s + (w == 3 && s >= ONSET ? 1 : w)))
                .judge(new DuplicatedDataDetector())
                .findings();
        assertThat(byHash).extracting(Finding::worker).containsExactly(3);
    }

    @Test
    void lossesThatAgreeByRoundingAreNoDuplicates() {
        WorkerNoise noise = noise(8, 8);
        // Two digits: neighbours agree at every other step.
        assertThat(Team.of(8, STEPS)
                        .with(Metric.LOSS.ordinal(), (s, w) -> Math.rint(20 * Math.exp(noise.at(s, w))) / 10)
                        .judge(List.of(new DuplicatedDataDetector(), new FrozenWorkerDetector())))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5})
    void aWorkerThatSaysTheSameAgainAndAgainIsFrozen(int lag) {
        WorkerNoise noise = noise(4, 9);
        // It goes round and round in the steps before the onset.
        Team.Value loss =
                (s, w) -> 2 * Math.exp(noise.at(w == 2 && s >= ONSET ? ONSET - lag + (s - ONSET) % lag : s, w));
        List<Finding> findings = Team.of(4, STEPS)
                .with(Metric.LOSS.ordinal(), loss)
                .judge(new FrozenWorkerDetector())
                .findings();
        assertThat(findings).isNotEmpty().allMatch(f -> f.worker() == 2);
        assertThat(findings.get(0).stepFrom()).isBetween(ONSET - 1L, ONSET + 2L * lag);
    }

    @Test
    void aWorkerThatWentRoundForAWhileIsToldAsWell() {
        WorkerNoise noise = noise(4, 9);
        // Every other step has a loss, and it catches up long before the window ends.
        int end = ONSET + 120;
        Team.Value loss = (s, w) -> s % 2 == 1
                ? Slice.ABSENT
                : 2 * Math.exp(noise.at(w == 2 && s >= ONSET && s < end ? ONSET - 10 + (s - ONSET) % 10 : s, w));
        List<Finding> findings = Team.of(4, STEPS)
                .with(Metric.LOSS.ordinal(), loss)
                .judge(new FrozenWorkerDetector())
                .findings();
        assertThat(findings).extracting(Finding::worker).containsExactly(2);
        assertThat(findings.get(0).stepFrom()).isBetween(ONSET - 1L, ONSET + 20L);
        assertThat(findings.get(0).stepTo()).isBetween(end - 4L, (long) end);
    }

    @Test
    void epochsThatRepeatTheirOrderAreNoFrozenWorkers() {
        assertThat(Team.of(4, STEPS)
                        .with(Channel.BATCH_HASH, (s, w) -> Channel.ofHash(100L * (s % 50) + w))
                        .judge(new FrozenWorkerDetector())
                        .findings())
                .isEmpty();
    }

    /** Ranks 2 d and 2 d + 1 share a model; {@code of} tells the data coordinate. */
    private static Layout reading(int workers, IntUnaryOperator of) {
        return Layout.of(IntStream.range(0, workers)
                .mapToObj(w -> new TopologyRecord("run", 0, w, "host", null, of.applyAsInt(w), w % 2, 0, 0, 0))
                .toList());
    }

    @Test
    void allWorkersOnTheSameDataAreToldWhereTheyShouldReadTheirOwn() {
        Team team = Team.of(4, STEPS).with(Channel.BATCH_HASH, (s, w) -> Channel.ofHash(s));
        assertThat(team.layout(reading(4, w -> w))
                        .judge(new DuplicatedDataDetector())
                        .findings())
                .extracting(Finding::worker)
                .containsExactly(1, 2, 3);
        // Nobody says that they should not be ranks of one model.
        assertThat(team.layout(Layout.UNKNOWN)
                        .judge(new DuplicatedDataDetector())
                        .findings())
                .isEmpty();
    }

    @Test
    void ranksThatShareAModelDoNotHideAShortDuplicate() {
        Team.Value hash = (s, w) -> Channel.ofHash(100L * s + (w / 2 == 5 && s >= ONSET && s < ONSET + 4 ? 3 : w / 2));
        List<Finding> findings = Team.of(16, STEPS)
                .with(Channel.BATCH_HASH, hash)
                .layout(reading(16, w -> w / 2))
                .judge(new DuplicatedDataDetector())
                .findings();
        assertThat(findings).extracting(Finding::worker).containsExactly(10, 11);
        assertThat(findings).allMatch(f -> f.stepFrom() == ONSET && f.stepTo() == ONSET + 3);
    }
}
