package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.blocks.Channel;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import io.tiltmeter.model.WorkerMap;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Maps of workers whose values are known by hand: a chunk of 16 steps is a column, until there are too many. */
class WorkerMapSamplerTest {
    private static final int GRADIENT = Metric.GRAD_NORM.ordinal();

    private static WorkerMapRequest request(
            String detector, String metric, List<Integer> named, long onset, long last) {
        return new WorkerMapRequest("r", "r/0/0", 0, detector, metric, named, 0, Long.MAX_VALUE, onset, last);
    }

    private static WorkerMapRequest outlier(List<Integer> named, long onset, long last) {
        return request(WorkerOutlierDetector.ID, "grad_norm", named, onset, last);
    }

    private static WorkerMap draw(Team team, WorkerMapRequest request, Layout layout) {
        WorkerMapSampler sampler = new WorkerMapSampler(request);
        team.digests()
                .forEach(digest -> sampler.observe(new WorkerWindow(0, "value", digest.workers(), layout), digest));
        return sampler.map().orElseThrow();
    }

    @Test
    void aCellIsTheLogarithmOfTheRatioToThePeersMedian() {
        Team team = Team.of(4, 256).with(GRADIENT, (s, w) -> (w + 1) * (w == 2 && s >= 128 ? 10 : 1));

        WorkerMap map = draw(team, outlier(List.of(2), 128, 255), Layout.UNKNOWN);

        assertThat(map.unit()).isEqualTo(WorkerMap.Unit.LOG_RATIO);
        assertThat(map.metric()).isEqualTo("grad_norm");
        assertThat(map.worker()).containsExactly(0, 1, 2, 3);
        assertThat(map.isNamed()).containsExactly(false, false, true, false);
        assertThat(map.from())
                .isEqualTo(LongStream.range(0, 16).map(c -> 16 * c).toArray());
        assertThat(map.to())
                .isEqualTo(LongStream.range(0, 16).map(c -> 16 * c + 15).toArray());
        // Its peers log 1, 2 and 4: the median is 2.
        assertThat(Math.exp(map.value(2, 7))).isCloseTo(3 / 2.0, within(0.01));
        assertThat(Math.exp(map.value(2, 8))).isCloseTo(30 / 2.0, within(0.1));
        // Worker 3's are 1, 2 and 3, then 1, 2 and 30.
        assertThat(Math.exp(map.value(3, 7))).isCloseTo(4 / 2.0, within(0.01));
        assertThat(Math.exp(map.value(3, 8))).isCloseTo(4 / 2.0, within(0.01));
    }

    @Test
    void columnsAreMergedWhenThereAreTooMany() {
        // 200 chunks: 4 a column make 50 columns, since 2 would make 100.
        Team team = Team.of(3, 3200).window(160).with(GRADIENT, (s, w) -> w == 1 && s >= 1600 ? 5 : 1);

        WorkerMap map = draw(team, outlier(List.of(1), 1600, 3199), Layout.UNKNOWN);

        assertThat(map.columns()).isEqualTo(50);
        assertThat(map.from()[0]).isZero();
        assertThat(map.from()[25]).isEqualTo(1600);
        assertThat(map.to()[49]).isEqualTo(3199);
        assertThat(map.value(1, 24)).isZero();
        assertThat(Math.exp(map.value(1, 25))).isCloseTo(5, within(0.02));
        assertThat(Math.exp(map.value(1, 49))).isCloseTo(5, within(0.02));
    }

    @Test
    void onlyStepsAboutTheIncidentAreDrawn() {
        Team team = Team.of(3, 3200).window(160).with(GRADIENT, (s, w) -> w == 1 && s >= 1600 ? 5 : 1);
        WorkerMapRequest request = new WorkerMapRequest(
                "r", "r/0/0", 0, WorkerOutlierDetector.ID, "grad_norm", List.of(1), 1500, 1700, 1600, 1620);

        WorkerMap map = draw(team, request, Layout.UNKNOWN);

        // Chunks of 16 steps that touch steps 1500 to 1700.
        assertThat(map.from()[0]).isEqualTo(1488);
        assertThat(map.to()[map.columns() - 1]).isEqualTo(1711);
        assertThat(map.columns()).isEqualTo(14);
    }

    @Test
    void ofManyWorkersTheBadOneItsNeighboursAndOthersAtEqualDistancesAreShown() {
        Team team = Team.of(200, 64).with(GRADIENT, (s, w) -> w == 100 ? 5 : 1);

        WorkerMap map = draw(team, outlier(List.of(100), 0, 63), Layout.UNKNOWN);

        assertThat(map.all()).isEqualTo(200);
        assertThat(map.worker()).hasSize(32).contains(96, 97, 98, 99, 100, 101, 102, 103, 104);
        // 23 others: steps of 200/23, so every 8 or 9 workers.
        assertThat(map.worker()).startsWith(0, 8, 17, 26).isSorted();
        assertThat(map.worker()[31]).isGreaterThan(185);
    }

    @Test
    void aGroupIsFoundByHowFarItsWorkersAre() {
        Team team = Team.of(64, 64).with(GRADIENT, (s, w) -> w >= 40 && w < 48 && s >= 32 ? 3 : 1);

        WorkerMap map = draw(team, outlier(List.of(), 32, 63), Layout.UNKNOWN);

        assertThat(map.worker()).hasSize(32).contains(40, 41, 42, 43, 44, 45, 46, 47);
    }

