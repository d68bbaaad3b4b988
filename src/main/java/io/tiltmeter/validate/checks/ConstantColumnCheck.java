package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;

/** Columns whose numbers are all the same. */
@AutoService(Check.class)
public final class ConstantColumnCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            "constant-column",
            "Constant columns",
            "All numbers of a column are one and the same, or it has no value at all: nothing can be learned from it, and"
                    + " dividing by its deviation gives NaN.",
            Level.WARNING,
            List.of(new Parameter(
                    "rows",
                    2,
                    "rows",
                    "Rows from which a column is judged",
                    new Derived("a single number is always constant"))),
            "Leave the column out, or find out why it has lost its values.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        for (ColumnProfile column : data.all().columns()) {
            ColumnKind kind = column.spec().kind();
            boolean numeric = kind == ColumnKind.NUMBER || kind == ColumnKind.NUMBERS || kind == ColumnKind.LABEL;
            if (column.rows() < settings.get("rows") || !(numeric || column.missing() == column.rows())) {
                continue;
            }
            boolean nothing = column.missing() == column.rows();
            boolean constant = nothing
                    || (numeric
                            && column.moments().count() > 1
                            && column.moments().least() == column.moments().greatest()
                            && column.nonFinite() == 0
                            && column.classes().counts().size() <= 1);
            String text = nothing
                    ? "All cells are missing"
                    : constant
                            ? "All numbers are "
                                    + Results.number(column.moments().least())
                            : "Its numbers differ";
            results.count(this, column.spec().name(), "", constant ? 1 : 0, 0, "columns", text);
        }
    }
}
