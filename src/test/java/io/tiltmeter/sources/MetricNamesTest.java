package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.model.Metric;
import io.tiltmeter.sources.MetricNames.Role;
import io.tiltmeter.sources.MetricNames.Target;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MetricNamesTest {
    private static Target target(String name) {
        return MetricNames.standard().resolve(name);
    }

    @Test
    void spellingDoesNotMatter() {
        for (String name :
                new String[] {"lm loss", "lm-loss", "LM_Loss", "train/loss", "Train Loss", "loss", "Loss/train"}) {
            assertThat(target(name).metric()).as(name).isEqualTo(Metric.LOSS);
        }
        for (String name : new String[] {"val_loss", "eval/loss", "validation.loss", "Loss/val", "test_loss", "tel"}) {
            assertThat(target(name).metric()).as(name).isEqualTo(Metric.EVAL_LOSS);
        }
        for (String name : new String[] {"grad norm", "grad_norm", "train/grad_norm", "gradNorm", "norm", "gnorm"}) {
            assertThat(target(name).metric()).as(name).isEqualTo(Metric.GRAD_NORM);
        }
    }

    @Test
    void unitsOfTimeAreUnderstoodAtTheEndOfAName() {
        assertThat(target("elapsed time per iteration (ms)").factor()).isEqualTo(1e-3);
        assertThat(target("elapsed time per iteration (s)").factor()).isEqualTo(1);
        assertThat(target("step_time_us").factor()).isEqualTo(1e-6);
        assertThat(target("train_time_ms"))
                .isEqualTo(new Target(Role.CUMULATIVE_SECONDS, null, "cumulative_seconds", 1e-3));
        // No time: the ending is a part of the name.
        assertThat(target("loss_ms").role()).isEqualTo(Role.OTHER);
        assertThat(target("epoch_s").role()).isEqualTo(Role.OTHER);
    }

    @Test
    void keysOfTheTable() {
        assertThat(target("step").role()).isEqualTo(Role.STEP);
        assertThat(target("trainer/global_step").role()).isEqualTo(Role.STEP);
        assertThat(target("_step").role()).isEqualTo(Role.STEP);
        assertThat(target("rank").role()).isEqualTo(Role.WORKER);
        assertThat(target("run_name").role()).isEqualTo(Role.RUN);
        assertThat(target("run").role()).isEqualTo(Role.RUN);
        assertThat(target("_timestamp").role()).isEqualTo(Role.TIME);
        assertThat(target("split").role()).isEqualTo(Role.SPLIT);
        assertThat(target("step_avg").role()).isEqualTo(Role.IGNORED);
    }

    @Test
    void anUnknownNameIsCleanedAndCut() {
        assertThat(target(" a\u0007b ")).isEqualTo(new Target(Role.OTHER, null, "a\uFFFDb", 1));
        assertThat(target("x".repeat(500)).name()).hasSize(200);
    }

    @Test
    void everyColumnIsKnownByItsOwnName() {
        for (Metric metric : Metric.values()) {
            assertThat(target(metric.column())).isEqualTo(new Target(Role.METRIC, metric, metric.column(), 1));
        }
    }

    @Test
    void aTableOfNamesHasUnitsOfItsColumns() {
        MetricNames names = new MetricNames(Map.of(
                "iter ms", "step_seconds@ms",
                "seen", "consumed_tokens@mtokens",
                "when", "time@iso",
                "t", "cumulative_seconds@min",
                "mine", "run_id",
                "kl", "kl_divergence"));
        assertThat(names.resolve("ITER_MS").factor()).isEqualTo(1e-3);
        assertThat(names.resolve("seen"))
                .isEqualTo(new Target(Role.METRIC, Metric.CONSUMED_TOKENS, "consumed_tokens", 1e6));
        assertThat(names.resolve("when").role()).isEqualTo(Role.TIME);
        assertThat(names.resolve("t")).isEqualTo(new Target(Role.CUMULATIVE_SECONDS, null, "cumulative_seconds", 60));
        assertThat(names.resolve("mine").role()).isEqualTo(Role.RUN);
        assertThat(names.resolve("kl").name()).isEqualTo("kl_divergence");
        assertThatThrownBy(() -> new MetricNames(Map.of("x", "step_seconds@days")))
                .hasMessageStartingWith("Metric name 'x' has unit 'days', but 'step_seconds' takes one of ");
        assertThatThrownBy(() -> new MetricNames(Map.of("x", "loss@s")))
                .hasMessage("Metric name 'x' has unit 's', but 'loss' takes none");
        assertThatThrownBy(() -> new MetricNames(Map.of("x", "@s")))
                .hasMessage("Metric name 'x' is mapped to '@s' but needs a name on both sides");
    }

    @Test
    void numbersAsProgramsPrintThem() {
        assertThat(Texts.number(" 1.5e-3 ")).isEqualTo(1.5e-3);
        assertThat(Texts.number("\"7\"")).isEqualTo(7);
        assertThat(Texts.number("NaN")).isNaN();
        assertThat(Texts.number("-inf")).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(Texts.number("+Infinity")).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(Texts.number("1.7976931348623157e308")).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(Texts.number("-3.4028234663852886e38")).isEqualTo(Double.NEGATIVE_INFINITY);
        for (String word : new String[] {"", " ", "1,5", "0x1F", "1d", "1f", "ten", "1 2", "--1", "-", "\""}) {
            assertThat(Texts.isNumber(word)).as("'%s'", word).isFalse();
        }
    }
}
