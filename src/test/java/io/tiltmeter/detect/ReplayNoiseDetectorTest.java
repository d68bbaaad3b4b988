package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class ReplayNoiseDetectorTest {
    private static final FleetDetector DETECTOR = new ReplayNoiseDetector();

    /** 500 steps, then again from step 400 on up to 700, with other losses by these log differences. */
    private static RunSummary replayed(IntToDoubleFunction difference) {
        double[] loss = Curves.sound(700, 0.02, 7);
        Points points = Points.of();
        for (int i = 0; i < 500; i++) {
            points.at(i).set(Metric.LOSS, loss[i]);
        }
        points.attempt(1);
        for (int i = 400; i < 700; i++) {
            points.at(i).set(Metric.LOSS, loss[i] * Math.exp(difference.applyAsDouble(i)));
        }
        RunSummarizer summarizer = new RunSummarizer(Points.RUN);
        points.list().forEach(summarizer::observe);
        return summarizer.summary();
    }

    private static Map<String, Detector.Assessment> judge(double... noises) {
        List<FleetDetector.Sibling> siblings = new ArrayList<>();
        for (int i = 0; i < noises.length; i++) {
            siblings.add(new FleetDetector.Sibling(
                    RunRecord.of("r" + i, "p", Map.of()),
                    new RunSummary("r" + i, "p", 2, 1, 800, 0, 699, 800, 10, 2, 2, Double.NaN, false, noises[i])));
        }
        return DETECTOR.judge(siblings, DetectorSettings.defaults(DETECTOR.info()));
    }

    /**
     * Differences of +d and -d in turn at the first 16 steps and none later: the median absolute deviation is d, so the spread
     * is 1.4826 d, times the correction for 16 values.
     */
    @Test
    void aSummaryHoldsTheSpreadOfTheFirstSixteen() {
        double noise =
                replayed(i -> i < 416 ? (i % 2 == 0 ? 0.001 : -0.001) : 0).replayNoise();

        assertThat(noise).isCloseTo(0.0014826, within(0.0001));
    }

    @Test
    void anExactReplayHasNoNoise() {
        assertThat(replayed(i -> 0).replayNoise()).isCloseTo(0, within(1e-12));
    }

    /** Losses that have nothing to do with the first ones: the data were others, and that is no noise of a replay. */
    @Test
    void otherDataAreNoReplay() {
        Random random = new Random(3);

        assertThat(replayed(i -> 0.03 * random.nextGaussian()).replayNoise()).isNaN();
    }

    @Test
    void theNoisiestStartCounts() {
        double[] loss = Curves.sound(600, 0.02, 7);
        RunSummarizer summarizer = new RunSummarizer(Points.RUN);
        Points points = Points.of();
        for (int attempt = 0; attempt < 3; attempt++) {
            points.attempt(attempt);
            double size = attempt == 1 ? 0.002 : attempt == 2 ? 0.0001 : 0;
            for (int i = 100 * attempt; i < 300 + 100 * attempt; i++) {
                points.at(i).set(Metric.LOSS, loss[i] * Math.exp(i % 2 == 0 ? size : -size));
            }
        }
        points.list().forEach(summarizer::observe);

        assertThat(summarizer.summary().replayNoise()).isBetween(0.0025, 0.0035);
    }

    @Test
    void warnsOfTheOneRunThatDoesNotRepeatItself() {
        Map<String, Detector.Assessment> answers = judge(2e-4, 3e-4, 2.5e-4, 1e-4, 4e-4, 2e-4, 9e-3);

        assertThat(of(answers, "r6").findings()).singleElement().satisfies(finding -> {
            assertThat(finding.severity()).isEqualTo(Severity.WARNING);
            assertThat(finding.evidence()).contains("0.90 %").contains("6 siblings");
        });
        answers.remove("r6");
        assertThat(answers.values())
                .allSatisfy(answer -> assertThat(answer.findings()).isEmpty());
    }

    /** Siblings that repeat themselves to the last digit: what is beyond rounding by a factor of ten is a finding, less is not. */
    @Test
    void exactSiblingsSetNoFinerScaleThanRounding() {
        assertThat(findings(judge(0, 0, 0, 0, 0, 0, 8e-5))).isEmpty();
        assertThat(findings(judge(0, 0, 0, 0, 0, 0, 2e-4)))
                .extracting(Finding::runId)
                .containsExactly("r6");
    }

    /** Siblings over four decades: thirty times the middle of them is nothing unusual. */
    @Test
    void siblingsThatDifferSetAWiderScale() {
        assertThat(findings(judge(1e-5, 1e-4, 1e-3, 1e-2, 1e-4, 1e-3, 3e-2))).isEmpty();
    }

    @Test
    void needsSiblingsThatWereReplayed() {
        Map<String, Detector.Assessment> answers = judge(0, Double.NaN, Double.NaN, 0, 0, 0, 1e-2);

        assertThat(of(answers, "r6").status()).isEqualTo(Coverage.Status.INCONCLUSIVE);
        assertThat(of(answers, "r6").reason()).contains("got 4");
        assertThat(of(answers, "r1").status()).isEqualTo(Coverage.Status.NOT_OBSERVABLE);
    }

    /** Fleets whose runs have one noise between them: spreads of 16 differences, and a factor of 1.5 that goes with the run. */
    @Test
    void isSilentWhereTheNoiseIsTheSame() {
        Random random = new Random(11);
        int alarms = 0;
        for (int fleet = 0; fleet < 500; fleet++) {
            double[] noises = new double[12];
            for (int i = 0; i < noises.length; i++) {
                noises[i] = 1e-3 * Math.exp(0.29 * random.nextGaussian() + Math.log(1.5) * random.nextGaussian());
            }
            alarms += findings(judge(noises)).size();
        }

        // A factor of 10 is 4.6 standard deviations of these 6,000 logarithms, 2 in a million.
        assertThat(alarms).isLessThanOrEqualTo(1);
    }

    private static Detector.Assessment of(Map<String, Detector.Assessment> answers, String run) {
        return java.util.Objects.requireNonNull(answers.get(run));
    }

    private static List<Finding> findings(Map<String, Detector.Assessment> answers) {
        return answers.values().stream()
                .flatMap(answer -> answer.findings().stream())
                .toList();
    }
}
