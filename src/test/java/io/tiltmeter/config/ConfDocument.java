package io.tiltmeter.config;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.Detectors;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.Checks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The text of {@code conf/tiltmeter.conf}, made of the keys the program knows. */
final class ConfDocument {
    private static final int WIDTH = 120;
    private static final String CHECKS = "validate.checks.";

    private final StringBuilder out = new StringBuilder();

    private ConfDocument() {}

    /** All keys with their defaults, and for each what it does, its unit and range, and where its default comes from. */
    static String text() {
        ConfDocument document = new ConfDocument();
        document.comment(
                0,
                "Every setting of Tiltmeter with its default. Copy the file, keep the lines you change, and hand it to a job:"
                        + " jobs/nightly --config my.conf … A single one: --set detect.loss-spike.enabled=false, which"
                        + " wins over the file. An unknown key or a value out of range ends a job with exit code 2.");
        document.comment(
                0,
                "The syntax is HOCON: a.b = 1 and a { b = 1 } are the same. This file is made of the program; a test says"
                        + " so when it is not up to date, and how to write it anew. Spark's own settings are not here but"
                        + " in spark-defaults.conf, or on the command line as --conf key=value.");
        Map<String, List<SettingKey>> sections = new LinkedHashMap<>();
        for (SettingKey key : SettingKey.all(Detectors.infos(), Checks.infos())) {
            sections.computeIfAbsent(key.section(), s -> new ArrayList<>()).add(key);
        }
        sections.forEach((section, keys) -> {
            if (!section.startsWith("detect.") && !section.startsWith(CHECKS)) {
                document.line(0, "");
                document.section(0, section, keys);
            }
        });
        document.line(0, "");
        document.comment(
                0,
                "The detectors, by their id. An enabled detector runs on every run; what it needs and a run did not log, it"
                        + " reports as not observable.");
        document.line(0, "detect {");
        String gap = "";
        for (DetectorInfo detector : Detectors.infos()) {
            document.out.append(gap);
            gap = "\n";
            String from = detector.metrics().isEmpty() ? "" : ", from " + String.join(", ", detector.metrics());
            document.comment(1, detector.title() + from + ". " + detector.meaning());
            document.section(1, detector.id(), sections.getOrDefault("detect." + detector.id(), List.of()));
        }
        document.line(0, "}");
        document.line(0, "");
        document.comment(
                0,
                "The checks of the gate, by their id. A failure of level error closes it; one of level warning is only"
                        + " reported. Estimates fail above the bound \"fail\" and warn above \"warn\"; both are effects, and"
                        + " no number of rows makes a smaller one fail.");
        document.line(0, "validate.checks {");
        gap = "";
        for (CheckInfo check : Checks.infos()) {
            document.out.append(gap);
            gap = "\n";
            document.comment(1, check.title() + ". " + check.meaning());
            document.section(1, check.id(), sections.getOrDefault(CHECKS + check.id(), List.of()));
        }
        document.line(0, "}");
        return document.out.toString();
    }

    private void section(int depth, String name, List<SettingKey> keys) {
        line(depth, name + " {");
        for (SettingKey key : keys) {
            if (key.name().equals("enabled")) {
                line(depth + 1, "enabled = " + key.defaultValue());
                continue;
            }
            String unit = key.unit().equals("1") ? "no unit" : key.unit();
            comment(depth + 1, sentence(key.meaning()) + " Unit: " + unit + "; " + key.wanted() + ".");
            comment(depth + 1, "Default from: " + sentence(key.origin()));
            line(depth + 1, key.name() + " = " + value(key.defaultValue()));
        }
        line(depth, "}");
    }

    private static String value(Object value) {
        if (value instanceof String text) {
            return '"' + text + '"';
        }
        return value instanceof Double number ? SettingKey.plain(number) : value.toString();
    }

    private static String sentence(String text) {
        return text.endsWith(".") ? text : text + ".";
    }

    private void comment(int depth, String text) {
        String begin = "  ".repeat(depth) + "#";
        StringBuilder line = new StringBuilder(begin);
        for (String word : text.replace('\n', ' ').split(" ", -1)) {
            if (line.length() + 1 + word.length() > WIDTH && line.length() > begin.length()) {
                out.append(line).append('\n');
                line = new StringBuilder(begin);
            }
            line.append(' ').append(word);
        }
        out.append(line).append('\n');
    }

    private void line(int depth, String text) {
        out.append(text.isEmpty() ? "" : "  ".repeat(depth)).append(text).append('\n');
    }
}
