package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Level;
import java.util.List;
import java.util.Optional;

/** Examples of zeros only. */
@AutoService(Check.class)
public final class ZeroExamplesCheck extends CountCheck {
    private static final CheckInfo INFO = new CheckInfo(
            ColumnProfile.ZERO_EXAMPLES,
            "Examples of zeros only",
            "All numbers of an array of features are zero: mostly a record that could not be read and was filled up.",
            Level.ERROR,
            List.of(NONE_ALLOWED),
            "Look the rows up in the table of offenders; let what reads them fail instead of filling up. Where zeros are what the data means, disable the check.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Long> violations(ColumnProfile column) {
        return column.spec().isFractional() && column.lengths().count() > 0
                ? Optional.of(column.allZero())
                : Optional.empty();
    }

    @Override
    String what(ColumnProfile column) {
        return "examples of zeros only";
    }
}