    @Test
    void onlyPeersOfTheBadWorkerAreShown() {
        List<TopologyRecord> stages = IntStream.range(0, 8)
                .mapToObj(w -> new TopologyRecord("r", 0, w, null, null, w / 2, null, w % 2, null, null, null))
                .toList();
        Team team = Team.of(8, 64).with(GRADIENT, (s, w) -> w % 2 == 0 ? 10 : w == 3 ? 2 : 1);

        WorkerMap map = draw(team, outlier(List.of(3), 0, 63), Layout.of(stages));

        assertThat(map.worker()).containsExactly(1, 3, 5, 7);
        assertThat(Math.exp(map.value(1, 0))).isCloseTo(2, within(0.03));
        assertThat(Math.exp(map.value(2, 0))).isCloseTo(1, within(0.03));
    }

    @Test
    void valuesThatAreNotFiniteAreMarked() {
        Team team = Team.of(3, 64)
                .with(GRADIENT, (s, w) -> w == 1 && s == 20 ? Double.NaN : w == 2 && s >= 48 ? Double.NaN : 1 + w);

        WorkerMap map = draw(team, request(NonFiniteDetector.ID, "nan_inputs", List.of(1), 20, 20), Layout.UNKNOWN);

        assertThat(map.isNonFinite(1, 1)).isTrue();
        assertThat(map.isNonFinite(1, 0)).isFalse();
        assertThat(map.isNonFinite(1, 2)).isFalse();
        assertThat(map.isNonFinite(2, 3)).isTrue();
        assertThat(map.value(2, 3)).isNaN();
        // Between 1 and 3 on a scale of ratios lies the root of 3.
        assertThat(Math.exp(map.value(1, 1))).isCloseTo(2 / Math.sqrt(3), within(0.01));
    }

    @Test
    void aFrozenWorkerHasTheShareOfStepsAtWhichItRepeatedItself() {
        Team team = Team.of(3, 64).with(Metric.LOSS.ordinal(), (s, w) -> w == 2 && s >= 24 ? 7 : s * 10 + w);

        WorkerMap map = draw(team, request(FrozenWorkerDetector.ID, "loss", List.of(2), 24, 63), Layout.UNKNOWN);

        assertThat(map.unit()).isEqualTo(WorkerMap.Unit.SHARE_EQUAL);
        assertThat(map.value(2, 0)).isZero();
        // Of steps 16 to 31 it repeats that before at 25 to 31.
        assertThat(map.value(2, 1)).isCloseTo(7 / 16.0, within(1e-6));
        assertThat(map.value(2, 2)).isEqualTo(1);
        assertThat(map.value(0, 2)).isZero();
    }

    @Test
    void aReplicaThatDriftsHasTheShareOfStepsAtWhichItWasAlone() {
        Team team = Team.of(4, 64).with(Channel.PARAMETER_HASH, (s, w) -> 1000 + s + (w == 0 && s >= 40 ? 0.5 : 0));

        WorkerMap map =
                draw(team, request(ReplicaDriftDetector.ID, "parameter_hash", List.of(0), 40, 63), Layout.UNKNOWN);

        assertThat(map.unit()).isEqualTo(WorkerMap.Unit.SHARE_APART);
        assertThat(map.value(0, 1)).isZero();
        assertThat(map.value(0, 2)).isCloseTo(0.5, within(1e-6));
        assertThat(map.value(0, 3)).isEqualTo(1);
        assertThat(map.value(1, 3)).isZero();
    }

    @Test
    void tenThousandWorkersAreHeldInTheSameMemory() {
        Team team = Team.of(10_000, 96).window(32).with(GRADIENT, (s, w) -> w == 9_999 ? 2 : 1);

        WorkerMap map = draw(team, outlier(List.of(9_999), 0, 95), Layout.UNKNOWN);

        assertThat(map.all()).isEqualTo(10_000);
        assertThat(map.worker()).hasSize(32).contains(9_999);
    }

    @Test
    void anIncidentCallsForTheMapOfItsGravestComparisonOfWorkers() {
        Incident incident = new Incident(
                "r/0/100",
                "r",
                Cause.WORKER,
                "",
                Severity.ERROR,
                0,
                100,
                900,
                "",
                List.of(
                        finding("loss-spike", StepRecord.NO_WORKER, Severity.ERROR, 100),
                        finding(StragglerDetector.ID, 3, Severity.WARNING, 110),
                        finding(WorkerOutlierDetector.ID, 5, Severity.ERROR, 200),
                        finding(WorkerOutlierDetector.ID, 4, Severity.ERROR, 300),
                        finding(WorkerOutlierDetector.ID, 9, Severity.INFO, 300)));
        RunSummary run = new RunSummary("r", null, 1, 8, 1000, 0, 1998, 0, 0, 0, 0, 0, false, Double.NaN);

        WorkerMapRequest request = WorkerMapRequest.of(incident, run).orElseThrow();

        assertThat(request.detector()).isEqualTo(WorkerOutlierDetector.ID);
        assertThat(request.named()).containsExactly(4, 5);
        assertThat(request.onset()).isEqualTo(200);
        // Every second step is logged: 192 logged steps are 384.
        assertThat(request.drawnFrom()).isEqualTo(200 - 384);
        assertThat(request.drawnTo()).isEqualTo(250 + 192);
    }

    private static Finding finding(String detector, int worker, Severity severity, long from) {
        return new Finding(
                "r",
                detector,
                "grad_norm",
                0,
                worker,
                null,
                null,
                null,
                from,
                from + 50,
                from,
                2,
                1,
                severity,
                Cause.WORKER,
                "");
    }
}
