package io.tiltmeter.cli;

import io.tiltmeter.report.Formats;
import io.tiltmeter.spark.Progress;

/** Progress on the error stream: one line that changes on a terminal, plain lines elsewhere. */
final class ConsoleProgress implements Progress, AutoCloseable {
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final Terminal terminal;
    private boolean shown;

    ConsoleProgress(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public synchronized void stage(String line) {
        String text = Formats.text(line);
        if (!terminal.live()) {
            terminal.err().println(text);
            return;
        }
        int most = terminal.width() - 1;
        terminal.err().print(CLEAR_LINE + (text.length() <= most ? text : text.substring(0, most - 1) + "…"));
        terminal.err().flush();
        shown = true;
    }

    /** Takes the changing line away, so that other text begins on a free one. */
    @Override
    public synchronized void close() {
        if (shown) {
            terminal.err().print(CLEAR_LINE);
            terminal.err().flush();
            shown = false;
        }
    }
}
