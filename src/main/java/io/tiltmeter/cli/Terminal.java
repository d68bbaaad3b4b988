package io.tiltmeter.cli;

import java.io.PrintStream;
import java.util.Map;

/**
 * Where a command prints, and what that place can show.
 *
 * @param out results
 * @param err progress, warnings and errors
 * @param width columns; 120 where the output goes to no terminal and COLUMNS says nothing else
 * @param live whether {@code err} is a terminal on which a line can be replaced
 * @param colour whether {@code out} shows colours
 */
record Terminal(PrintStream out, PrintStream err, int width, boolean live, boolean colour) {
    private static final int DEFAULT_WIDTH = 120;

    /** The process's own streams, as the launcher described them. */
    static Terminal ofProcess() {
        return of(System.out, System.err, System.getenv(), System.console() != null);
    }

    static Terminal of(PrintStream out, PrintStream err, Map<String, String> environment, boolean console) {
        boolean dumb = environment.getOrDefault("TERM", "dumb").equals("dumb");
        boolean live = !dumb && (console || "1".equals(environment.get("TILTMETER_TTY")));
        boolean colour = !dumb
                && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && (console || "1".equals(environment.get("TILTMETER_COLOUR")));
        return new Terminal(out, err, width(environment.get("COLUMNS")), live, colour);
    }

    private static int width(@org.jspecify.annotations.Nullable String columns) {
        if (columns == null || !columns.matches("[0-9]{1,5}")) {
            return DEFAULT_WIDTH;
        }
        return Math.max(40, Math.min(400, Integer.parseInt(columns)));
    }
}
