package io.tiltmeter.correlate.mining;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.RunRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RiskFeaturesTest {
    private static List<RunRecord> runs() {
        List<RunRecord> runs = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Map<String, String> settings = new TreeMap<>();
            settings.put("lr", i % 2 == 0 ? "1e-4" : "1e-1");
            settings.put("opt", i < 6 ? "adam" : "sgd");
            settings.put("constant", "7");
            settings.put("final_loss", Integer.toString(i));
            if (i < 5) {
                settings.put("clip", i % 2 == 0 ? "1" : "3");
            }
            runs.add(RunRecord.of("r" + i, "p", settings));
        }
        return runs;
    }

    private static final RiskFeatures FEATURES = RiskFeatures.learn(runs(), Set.of());

    @Test
    void columnsTellRunsApartAndKnowNoResults() {
        assertThat(FEATURES.columns())
                .extracting(RiskFeatures.Column::text)
                .containsExactly("log lr", "opt=adam", "opt=sgd", "clip", "clip not set");
    }

    @Test
    void encodesOnTheScaleItLearned() {
        double[] x = FEATURES.encode(RunRecord.of("new", "q", Map.of("lr", "1e-1", "opt", "lion", "clip", "x")));

        // Half the runs a decade and a half above the mean, half below: one standard deviation.
        assertThat(x[0]).isEqualTo(1, within(1e-9));
        assertThat(x).containsExactly(new double[] {1, 0, 0, 0, 0}, within(1e-9));
        assertThat(FEATURES.encode(RunRecord.of("new", "q", Map.of())))
                .containsExactly(new double[] {0, 0, 0, 0, 1}, within(1e-9));
    }

    @Test
    void knowsWhenItKnowsNothing() {
        assertThat(FEATURES.known(RunRecord.of("new", "q", Map.of("other", "x"))))
                .isZero();
        assertThat(FEATURES.known(runs().get(0))).isEqualTo(3);
    }

    @Test
    void groupsStayTogetherInEvenFolds() {
        List<String> groups = List.of("a", "a", "a", "b", "b", "c", "d");

        assertThat(Folds.of(groups, 2)).containsExactly(0, 0, 0, 1, 1, 1, 0);
        assertThat(Folds.of(groups, 5)).containsExactly(0, 0, 0, 1, 1, 2, 3);
    }
}
