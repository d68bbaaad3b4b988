package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class BackendTest {
    @Test
    void dropsStackTracesAndNothingElse() {
        ByteArrayOutputStream seen = new ByteArrayOutputStream();
        PrintStream target = new PrintStream(seen, true, StandardCharsets.UTF_8);
        try (PrintStream quiet =
                new PrintStream(new Backend.WithoutStackTraces(target), true, StandardCharsets.UTF_8)) {
            quiet.println("Loading é");
            new UnsatisfiedLinkError("libcuda.so.1: cannot open shared object file").printStackTrace(quiet);
            new IllegalStateException("outer", new RuntimeException("inner")).printStackTrace(quiet);
            quiet.print("the end");
        }

        assertThat(seen.toString(StandardCharsets.UTF_8)).isEqualTo("Loading é" + System.lineSeparator() + "the end");
    }

    @Test
    void loadingItLeavesStandardErrorAsItWas() {
        PrintStream standard = System.err;

        Backend.load();
        Backend.load();

        assertThat(System.err).isSameAs(standard);
    }
}
