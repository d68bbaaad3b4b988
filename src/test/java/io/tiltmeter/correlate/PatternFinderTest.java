package io.tiltmeter.correlate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.correlate.PatternFinder.JudgedRun;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PatternFinderTest {
    private static final PatternFinder FINDER = new PatternFinder(Map.of("loss-spike", "Look at the batch."));

    private static Finding spike(String run, long step, double score, Severity severity) {
        return new Finding(
                run,
                "loss-spike",
                "loss",
                0,
                StepRecord.NO_WORKER,
                null,
                null,
                null,
                step,
                step,
                step,
                score,
                5,
                severity,
                Cause.UNKNOWN,
                "it rose");
    }

    private static JudgedRun run(String id, long lastStep, long... steps) {
        List<Finding> findings = new ArrayList<>();
        for (long step : steps) {
            findings.add(spike(id, step, 6, Severity.INFO));
        }
        return new JudgedRun(summary(id, lastStep), findings);
    }

    private static RunSummary summary(String id, long lastStep) {
        return new RunSummary(
                id, "p", 1, 1, lastStep + 1, 0, lastStep, lastStep + 1, 10, 3, 3, Double.NaN, false, Double.NaN);
    }

    @Test
    void oneStepInManyRunsIsOnePatternWithItsCountsByHand() {
        List<JudgedRun> runs = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            runs.add(i < 6 ? run("r" + i, 999, 500) : run("r" + i, 999));
        }
        assertThat(FINDER.find(runs)).singleElement().satisfies(p -> {
            assertThat(p.axis()).isEqualTo("step");
            assertThat(p.value()).isEqualTo("500");
            assertThat(p.runs()).containsExactly("r0", "r1", "r2", "r3", "r4", "r5");
            assertThat(p.exposed()).isEqualTo(10);
            // Rates (findings + 1/2) / 1,000: six of .0015 and four of .0005, mean .0011; 6/10 is 545.5 times as much.
            double chance = (6 * 0.0015 + 4 * 0.0005) / 10;
            assertThat(p.lift()).isCloseTo(0.6 / chance, within(1e-9));
            // 1,000 places looked at twice, as steps and as windows, one of them with a p-value.
            assertThat(p.qValue() / (2000 * upper(10, chance, 6))).isCloseTo(1, within(1e-9));
            assertThat(p.advice()).isEqualTo("Look at the batch.");
            assertThat(p.evidence())
                    .isEqualTo("6 of the 10 runs that logged step 500 have a loss-spike of loss there, median score 6.0"
                            + " (threshold 5.0); by chance 0.011 runs would");
        });
    }

    /** P(X ≥ k) of a binomial, by the sum of its definition. */
    private static double upper(int n, double p, int k) {
        double sum = 0;
        for (int i = k; i <= n; i++) {
            double choose = 1;
            for (int j = 0; j < i; j++) {
                choose = choose * (n - j) / (j + 1);
            }
            sum += choose * Math.pow(p, i) * Math.pow(1 - p, n - i);
        }
        return sum;
    }

    @Test
    void independentSpikesMakeNoPattern() {
        int fleetsWithPattern = 0;
        for (int seed = 1; seed <= 40; seed++) {
            Random random = new Random(seed);
            List<JudgedRun> runs = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                // 60 marks in 400 steps: three of twelve share nearly every step by chance.
                long[] steps = random.longs(60, 20, 400).distinct().sorted().toArray();
                runs.add(run("r" + i, 399, steps));
            }
            fleetsWithPattern += FINDER.find(runs).isEmpty() ? 0 : 1;
        }
        // False discoveries are held below 5 %; of 40 fleets without any event at most 2 may have one.
        assertThat(fleetsWithPattern).isLessThanOrEqualTo(2);
    }

    @Test
    void twoRunsAreTooFewAndSoIsASmallShare() {
        List<JudgedRun> runs = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            runs.add(i < 4 ? run("r" + i, 99_999, 500) : run("r" + i, 99_999));
        }
        assertThat(FINDER.find(runs)).isEmpty();
        assertThat(FINDER.find(runs.subList(2, 4))).isEmpty();
        assertThat(FINDER.find(runs.subList(0, 10))).hasSize(1);
    }

    @Test
    void runsThatEndedBeforeDoNotCount() {
        List<JudgedRun> runs = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            runs.add(run("long" + i, 999, 500));
            runs.add(run("short" + i, 300));
        }
        assertThat(FINDER.find(runs))
                .singleElement()
                .satisfies(p -> assertThat(p.exposed()).isEqualTo(4));
    }

    @Test
    void marksAFewStepsApartShareAWindow() {
        List<JudgedRun> runs = List.of(
                run("a", 2400, 2383), run("b", 2400, 2385), run("c", 2400, 2387), run("d", 2400, 2390), run("e", 2400));
        assertThat(FINDER.find(runs)).singleElement().satisfies(p -> {
            assertThat(p.value()).isEqualTo("2383–2390");
            assertThat(p.runs()).containsExactly("a", "b", "c", "d");
        });
    }

    @Test
    void theFirstTenStepsAreLeftOut() {
        assertThat(FINDER.find(List.of(run("a", 999, 7), run("b", 999, 7), run("c", 999, 7))))
                .isEmpty();
    }

    @Test
    void otherProjectsAreNoSiblings() {
        List<JudgedRun> runs = new ArrayList<>();
        for (String id : List.of("a", "b", "c")) {
            JudgedRun one = run(id, 999, 500);
            runs.add(new JudgedRun(
                    new RunSummary(
                            id, "project " + id, 1, 1, 1000, 0, 999, 1000, 10, 3, 3, Double.NaN, false, Double.NaN),
                    one.findings()));
        }
        assertThat(FINDER.find(runs)).isEmpty();
    }

    @Test
    void twiceTheThresholdIsAWarningThoughEachAloneIsInformation() {
        List<JudgedRun> weak = new ArrayList<>();
        List<JudgedRun> strong = new ArrayList<>();
        for (String id : List.of("a", "b", "c", "d")) {
            weak.add(new JudgedRun(summary(id, 999), List.of(spike(id, 500, 9.9, Severity.INFO))));
            strong.add(new JudgedRun(summary(id, 999), List.of(spike(id, 500, 10, Severity.INFO))));
        }
        assertThat(FINDER.find(weak))
                .singleElement()
                .satisfies(p -> assertThat(p.severity()).isEqualTo(Severity.INFO));
        assertThat(FINDER.find(strong))
                .singleElement()
                .satisfies(p -> assertThat(p.severity()).isEqualTo(Severity.WARNING));
    }

    @Test
    void coversTheFindingsItTellsAndNoOthers() {
        List<JudgedRun> runs = List.of(run("a", 999, 500), run("b", 999, 500), run("c", 999, 500), run("d", 999));
        Pattern pattern = FINDER.find(runs).get(0);
        assertThat(PatternFinder.covers(pattern, runs.get(0).findings().get(0))).isTrue();
        assertThat(PatternFinder.covers(pattern, spike("d", 500, 6, Severity.INFO)))
                .isFalse();
        assertThat(PatternFinder.covers(pattern, spike("a", 501, 6, Severity.INFO)))
                .isFalse();
    }
}
