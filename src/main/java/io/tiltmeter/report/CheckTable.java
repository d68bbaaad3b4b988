package io.tiltmeter.report;

import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.validate.CheckInfo;
import java.util.List;

/** The table of the gate's checks in the documentation, made of their descriptions so that it cannot go stale. */
public final class CheckTable {
    private CheckTable() {}

    /** A Markdown table: one row a check with its first bound, and under it one row for each further. */
    public static String markdown(List<CheckInfo> checks) {
        StringBuilder table = new StringBuilder()
                .append("| Check | What a violation means | Level | Bound and default | Origin of the default |\n")
                .append("|---|---|---|---|---|\n");
        for (CheckInfo check : checks) {
            String begin = "| **`" + check.id() + "`** | " + check.meaning() + " | "
                    + check.level().text();
            if (check.parameters().isEmpty()) {
                table.append(begin).append(" | | |\n");
            }
            for (Parameter parameter : check.parameters()) {
                String unit = parameter.unit().equals("1") ? "" : " " + parameter.unit();
                table.append(begin)
                        .append(" | `")
                        .append(parameter.name())
                        .append("` = ")
                        .append(Formats.number(parameter.value()))
                        .append(unit)
                        .append(": ")
                        .append(parameter.meaning())
                        .append(" | ")
                        .append(parameter.source().text())
                        .append(" |\n");
                begin = "| | | ";
            }
        }
        return table.toString();
    }
}
