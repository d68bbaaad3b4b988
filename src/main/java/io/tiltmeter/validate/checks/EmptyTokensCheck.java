package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Level;
import java.util.List;
import java.util.Optional;

/** Tokens without text. */
@AutoService(Check.class)
public final class EmptyTokensCheck extends CountCheck {
    private static final CheckInfo INFO = new CheckInfo(
            "empty-tokens",
            "Tokens without text",
            "A token decodes to the empty string: a hole in the vocabulary that text never produces. Judged where validate.vocabulary-file names the vocabulary.",
            Level.ERROR,
            List.of(NONE_ALLOWED),
            "The data was encoded with another vocabulary than the one given, or with padding that was not masked: compare the tokenizer versions.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Long> violations(ColumnProfile column) {
        return column.tokens().map(tokens -> tokens.empty());
    }

    @Override
    String what(ColumnProfile column) {
        return "tokens whose text is empty";
    }
}
