package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalSummaryTest {

    @Test
    void saysTheMostImportantFirst() {
        assertThat(TerminalSummary.render(SampleReports.small(), 100, false)).isEqualTo("""
Tiltmeter · 2026-11-24 · data/metrics
2 runs: 1 error · 1 unknown
4,901 steps scanned · 1 fleet-wide pattern · 3 rows rejected

Fleet-wide patterns
  error     shard web-0042: 1 of 2 runs of llm · non-finite (nan_inputs) · lift 9.5 · q 0.00125
            1 of 2 runs read shard web-0042 and got non-finite inputs
            not dataset web: alone q 0.0125, beside this p 0.5

Runs needing attention
  error     llm-a  step 4,812  data  non-finite: 12 non-finite inputs on worker 3 at step 4,812

Input not taken as it stood
  rejected  data/metrics/c.csv:7: step is 'abc', expected a whole number (3×)

Silence is not health: what could not be judged
  grad-norm-rise: 1 of 1 run, mostly: no grad_norm logged
  loss-spike: 1 of 2 runs, mostly: needs 128 steps, got 0
""");
    }

    @Test
    void namesMachinesToDrainWithTheirEvidence() {
        FleetReport report = SampleReports.small()
                .withDrain(SampleReports.drain(
                        "gpu-17",
                        SampleReports.small().runs().get(0).incidents().get(0).findings()));

        assertThat(TerminalSummary.render(report, 160, false)).contains("""
Machines to drain
  drain     gpu-17 gpu-17: gpu-17 · q 0.0125 · 12 runs, 96.5 worker-hours
            llm-a step 4,812: 12 non-finite inputs on worker 3 at step 4,812
  watch     gpu-18: One run only, where it goes on to the end of the log: a second run decides · q 1 · 3 runs, 1,200 worker-steps
  how often wrong: In 1 of 100 fleets
""");
    }

    @Test
    void anEmptyFleetIsNamedAsSuch() {
        FleetReport nothing = new FleetReport("2026-11-24", "data", List.of(), List.of(), List.of(), List.of());

        assertThat(TerminalSummary.render(nothing, 80, false)).isEqualTo("""
                Tiltmeter · 2026-11-24 · data
                0 runs
                0 steps scanned · 0 fleet-wide patterns · 0 rows rejected
                """);
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 120, 200})
    void fitsTheTerminal(int width) {
        List<String> lines = TerminalSummary.render(SampleReports.fleet(), width, false)
                .lines()
                .toList();

        assertThat(lines).hasSizeLessThanOrEqualTo(42);
        assertThat(lines)
                .allSatisfy(line -> assertThat(TerminalText.columns(line)).isLessThanOrEqualTo(width));
        assertThat(lines).contains("  … and 31 more, 31 in the patterns above");
    }

    @Test
    void coloursChangeNothingElse() {
        String plain = TerminalSummary.render(SampleReports.fleet(), 120, false);
        String coloured = TerminalSummary.render(SampleReports.fleet(), 120, true);

        assertThat(coloured).contains("\u001b[31merror     \u001b[0m");
        assertThat(coloured.replaceAll("\u001b\\[[0-9]+m", "")).isEqualTo(plain);
    }

    @Test
    void noNameCanDriveTheTerminal() {
        String summary = TerminalSummary.render(SampleReports.hostile(SampleReports.ESCAPE), 120, false);

        assertThat(summary).doesNotContain("\u001b", "\u0007").contains("red␛[31m␇");
    }
}
