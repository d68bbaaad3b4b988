package io.tiltmeter.cli;

import io.tiltmeter.spark.Outcome;
import java.nio.file.Path;
import java.util.Locale;

/** Says below a summary where the report lies and, for a page on this machine, how to open it. */
final class ReportLink {
    private ReportLink() {}

    /** The same outcome with the place of its report in its text; unchanged without a report. */
    static Outcome addTo(Outcome outcome) {
        return outcome.location()
                .map(page -> outcome.withText(outcome.text().stripTrailing() + "\n\nReport: " + page + howToOpen(page)))
                .orElse(outcome);
    }

    private static String howToOpen(String page) {
        String local = page.startsWith("file:") ? page.replaceFirst("^file:/*", "/") : page;
        if (local.matches("[a-z0-9]+:.*")) {
            return "";
        }
        boolean mac = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("mac");
        String file = Path.of(local).toAbsolutePath().normalize().toString();
        return "\nOpen it: " + (mac ? "open" : "xdg-open") + " '" + file.replace("'", "'\\''") + "'";
    }
}
