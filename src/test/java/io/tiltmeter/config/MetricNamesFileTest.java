package io.tiltmeter.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.docs.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricNamesFileTest {
    @TempDir
    Path folder = Path.of("");

    private Map<String, String> names(String text) throws IOException {
        return MetricNamesFile.load(Optional.of(Files.writeString(folder.resolve("names.conf"), text)));
    }

    private void assertRefused(String text, String message) {
        assertThatThrownBy(() -> names(text))
                .isInstanceOf(ConfigException.class)
                .hasMessage(message.replace("FILE", folder.resolve("names.conf").toString()));
    }

    @Test
    void theDefaultsAreThoseOfTheFileInConf() {
        Map<String, String> defaults = MetricNamesFile.load(Optional.empty());

        assertThat(defaults).containsEntry("lm loss", "loss").containsEntry("step_time_ms", "step_seconds@ms");
        assertThat(MetricNamesFile.load(Optional.of(Repository.file("conf/metric-names.conf"))))
                .isEqualTo(defaults);
    }

    @Test
    void aFileExtendsTheDefaultsAndWins() throws IOException {
        Map<String, String> names = names("# ours\n\nperplexity=eval_loss\n  train/loss   =  eval_loss\n");

        assertThat(names).containsEntry("perplexity", "eval_loss").containsEntry("train/loss", "eval_loss");
        assertThat(names).containsEntry("lm loss", "loss");
    }

    @Test
    void aForeignNameMayHoldAnything() throws IOException {
        assertThat(names("a=b # no comment = loss\n<b>ünsinn</b>=lr@1e-3 (ms) = step_seconds@ms"))
                .containsEntry("a=b # no comment", "loss")
                .containsEntry("<b>ünsinn</b>=lr@1e-3 (ms)", "step_seconds@ms");
    }

    @Test
    void anUnknownMetricIsRefusedWithTheNearest() {
        assertRefused(
                "\nx = grad_nrom",
                "Metric name 'x' stands for unknown metric 'grad_nrom' (FILE, line 2); did you mean 'grad_norm'?");
        assertThatThrownBy(() -> names("x = something_else_entirely"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("known are loss, eval_loss, ");
    }

    @Test
    void aUnitMustFitItsMetric() {
        assertRefused(
                "x = step_seconds@years",
                "Metric name 'x' has unit 'years', but 'step_seconds' takes one of s, ms, us, ns, min, h (FILE, line 1)");
        assertRefused("x = loss@ms", "Metric name 'x' has unit 'ms', but 'loss' takes none (FILE, line 1)");
        assertRefused(
                "x = time@min",
                "Metric name 'x' has unit 'min', but 'time' takes one of s, ms, us, ns, iso (FILE, line 1)");
    }

    @Test
    void aLineWithoutBothSidesIsRefused() {
        String wanted = "expected 'foreign name = metric' or 'foreign name = metric@unit'";
        assertRefused("loss", "Cannot read 'loss', " + wanted + " (FILE, line 1)");
        assertRefused("loss =", "Cannot read 'loss =', " + wanted + " (FILE, line 1)");
        assertRefused("= loss", "Cannot read '= loss', " + wanted + " (FILE, line 1)");
    }

    @Test
    void aNameGivenTwiceIsRefused() {
        assertRefused(
                "x = loss\nx = eval_loss", "Metric name 'x' is given twice, as 'loss' and 'eval_loss' (FILE, line 2)");
    }

    @Test
    void aFileThatCannotBeReadIsRefused() throws IOException {
        Path latin = folder.resolve("latin.conf");
        Files.write(latin, new byte[] {'m', (byte) 0xfc, 'l', 'l', '=', 'l', 'o', 's', 's'});

        assertThatThrownBy(() -> MetricNamesFile.load(Optional.of(latin)))
                .isInstanceOf(ConfigException.class)
                .hasMessage("Cannot read metric names '" + latin + "': it is not UTF-8");
        assertThatThrownBy(() -> MetricNamesFile.load(Optional.of(folder)))
                .isInstanceOf(ConfigException.class)
                .hasMessage("Cannot read metric names '" + folder + "': it is not a readable file");
    }
}
