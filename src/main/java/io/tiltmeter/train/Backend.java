package io.tiltmeter.train;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's backend: CUDA where the build has it and the machine can run it, else the CPU. For a machine that cannot, ND4J logs a
 * line, and prints a stack trace beside it that would bury what {@code jobs/train} has to say.
 */
final class Backend {
    private Backend() {}

    private static final String CUDA = "org.nd4j.linalg.jcublas.JCublasBackend";

    /** Loads it; from the second call on nothing happens. */
    static void load() {
        if (!hasCuda()) {
            // Whoever needs it loads it; there is nothing to print.
            return;
        }
        PrintStream standard = System.err;
        try (PrintStream quiet = new PrintStream(new WithoutStackTraces(standard), true, StandardCharsets.UTF_8)) {
            System.setErr(quiet);
            Nd4j.getBackend();
        } finally {
            System.setErr(standard);
        }
    }

    private static boolean hasCuda() {
        return Backend.class.getClassLoader().getResource(CUDA.replace('.', '/') + ".class") != null;
    }

    /** Hands on whole lines, but those of stack traces: the exception's own and its frames. */
    static final class WithoutStackTraces extends OutputStream {
        private static final int LONGEST = 1 << 16;

        private final PrintStream target;
        private final java.io.ByteArrayOutputStream line = new java.io.ByteArrayOutputStream();

        WithoutStackTraces(PrintStream target) {
            this.target = target;
        }

        @Override
        public synchronized void write(int b) {
            line.write(b);
            if (b == '\n' || line.size() >= LONGEST) {
                pass();
            }
        }

        /** What came last without an end of line. */
        @Override
        public synchronized void close() {
            pass();
        }

        private void pass() {
            String text = line.toString(StandardCharsets.UTF_8);
            line.reset();
            if (!text.startsWith("\tat ")
                    && !text.startsWith("Caused by: ")
                    && !text.startsWith("\t... ")
                    && !text.matches("(?s)java\\.lang\\.[A-Za-z]*(Error|Exception)\\b.*")) {
                target.print(text);
                target.flush();
            }
        }
    }
}
