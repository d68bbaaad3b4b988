package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SiblingPlateauDetectorTest {
    private static final FleetDetector DETECTOR = new SiblingPlateauDetector();

    private static FleetDetector.Sibling run(String id, double finalLoss, long points, long lastStep) {
        return new FleetDetector.Sibling(
                RunRecord.of(id, "p", Map.of()),
                new RunSummary(
                        id,
                        "p",
                        1,
                        1,
                        points,
                        0,
                        lastStep,
                        points,
                        10,
                        finalLoss,
                        finalLoss,
                        Double.NaN,
                        false,
                        Double.NaN));
    }

    private static List<FleetDetector.Sibling> runs(double... finalLosses) {
        List<FleetDetector.Sibling> runs = new ArrayList<>();
        for (int i = 0; i < finalLosses.length; i++) {
            runs.add(run("r" + i, finalLosses[i], 500, 5000));
        }
        return runs;
    }

    private static Map<String, Detector.Assessment> judge(List<FleetDetector.Sibling> runs) {
        return DETECTOR.judge(runs, DetectorSettings.defaults(DETECTOR.info()));
    }

    private static List<Finding> findings(List<FleetDetector.Sibling> runs) {
        return judge(runs).values().stream().flatMap(a -> a.findings().stream()).toList();
    }

    @Test
    void aThirdOfTheRunsMayBeStuckAndAllOfThemAreFound() {
        // The final losses of a learning-rate sweep whose three largest rates are unstable.
        assertThat(findings(runs(1.58, 1.60, 1.65, 1.72, 1.85, 2.02, 3.20, 3.43, 4.43)))
                .extracting(Finding::runId, Finding::severity)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("r6", Severity.ERROR),
                        org.assertj.core.groups.Tuple.tuple("r7", Severity.ERROR),
                        org.assertj.core.groups.Tuple.tuple("r8", Severity.ERROR));
    }

    @Test
    void countsStandardDeviationsOfTheHalfThatAgreesBest() {
        // Logs of the siblings: 0, .02, .04, .06, 1. The shortest three are 0 to .04: middle .02, half-length .02, so
        // sigma = 1.4826 * .02 and the run at .5 lies (.5 - .02) / .029652 = 16.19 above.
        double[] logs = {0, 0.02, 0.04, 0.06, 1, 0.5};
        double[] losses = new double[logs.length];
        for (int i = 0; i < logs.length; i++) {
            losses[i] = Math.exp(logs[i]);
        }
        assertThat(judge(runs(losses)).get("r5"))
                .satisfies(a -> assertThat(a.findings())
                        .singleElement()
                        .satisfies(f -> assertThat(f.score()).isCloseTo(16.19, within(0.01))));
    }

    @Test
    void aRunALittleWorseThanManyIsNone() {
        assertThat(findings(runs(2.00, 2.01, 2.02, 2.00, 2.01, 2.02, 2.3))).isEmpty();
    }

    @Test
    void betweenAFifthAndAHalfMoreIsAWarning() {
        assertThat(findings(runs(2.00, 2.01, 2.02, 2.00, 2.01, 2.02, 2.7)))
                .singleElement()
                .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.WARNING));
    }

    @Test
    void theBetterSideIsNone() {
        assertThat(findings(runs(2.00, 2.01, 2.02, 2.00, 2.01, 2.02, 0.4))).isEmpty();
    }

    @Test
    void onlyRunsThatGotAboutAsFarAreCompared() {
        List<FleetDetector.Sibling> runs = new ArrayList<>(runs(2.00, 2.01, 2.02, 2.00, 2.01, 2.02));
        runs.add(run("short", 4, 500, 2500));
        runs.add(run("few", 4, 29, 5000));
        Map<String, Detector.Assessment> answers = judge(runs);
        assertThat(answers.get("short"))
                .isEqualTo(Detector.Assessment.inconclusive("needs 5 comparable siblings, got 0"));
        assertThat(answers.get("few")).isEqualTo(Detector.Assessment.inconclusive("needs 30 logged losses, got 29"));
        assertThat(findings(runs)).isEmpty();
    }

    @Test
    void aRunWithoutALossIsNotObservable() {
        List<FleetDetector.Sibling> runs = new ArrayList<>(runs(2, 2, 2, 2, 2, 2));
        runs.add(run("none", Double.NaN, 0, 5000));
        assertThat(judge(runs)).containsOnlyKeys("r0", "r1", "r2", "r3", "r4", "r5", "none");
        assertThat(judge(runs).get("none"))
                .satisfies(a -> assertThat(a.status()).isEqualTo(Coverage.Status.NOT_OBSERVABLE));
    }
}
