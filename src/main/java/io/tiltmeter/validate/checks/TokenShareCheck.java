package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.stats.Estimate;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.TokenCells;
import io.tiltmeter.validate.Tokens;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** One token, or the rare ones together, take a larger part of the text than in the reference. */
@AutoService(Check.class)
public final class TokenShareCheck extends DriftCheck {
    private static final CheckInfo INFO = new CheckInfo(
            "token-share",
            "A token's share",
            "One token, or a band of rare ones, has a larger share of the text than in the baseline, or in one shard than in"
                    + " the dataset: padding that got in, an id that many others were mapped to, noise in place of text.",
            Level.ERROR,
            List.of(
                    new Parameter(
                            "fail",
                            0.0025,
                            "of tokens",
                            "Increase of a token's share that closes the gate",
                            new Derived("half of the smallest corruption that matters here, 0.5 % of a shard's tokens"
                                    + " replaced")),
                    new Parameter(
                            "warn",
                            0.001,
                            "of tokens",
                            "Increase of a token's share that is reported",
                            new Derived(
                                    "one token in a thousand: about the share of the 100th token of English text"))),
            "Decode some rows of the shard: a token that is everywhere is padding or an unknown word; rare tokens everywhere"
                    + " are noise, or text in a language the tokenizer does not know.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Drift> drift(ColumnProfile column, ColumnProfile reference, Dataset data) {
        if (column.tokens().isEmpty() || reference.tokens().isEmpty()) {
            return Optional.empty();
        }
        Tokens tokens = column.tokens().get();
        Tokens other = reference.tokens().get();
        double[] here = tails(tokens.total());
        double[] there = tails(other.total());
        double n = DocumentScatter.sum(tokens.total());
        double m = DocumentScatter.sum(other.total());
        if (n == 0 || m == 0) {
            return Optional.empty();
        }
        DocumentScatter scatter = DocumentScatter.of(tokens, TokenShareCheck::tails, here, n);
        DocumentScatter scatterThere = DocumentScatter.of(other, TokenShareCheck::tails, there, m);
        int strongest = 0;
        Estimate largest = new Estimate(Double.NEGATIVE_INFINITY, 1, Double.POSITIVE_INFINITY);
        for (int cell = 0; cell < here.length; cell++) {
            Estimate estimate = new Estimate(
                    here[cell] / n - there[cell] / m,
                    Math.sqrt(scatter.variance()[cell] + scatterThere.variance()[cell]),
                    scatter.pooled()[cell] ? Double.POSITIVE_INFINITY : Tokens.GROUPS - 1);
            // The largest lower bound, not the largest effect: that would be the noisiest cell.
            if (estimate.effect() - 3 * estimate.error() > largest.effect() - 3 * largest.error()) {
                largest = estimate;
                strongest = cell;
            }
        }
        TokenCells cells = data.profile().cells().get(column.spec().name());
        String name = cells == null ? "cell " + strongest : cells.nameOfTail(strongest);
        String text = String.format(
                Locale.ROOT,
                "%s: share %s, reference %s",
                capital(name),
                Results.percent(here[strongest] / n),
                Results.percent(there[strongest] / m));
        return Optional.of(new Drift(largest.strongestOf(here.length), "of tokens", text));
    }

    /** Counts of frequent tokens as they are; of the bands of rare ones, each together with all rarer. */
    private static double[] tails(double[] counts) {
        double[] tails = counts.clone();
        for (int cell = counts.length - 2; cell >= TokenCells.EXACT; cell--) {
            tails[cell] += tails[cell + 1];
        }
        return tails;
    }

    private static String capital(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }
}
