package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Level;
import java.util.List;
import java.util.Optional;

/** Empty examples. */
@AutoService(Check.class)
public final class EmptyExamplesCheck extends CountCheck {
    private static final CheckInfo INFO = new CheckInfo(
            ColumnProfile.EMPTY_EXAMPLES,
            "Empty examples",
            "An example has no token, no feature or no character: nothing can be learned from it, and a mean over its elements divides by zero.",
            Level.ERROR,
            List.of(NONE_ALLOWED),
            "Leave such rows out when the dataset is written; where many come at once, look at the filter or the parser before it.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Long> violations(ColumnProfile column) {
        return switch (column.spec().kind()) {
            case TOKENS, NUMBERS, TEXT -> Optional.of(column.empty());
            default -> Optional.empty();
        };
    }

    @Override
    String what(ColumnProfile column) {
        return "empty examples";
    }
}
