package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.stats.Shares;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Tokens;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Tokens the baseline has never seen. */
@AutoService(Check.class)
public final class UnseenTokensCheck extends DriftCheck {
    private static final CheckInfo INFO = new CheckInfo(
            "unseen-tokens",
            "Tokens unknown to the baseline",
            "A part of the text consists of token ids that do not occur in the whole baseline: another tokenizer, another"
                    + " language, or noise.",
            Level.ERROR,
            List.of(
                    new Parameter(
                            "fail",
                            0.005,
                            "of tokens",
                            "Share of unseen tokens, beyond what a sample as large as the baseline leaves unseen, that"
                                    + " closes the gate",
                            new Derived("the smallest corruption that matters here: 0.5 % of a shard's tokens")),
                    new Parameter(
                            "warn",
                            0.001,
                            "of tokens",
                            "The same, that is reported",
                            new Derived("one token in a thousand"))),
            "Compare the tokenizers of data and baseline; decode some of the rows.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Drift> drift(ColumnProfile column, ColumnProfile reference, Dataset data) {
        long[] before = data.baseline()
                .map(profile -> profile.histograms().getOrDefault(column.spec().name(), new long[0]))
                .orElse(new long[0]);
        if (before.length == 0 || column.tokens().isEmpty()) {
            return Optional.empty();
        }
        Tokens tokens = column.tokens().get();
        // Good and Turing (1953): new tokens come as often as tokens that were seen once made up the sample.
        long once = 0;
        long all = 0;
        for (long count : before) {
            once += count == 1 ? 1 : 0;
            all += count;
        }
        String text = String.format(
                Locale.ROOT,
                "%,d of %,d tokens have ids that the baseline has not; of its own size one would expect a share of %.2g",
                tokens.unseen(),
                tokens.count(),
                (double) once / all);
        return Optional.of(new Drift(Shares.increase(tokens.unseen(), tokens.count(), once, all), "of tokens", text));
    }
}
