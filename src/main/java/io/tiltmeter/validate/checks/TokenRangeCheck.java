package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Level;
import java.util.List;
import java.util.Optional;

/** Token ids outside the vocabulary. */
@AutoService(Check.class)
public final class TokenRangeCheck extends CountCheck {
    private static final CheckInfo INFO = new CheckInfo(
            ColumnProfile.TOKEN_RANGE,
            "Token ids outside the vocabulary",
            "A token id is negative or not below the size of the vocabulary: the embedding has no such row, and training stops or reads foreign memory. Negative ids are what is left of ids that were stored in 16 bits.",
            Level.ERROR,
            List.of(NONE_ALLOWED),
            "Set validate.vocabulary-size to the size the model is built with. If ids are negative or stop short at 32,767 or 65,535, write them with 32 bits; else encode the data again with the tokenizer of the model.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Long> violations(ColumnProfile column) {
        return column.tokens().map(tokens -> tokens.outside());
    }

    @Override
    String what(ColumnProfile column) {
        return "token ids outside the vocabulary";
    }
}
