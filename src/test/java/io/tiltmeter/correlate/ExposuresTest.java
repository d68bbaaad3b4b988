package io.tiltmeter.correlate;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.correlate.FleetRun.Event;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ExposuresTest {

    private static FleetRun run(int i, String project, Map<String, String> settings, boolean affected) {
        String id = "run-%03d".formatted(i);
        Event event = new Event(
                "divergence", "loss", Severity.ERROR, 100 + 7L * i, FleetRun.NO_TIME, -1, null, 8, 5, Map.of());
        return new FleetRun(
                RunRecord.of(id, project, settings),
                new RunSummary(id, project, 1, 8, 1000, 0, 999, 1000, 10, 3, 3, Double.NaN, false, Double.NaN),
                Set.of("divergence"),
                affected ? List.of(event) : List.of(),
                List.of(),
                FleetRun.NO_TIME,
                FleetRun.NO_TIME);
    }

    /** 40 runs with a learning rate of their own each, affected from 0.21 on. */
    private static List<FleetRun> rates() {
        List<FleetRun> runs = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            runs.add(run(i, "p", Map.of("lr", "0." + (i + 10)), i + 10 >= 21));
        }
        return runs;
    }

    private static List<String> patterns(List<FleetRun> runs) {
        return Correlation.find(Map.of(), List.of(), runs).stream()
                .map(Pattern::value)
                .toList();
    }

    private static Exposures exposures(List<FleetRun> runs) {
        return new Exposures(runs, 3);
    }

    private static List<String> texts(List<FleetRun> runs) {
        return exposures(runs).recordedTexts().stream().map(Exposure::value).toList();
    }

    private static List<String> ranges(List<FleetRun> runs) {
        return exposures(runs).quantities().stream()
                .map(q -> q.name() + " of " + q.runs().length)
                .toList();
    }

    @Test
    void numbersStayARangeWhereARunOfAnotherProjectHasAText() {
        List<FleetRun> runs = rates();
        runs.add(run(40, "q", Map.of("lr", "auto"), false));

        assertThat(patterns(runs)).containsExactly("lr ≥ 0.21");
    }

    @Test
    void numbersStayARangeAmongTheRunsThatHaveThem() {
        List<FleetRun> runs = rates();
        for (int i = 40; i < 44; i++) {
            runs.add(run(i, "p", Map.of("lr", i == 43 ? "None" : "auto"), false));
        }

        assertThat(patterns(runs)).containsExactly("lr ≥ 0.21");
        assertThat(ranges(runs)).containsExactly("lr of 40");
    }

    @Test
    void aTextBesideNumbersIsAValueByItself() {
        List<FleetRun> runs = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            runs.add(run(i, "p", Map.of("lr", i < 10 ? "auto" : "0." + i), i < 10));
        }

        assertThat(patterns(runs)).containsExactly("lr = auto");
    }

    @Test
    void whatIsLeftUnsetIsAValueAsWell() {
        List<FleetRun> runs = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            String clip = i < 10 ? i % 2 == 0 ? "None" : " null " : "0." + i;
            runs.add(run(i, "p", Map.of("clip", clip), i < 10));
        }

        assertThat(patterns(runs)).containsExactly("clip = None");
    }

    @Test
    void numbersAreOneValueBesideTheTextsOfTheirProject() {
        List<FleetRun> runs = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            boolean odd = i < 10;
            runs.add(run(i, "p", Map.of("bits", odd ? "16" : "bf16", "lr", odd ? "0." + (i + 1) : "auto"), odd));
        }
        assertThat(patterns(runs)).hasSize(1);
        assertThat(texts(runs)).containsExactly("bits = 16", "bits = bf16", "lr = a number", "lr = auto");

        // In a project without a text there is nothing to hold the numbers against.
        List<FleetRun> apart = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            apart.add(run(i, i < 6 ? "p" : "q", Map.of("bits", i < 6 ? "16" : "bf16"), i < 6));
        }
        assertThat(texts(apart)).containsExactly("bits = bf16");
    }

    @Test
    void seedsResultsAndEmptyTextsAreNoSettings() {
        List<FleetRun> runs = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            runs.add(run(
                    i,
                    "p",
                    Map.of(
                            "depth",
                            i % 2 == 0 ? "8" : " 9",
                            "fn",
                            i % 2 == 0 ? "relu" : " relu ",
                            "empty",
                            " ",
                            "dataSeed",
                            "" + i,
                            "val_loss",
                            "2." + i,
                            "loss",
                            "mse"),
                    false));
        }

        assertThat(texts(runs)).containsExactly("fn = relu", "loss = mse");
        assertThat(ranges(runs)).containsExactly("depth of 6");
    }
}
