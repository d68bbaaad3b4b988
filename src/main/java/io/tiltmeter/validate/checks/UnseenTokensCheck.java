package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.stats.Shares;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Histogram;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Tokens;
import java.util.Arrays;
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
        Histogram before = data.baseline()
                .map(profile -> profile.histograms().get(column.spec().name()))
                .orElse(null);
        if (before == null || column.tokens().isEmpty() || reference.tokens().isEmpty()) {
            return Optional.empty();
        }
        Tokens tokens = column.tokens().get();
        // As Good (1953) expects new tokens as often as tokens seen once, but of documents, where new words come in
        // numbers:
        // as often as what one group of documents has and no other.
        double[] expected = before.exclusive();
        double[] all = reference.tokens().get().countByGroup();
        double[] counts = tokens.countByGroup();
        if (Arrays.stream(counts).sum() == 0 || Arrays.stream(all).sum() == 0) {
            return Optional.empty();
        }
        String text = String.format(
                Locale.ROOT,
                "%,d of %,d tokens have ids that the baseline has not; of new documents one expects a share of %.2g",
                tokens.unseen(),
                tokens.count(),
                Arrays.stream(expected).sum() / Arrays.stream(all).sum());
        return Optional.of(
                new Drift(Shares.increase(tokens.unseenByGroup(), counts, expected, all), "of tokens", text));
    }
}
