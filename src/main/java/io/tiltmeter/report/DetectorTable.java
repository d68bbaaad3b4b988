package io.tiltmeter.report;

import io.tiltmeter.detect.DetectorInfo;
import java.util.List;
import java.util.stream.Collectors;

/** The table of detectors in the documentation, made of their descriptions so that it cannot go stale. */
public final class DetectorTable {
    private DetectorTable() {}

    /**
     * A Markdown table: one row a detector with its main threshold, and under it one row for each further setting.
     *
     * @return lines that each end with a line feed
     */
    public static String markdown(List<DetectorInfo> detectors) {
        StringBuilder table = new StringBuilder()
                .append("| Detector | What it finds | Judges | Setting and default | Origin of the default |\n")
                .append("|---|---|---|---|---|\n");
        for (DetectorInfo detector : detectors) {
            String id = "**" + code(detector.id()) + "**";
            String meaning = cell(detector.meaning());
            String metrics =
                    detector.metrics().stream().map(DetectorTable::code).collect(Collectors.joining(", "));
            for (DetectorInfo.Parameter parameter : detector.parameters()) {
                table.append("| ").append(id);
                table.append(" | ").append(meaning);
                table.append(" | ").append(metrics);
                table.append(" | ").append(setting(parameter));
                table.append(" | ").append(cell(parameter.source().text()));
                table.append(" |\n");
                id = "";
                meaning = "";
                metrics = "";
            }
        }
        return table.toString();
    }

    private static String setting(DetectorInfo.Parameter parameter) {
        String unit = parameter.unit().equals("1") ? "" : " " + cell(parameter.unit());
        return code(parameter.name()) + " = " + Formats.number(parameter.value()) + unit + ": "
                + cell(parameter.meaning());
    }

    private static String code(String text) {
        return "`" + Formats.text(text).replace('`', '\'').replace("|", "\\|") + "`";
    }

    private static String cell(String text) {
        return Formats.text(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;");
    }
}
