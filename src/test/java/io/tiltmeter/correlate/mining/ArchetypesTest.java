package io.tiltmeter.correlate.mining;

import static io.tiltmeter.correlate.mining.MadeUpRuns.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Archetype;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ArchetypesTest {
    private static final Map<String, String> TITLES =
            Map.of("grad-explosion", "Gradient explosion", "non-finite", "Non-finite values");

    @Test
    void silhouetteIsRousseeuws() {
        double[][] points = {{0}, {1}, {10}, {11}};

        // (10.5 − 1)/10.5 and (9.5 − 1)/9.5 on either side.
        assertThat(Archetypes.silhouette(points, new int[] {0, 0, 1, 1}, 2))
                .isEqualTo((9.5 / 10.5 + 8.5 / 9.5) / 2, within(1e-12));
        // 1 is alone and counts 0; 0 is as far from it as 10.33 from its own.
        assertThat(Archetypes.silhouette(points, new int[] {0, 1, 0, 0}, 2)).isNegative();
    }

    private static Signatures signatures() {
        List<MinedRun> fleet = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            fleet.add(MadeUpRuns.run(
                    "early-" + i, "p", Map.of(), error("grad-explosion", 50 + i), error("non-finite", 90 + i)));
            fleet.add(MadeUpRuns.run("late-" + i, "p", Map.of(), error("loss-spike", 900 + i)));
            fleet.add(MadeUpRuns.run("sound-" + i, "p", Map.of()));
        }
        return Signatures.of(fleet);
    }

    @Test
    void soundRunsHaveNoSignature() {
        assertThat(signatures().runs()).hasSize(24);
    }

    @Test
    void namesSayWhatStandsOutInItsOrder() {
        Signatures signatures = signatures();
        double[][] centres = {signatures.points()[5], signatures.points()[17]};

        List<Archetype> archetypes = Archetypes.describe(signatures, centres, TITLES);

        assertThat(archetypes)
                .extracting(Archetype::name)
                .containsExactly("early gradient explosion, then non-finite values", "late loss-spike");
        assertThat(archetypes).allSatisfy(a -> assertThat(a.runs()).hasSize(12));
        assertThat(archetypes.get(0).runs()).contains(archetypes.get(0).exemplar());
        assertThat(archetypes.get(0).traits().get(0))
                .isEqualTo("Gradient explosion in 12 of 12, elsewhere in 0 of 12; begins at 6 % of the run");
    }

    @Test
    void aNewRunIsPlacedOnTheSameScale() {
        Signatures signatures = signatures();

        assertThat(signatures.scaling().point(signatures.runs().get(3)))
                .isEqualTo(signatures.points()[3]);
    }
}
