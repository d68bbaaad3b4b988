package io.tiltmeter.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.compare.Ladder.Transfer;
import io.tiltmeter.model.RunRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LaddersTest {
    private final List<Ladders.Ended> runs = new ArrayList<>();

    private void run(String width, String fix, double loss) {
        RunRecord record = RunRecord.of("r" + runs.size(), "p", Map.of("width", width, "fix", fix));
        runs.add(new Ladders.Ended(record, new ComparedSet.End(1, 1, loss, Double.NaN, List.of())));
    }

    private void size(String width, double without, double with) {
        for (double noise : new double[] {0.99, 1, 1.01}) {
            run(width, "off", without * noise);
            run(width, "on", with * noise);
        }
    }

    @Test
    void anEffectThatStaysHolds() {
        size("1024", 2, 1.8);
        size("128", 4, 3.5);

        Ladder ladder = Ladders.find(runs, Set.of(), Set.of()).get(0);

        assertThat(ladder.setting()).isEqualTo("fix");
        assertThat(ladder.rungs()).extracting(Ladder.Rung::size).containsExactly("width=128", "width=1024");
        assertThat(ladder.rungs().get(0).effect()).isCloseTo(-0.125, within(1e-9));
        assertThat(ladder.transfer()).isEqualTo(Transfer.HOLDS);
        assertThat(Verdicts.ofLadders(List.of(ladder))).isEmpty();
    }

    @Test
    void anEffectOfTheOtherSignReverses() {
        size("128", 4, 3.5);
        size("1024", 2, 2.2);

        List<Ladder> ladders = Ladders.find(runs, Set.of(), Set.of());

        assertThat(ladders.get(0).transfer()).isEqualTo(Transfer.REVERSES);
        assertThat(Verdicts.ofLadders(ladders)).hasSize(1);
        assertThat(Verdicts.ofLadders(ladders).get(0).evidence())
                .startsWith("fix from off to on changes the final loss by -12.50 % at width=128, but by +10.00 %");
    }

    @Test
    void singleRunsGiveNoInterval() {
        run("128", "off", 4);
        run("128", "on", 3);
        run("1024", "off", 2);
        run("1024", "on", 1);

        Ladder ladder = Ladders.find(runs, Set.of(), Set.of()).get(0);

        assertThat(ladder.transfer()).isEqualTo(Transfer.UNCLEAR);
        assertThat(ladder.rungs().get(0).low()).isNaN();
    }

    @Test
    void theIntervalIsWelchs() {
        Ladder.Rung rung =
                Ladders.rung("s", new double[] {Math.exp(0), Math.exp(2)}, new double[] {Math.exp(5), Math.exp(7)});

        // Equal variances 2 of two each: standard error sqrt(2), 2 degrees of freedom, t = 4.3027.
        assertThat(Math.log1p(rung.low())).isCloseTo(5 - 4.30265 * Math.sqrt(2), within(1e-3));
        assertThat(Math.log1p(rung.high())).isCloseTo(5 + 4.30265 * Math.sqrt(2), within(1e-3));
    }

    @Test
    void seedsAndNamesMakeNoConfiguration() {
        RunRecord a = RunRecord.of("a", "p", Map.of("lr", "1", "dataSeed", "1", "run_num", "1"));
        RunRecord b = RunRecord.of("b", "p", Map.of("lr", "1", "dataSeed", "2", "run_num", "2"));
        RunRecord c = RunRecord.of("c", "p", Map.of("lr", "2", "seed", "1"));

        List<RunSet> sets = Configurations.group(List.of(c, b, a), Set.of());

        assertThat(sets).extracting(RunSet::name).containsExactly("p: lr=1", "p: lr=2");
        assertThat(sets.get(0).runs()).containsExactly(a, b);
        assertThat(Configurations.group(List.of(a, b, c), Set.of("lr"))).hasSize(1);
        assertThat(Configurations.together(List.of(a, c), Set.of()).varying())
                .containsExactly(Map.entry("lr", List.of("1", "2")));
    }

    @Test
    void aSettingWithSeedAmongItsLettersIsASetting() {
        RunRecord a = RunRecord.of("a", "p", Map.of("model.seeded_layers", "1", "PYTHONHASHSEED", "1"));
        RunRecord b = RunRecord.of("b", "p", Map.of("model.seeded_layers", "2", "PYTHONHASHSEED", "2"));

        assertThat(Configurations.together(List.of(a, b), Set.of()).varying())
                .containsExactly(Map.entry("model.seeded_layers", List.of("1", "2")));
    }
}
