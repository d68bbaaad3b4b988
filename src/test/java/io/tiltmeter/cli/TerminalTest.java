package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminalTest {

    private static Terminal of(Map<String, String> environment) {
        return Terminal.of(System.out, System.err, environment, false);
    }

    @Test
    void isWideAndPlainWhereThereIsNoTerminal() {
        Terminal terminal = of(Map.of());

        assertThat(terminal.width()).isEqualTo(120);
        assertThat(terminal.live()).isFalse();
        assertThat(terminal.colour()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"93, 93", "10, 40", "9999, 400", "wide, 120", "-5, 120", "'', 120", "999999999999, 120"})
    void takesItsWidthFromTheEnvironment(String columns, int width) {
        assertThat(of(Map.of("COLUMNS", columns)).width()).isEqualTo(width);
    }

    @Test
    void believesTheLauncher() {
        Terminal terminal = of(Map.of("TERM", "xterm", "TILTMETER_TTY", "1", "TILTMETER_COLOUR", "1"));

        assertThat(terminal.live()).isTrue();
        assertThat(terminal.colour()).isTrue();
    }

    @Test
    void colourCanBeTurnedOff() {
        assertThat(of(Map.of("TERM", "xterm", "TILTMETER_COLOUR", "1", "NO_COLOR", "1"))
                        .colour())
                .isFalse();
        assertThat(of(Map.of("TERM", "dumb", "TILTMETER_COLOUR", "1", "TILTMETER_TTY", "1")))
                .satisfies(dumb -> {
                    assertThat(dumb.colour()).isFalse();
                    assertThat(dumb.live()).isFalse();
                });
    }
}
