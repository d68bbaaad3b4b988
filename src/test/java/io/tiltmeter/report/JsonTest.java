package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonTest {

    @Test
    void writesNumbersShortAndExact() throws IOException {
        assertThat(embedded(0.1)).isEqualTo("0.1");
        assertThat(embedded(-3)).isEqualTo("-3");
        assertThat(embedded(-0.0)).isEqualTo("0");
        assertThat(embedded(2e-3)).isEqualTo("0.002");
        assertThat(embedded(1e-7)).isEqualTo("1E-7");
        assertThat(embedded(123456789012345.0)).isEqualTo("123456789012345");
        assertThat(embedded(2.5e300)).isEqualTo("2.5E+300");
        assertThat(embedded(Double.MIN_VALUE)).isEqualTo("4.94065645841247E-324");
    }

    @Test
    void everyFiniteNumberReadsBackAsItWas() throws IOException {
        long seed = 20261124;
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            double value = Double.longBitsToDouble(random.nextLong());
            if (Double.isFinite(value)) {
                assertThat(Double.parseDouble(embedded(value)))
                        .as("seed " + seed)
                        .isEqualTo(value);
            }
        }
    }

    @Test
    void writesWhatJsonDoesNotKnowAsStrings() throws IOException {
        assertThat(embedded(Double.NaN)).isEqualTo("\"NaN\"");
        assertThat(embedded(Double.POSITIVE_INFINITY)).isEqualTo("\"Infinity\"");
        assertThat(embedded(Double.NEGATIVE_INFINITY)).isEqualTo("\"-Infinity\"");
    }

    @Test
    void embeddedTextCannotEndItsElement() throws IOException {
        StringBuilder out = new StringBuilder();
        Json.embedded(out).value("</script><!-- & \u2028");

        assertThat(out).hasToString("\"\\u003c/script\\u003e\\u003c!-- \\u0026 \\u2028\"");
    }

    private static String embedded(double value) throws IOException {
        StringBuilder out = new StringBuilder();
        Json.embedded(out).value(value);
        return out.toString();
    }
}
