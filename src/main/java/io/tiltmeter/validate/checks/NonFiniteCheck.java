package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Level;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** NaN or infinite numbers. */
@AutoService(Check.class)
public final class NonFiniteCheck extends CountCheck {
    private static final CheckInfo INFO = new CheckInfo(
            ColumnProfile.NON_FINITE,
            "NaN or infinite numbers",
            "A number of an example is NaN or infinite, in a plain column or inside an array. One is enough: its gradient is NaN, and after the next step so is every weight.",
            Level.ERROR,
            List.of(NONE_ALLOWED),
            "Look the rows up in the table of offenders; mend what computes the column (a division by zero, a logarithm of 0), or leave these examples out.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Long> violations(ColumnProfile column) {
        return switch (column.spec().kind()) {
            case NUMBER, NUMBERS, LABEL -> Optional.of(column.nonFinite());
            default -> Optional.empty();
        };
    }

    @Override
    String what(ColumnProfile column) {
        return column.nonFinite() == 0
                ? "NaN or infinite numbers"
                : String.format(
                        Locale.ROOT,
                        "NaN or infinite numbers (%,d NaN, %,d +Inf, %,d -Inf)",
                        column.nans(),
                        column.positiveInfinities(),
                        column.negativeInfinities());
    }
}
