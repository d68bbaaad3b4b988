package io.tiltmeter.report;

import static io.tiltmeter.report.Formats.count;
import static io.tiltmeter.report.Formats.number;
import static io.tiltmeter.report.Formats.text;

import io.tiltmeter.model.Pattern;

/** Patterns in words. */
final class Wording {
    private Wording() {}

    static String axis(String axis) {
        return text(axis.replace('_', ' '));
    }

    static String project(Pattern pattern) {
        return pattern.project().isEmpty() ? "several projects" : text(pattern.project());
    }

    static String contrast(Pattern.Contrast contrast) {
        return count(contrast.affected()) + " of " + count(contrast.of()) + " " + text(contrast.among());
    }

    static String confounder(Pattern.Confounder confounder) {
        String what = axis(confounder.axis()) + " " + text(confounder.value());
        return confounder.rejected()
                ? "not " + what + ": alone q " + number(confounder.qValue()) + ", beside this p "
                        + number(confounder.pGiven())
                : "cannot be told from " + what;
    }
}
