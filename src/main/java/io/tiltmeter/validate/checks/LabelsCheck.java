package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Level;
import java.util.List;
import java.util.Optional;

/** Labels missing or out of range. */
@AutoService(Check.class)
public final class LabelsCheck extends CountCheck {
    private static final CheckInfo INFO = new CheckInfo(
            ColumnProfile.LABELS,
            "Labels missing or out of range",
            "A label is missing, is no whole number, or is not from 0 to validate.classes - 1: the loss has no such class.",
            Level.ERROR,
            List.of(NONE_ALLOWED),
            "Set validate.classes to the number of outputs of the network; mend or leave out the rows in the table of offenders.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Long> violations(ColumnProfile column) {
        return column.spec().kind() == ColumnKind.LABEL
                ? Optional.of(column.missing() + column.classes().outside())
                : Optional.empty();
    }

    @Override
    String what(ColumnProfile column) {
        return "labels missing or out of range";
    }
}
