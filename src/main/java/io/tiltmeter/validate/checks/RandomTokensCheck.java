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
import io.tiltmeter.validate.checks.DocumentScatter.MeanScore;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A part of the text is drawn from the whole vocabulary at random. The text is taken for a mixture of the reference and of
 * ids that are all as likely, and the part of the latter estimated by the score that tells two such mixtures apart best at
 * the bound (Cox and Hinkley, Theoretical Statistics, 1974, section 4.8).
 */
@AutoService(Check.class)
public final class RandomTokensCheck extends DriftCheck {
    private static final double FAIL = 0.001;
    /** Errors by which the reference's mean score must be below that of ids at random. */
    private static final double TOLD_APART = 5;
    /** Degrees of freedom of how documents scatter: of the data, of a half of the reference, and of all. */
    private static final int HERE = Tokens.GROUPS - 1;

    private static final int THERE = Tokens.GROUPS / 2 - 1;
    private static final int FREEDOM = HERE + 2 * THERE;

    private static final CheckInfo INFO = new CheckInfo(
            "random-tokens",
            "Ids from all over the vocabulary",
            "Token ids of the whole vocabulary, rare ones like frequent ones, take a part of the text beyond what they have in"
                    + " the baseline, or in one shard beyond what they have in the dataset: damaged memory, a wrong offset"
                    + " or type of the ids, another tokenizer.",
            Level.ERROR,
            List.of(
                    new Parameter(
                            "fail",
                            FAIL,
                            "of tokens",
                            "Part of the text drawn at random that closes the gate",
                            new Derived(
                                    "a fifth of the smallest corruption that matters here, 0.5 % of a shard's tokens"
                                            + " replaced: of a million tokens one cannot tell it from half of it")),
                    new Parameter(
                            "warn",
                            0.0005,
                            "of tokens",
                            "Part of the text drawn at random that is reported",
                            new Derived("half of what fails"))),
            "Decode some rows of the shard; compare the type and order of bytes of its ids, and its tokenizer, with those of"
                    + " the others.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Drift> drift(ColumnProfile column, ColumnProfile reference, Dataset data) {
        TokenCells cells = data.profile().cells().get(column.spec().name());
        if (cells == null || column.tokens().isEmpty() || reference.tokens().isEmpty()) {
            return Optional.empty();
        }
        Tokens tokens = column.tokens().get();
        Tokens other = reference.tokens().get();
        double n = DocumentScatter.sum(tokens.total());
        double m = DocumentScatter.sum(other.total());
        if (n == 0 || m == 0) {
            return Optional.empty();
        }
        double[] uniform = cells.uniform(Math.max(other.greatest(), tokens.greatest()) + 1);
        double[][] here = groups(tokens, 0, Tokens.GROUPS);
        double[][][] there = {groups(other, 0, Tokens.GROUPS / 2), groups(other, Tokens.GROUPS / 2, Tokens.GROUPS)};
        double usual = Math.max(DocumentScatter.inflation(tokens, n), DocumentScatter.inflation(other, m));
        double part = 0;
        double variance = 0;
        double factor = 0;
        for (int half = 0; half < 2; half++) {
            // Scores by one half of the reference, compared with the other: against its own half chance would favour
            // it.
            double[] score = score(there[half], uniform);
            MeanScore now = MeanScore.of(here, score);
            MeanScore before = MeanScore.of(there[1 - half], score);
            // By how much the mean score of ids at random is above that of the reference.
            double unit = -before.value();
            for (int cell = 0; cell < score.length; cell++) {
                unit += score[cell] * uniform[cell];
            }
            if (!(unit > TOLD_APART * Math.sqrt(Math.max(usual, before.factor()) * before.draws()))) {
                // The reference is as good as drawn at random itself, or there is too little of it.
                return Optional.empty();
            }
            part += (now.value() - before.value()) / unit / 2;
            // Of the data the two halves tell nearly the same, of the reference each its own.
            variance += (now.draws() / 2 + before.draws() / 4) / unit / unit;
            factor += (HERE * now.factor() / 2 + THERE * before.factor()) / FREEDOM;
        }
        // Documents of both scatter alike, and so tell it together.
        Estimate estimate = new Estimate(
                part,
                Math.sqrt(variance * Math.max(usual, factor)),
                factor > usual ? FREEDOM : Double.POSITIVE_INFINITY);
        String text = String.format(
                Locale.ROOT,
                "As if %s of the tokens had been drawn from all ids alike",
                Results.percent(Math.max(0, part)));
        return Optional.of(new Drift(estimate, "of tokens", text));
    }

    /** Score of each cell: the derivative of the mixture's log likelihood by the part at random, at the bound. */
    private static double[] score(double[][] reference, double[] uniform) {
        double[] counts = new double[uniform.length];
        for (double[] group : reference) {
            Arrays.setAll(counts, cell -> counts[cell] + group[cell]);
        }
        double m = DocumentScatter.sum(counts);
        int[] to = Lumping.of(counts, m);
        int size = Lumping.size(to);
        double[] p = Lumping.lump(counts, to, size);
        double[] u = Lumping.lump(uniform, to, size);
        double[] score = new double[uniform.length];
        for (int cell = 0; cell < score.length; cell++) {
            double share = p[to[cell]] / m;
            double mixed = (1 - FAIL) * share + FAIL * u[to[cell]];
            score[cell] = mixed > 0 ? (u[to[cell]] - share) / mixed : 0;
        }
        return score;
    }

    private static double[][] groups(Tokens tokens, int from, int to) {
        return IntStream.range(from, to).mapToObj(tokens::group).toArray(double[][]::new);
    }
}
