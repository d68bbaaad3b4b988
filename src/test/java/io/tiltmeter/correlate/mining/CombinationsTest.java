package io.tiltmeter.correlate.mining;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Combination;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CombinationsTest {
    private static final String SPIKE = "loss-spike";

    /** Runs with a and b in all four combinations, as many of them cases as told. */
    private static List<MinedRun> runs(String project, int each, int neither, int onlyA, int onlyB, int both) {
        List<MinedRun> runs = new ArrayList<>();
        int[] cases = {neither, onlyA, onlyB, both};
        for (int cell = 0; cell < 4; cell++) {
            for (int i = 0; i < each; i++) {
                String id = project + "-" + cell + "-" + i;
                Map<String, String> settings = Map.of("a", "a" + cell % 2, "b", "b" + cell / 2);
                runs.add(
                        i < cases[cell]
                                ? MadeUpRuns.run(id, project, settings, MadeUpRuns.error(SPIKE, 5))
                                : MadeUpRuns.run(id, project, settings));
            }
        }
        return runs;
    }

    private static List<Combination> find(List<MinedRun> fleet) {
        RunItems items = RunItems.of(fleet, Set.of());
        Combinations combinations = new Combinations(0.05);
        Combinations.Population population = Combinations.Population.of(SPIKE, items, fleet);
        for (int a = 0; a < items.labels().size(); a++) {
            for (int b = a + 1; b < items.labels().size(); b++) {
                combinations.add(population, List.of(a, b));
            }
        }
        return combinations.real();
    }

    @Test
    void aPairThatDoesWhatNeitherDoesIsFound() {
        List<Combination> found = find(runs("p", 10, 0, 0, 0, 8));

        assertThat(found).hasSize(1);
        Combination pair = found.get(0);
        assertThat(pair.items()).containsExactly("a=a1", "b=b1");
        assertThat(pair.cases()).isEqualTo(8);
        assertThat(pair.runs()).isEqualTo(10);
        // Of 20 runs with a1, 8 are cases and 10 have b1 too: 4 are expected.
        assertThat(pair.expected()).isEqualTo(4, within(1e-9));
        assertThat(pair.lift()).isEqualTo(2, within(1e-9));
        // C(10, 2) / C(20, 8) by chance, over six pairs, those of a with a and b with b among them.
        assertThat(pair.qValue()).isEqualTo(6 * 45 / 125970.0, within(1e-9));
        assertThat(pair.evidence())
                .isEqualTo("8 of the 10 runs with all of them (80 %, 95 % interval 49–94 %), against 0 of 10 without"
                        + " “a=a1” and 0 of 10 without “b=b1”; 4.0 would be expected if “a=a1” added nothing within"
                        + " projects");
    }

    @Test
    void aPairThatOnlySharesOneOfTheTwoIsNone() {
        assertThat(find(runs("p", 10, 0, 8, 0, 8))).isEmpty();
    }

    @Test
    void aProjectThatIsSickAsAWholeIsNoEvidence() {
        List<MinedRun> fleet = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            boolean sick = i % 4 == 3;
            Map<String, String> settings = Map.of("a", "a" + i % 2, "b", "b" + i % 4 / 2);
            fleet.add(
                    sick
                            ? MadeUpRuns.run("r" + i, "sick", settings, MadeUpRuns.error(SPIKE, 5))
                            : MadeUpRuns.run("r" + i, "project-" + i % 4, settings));
        }

        assertThat(find(fleet)).isEmpty();
    }

    @Test
    void projectsAddUp() {
        List<MinedRun> fleet = new ArrayList<>(runs("p", 4, 0, 0, 0, 3));
        fleet.addAll(runs("q", 4, 0, 0, 0, 3));
        fleet.addAll(runs("r", 4, 0, 0, 0, 3));

        assertThat(find(fleet)).hasSize(1);
        assertThat(find(fleet.subList(0, 16))).isEmpty();
    }

    @Test
    void kindsAreCountedByRun() {
        List<MinedRun> fleet = List.of(
                MadeUpRuns.run("a", "p", Map.of(), MadeUpRuns.error(SPIKE, 1), MadeUpRuns.error(SPIKE, 9)),
                MadeUpRuns.run("b", "p", Map.of(), MadeUpRuns.error("divergence", 1)));

        assertThat(Combinations.kinds(fleet)).isEqualTo(Map.of(SPIKE, 1, "divergence", 1));
    }
}
