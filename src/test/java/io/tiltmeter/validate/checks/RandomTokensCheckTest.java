package io.tiltmeter.validate.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnSpec;
import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.DatasetProfile;
import io.tiltmeter.validate.Gate;
import io.tiltmeter.validate.Judgement;
import io.tiltmeter.validate.ShardProfile;
import io.tiltmeter.validate.Status;
import io.tiltmeter.validate.TokenCells;
import io.tiltmeter.validate.Vocabulary;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Text of a vocabulary in which the id {@code i} is drawn with a density of 1/(i+1), a known part of it from all ids alike. */
class RandomTokensCheckTest {
    private static final int VOCABULARY = 20_000;
    private static final int DOCUMENT = 250;
    private static final ColumnSpec TOKENS = new ColumnSpec("tokens", ColumnKind.TOKENS, "array<int>", true);
    private static final TokenCells CELLS = TokenCells.of(IntStream.range(0, VOCABULARY)
            .mapToLong(id -> 1_000_000_000L / (id + 1))
            .toArray());
    private static final DataSpec DATA = new DataSpec(Map.of("tokens", Vocabulary.of(VOCABULARY, CELLS)), 0, 5);

    @Test
    void thePartIsTheOnePlanted() {
        for (double part : new double[] {0, 0.002, 0.01, 0.05}) {
            double[] estimates = new double[30];
            for (int seed = 0; seed < estimates.length; seed++) {
                ShardProfile reference = text("", 200_000, 0, 1000 + seed);
                estimates[seed] =
                        judge(text("s", 200_000, part, seed), reference).effect();
            }
            double mean = Arrays.stream(estimates).average().orElseThrow();
            double error = deviation(estimates) / Math.sqrt(estimates.length);

            assertThat(mean).isCloseTo(part, within(3 * error));
            assertThat(error).isLessThan(0.0006);
        }
    }

    @Test
    void theErrorIsWhatEstimatesScatterBy() {
        double[] estimates = new double[60];
        double detectable = 0;
        for (int seed = 0; seed < estimates.length; seed++) {
            Judgement judgement = judge(text("s", 100_000, 0, 500 + seed), text("", 100_000, 0, 2000 + seed));
            estimates[seed] = judgement.effect();
            detectable += judgement.detectable() / estimates.length;
        }
        double deviation = deviation(estimates);

        // z of 99 % and z of 80 %, see Estimate.detectable, and what a known error has in place of an estimated one:
        // nothing.
        assertThat(detectable / (2.326 + 0.842)).isBetween(0.9 * deviation, 1.5 * deviation);
    }

    @Test
    void halfAPercentOfAMillionTokensClosesTheGateAndNoneDoesNot() {
        ShardProfile reference = text("", 2_000_000, 0, 1);
        for (int seed = 0; seed < 5; seed++) {
            assertThat(judge(text("s", 1_000_000, 0.005, 10 + seed), reference).status())
                    .isEqualTo(Status.FAIL);
            assertThat(judge(text("s", 1_000_000, 0, 10 + seed), reference).status())
                    .isIn(Status.PASS, Status.INCONCLUSIVE);
        }
    }

    /** A token that takes a part of the text is no noise from everywhere: another check tells it. */
    @Test
    void oneFrequentTokenIsNoRandomText() {
        ShardProfile reference = text("", 1_000_000, 0, 1);
        ShardProfile shard = new ShardProfile("s", DATA);
        SplittableRandom random = new SplittableRandom(3);
        fill(shard, 300_000, random, 0);
        for (int row = 0; row < 100; row++) {
            shard.row();
            shard.column(TOKENS).tokens(10_000 + row, new int[DOCUMENT], DOCUMENT, 0);
        }

        assertThat(judge(shard, reference).effect()).isNegative();
    }

    /** Nothing scatters in a text of one token; that is no number to divide by. */
    @Test
    void aTextOfOneTokenIsJudgedToo() {
        ShardProfile shard = new ShardProfile("s", DATA);
        for (int row = 0; row < 100; row++) {
            shard.row();
            shard.column(TOKENS).tokens(row, new int[DOCUMENT], DOCUMENT, 0);
        }
        Judgement judgement = judge(shard, text("", 500_000, 0, 1));

        assertThat(judgement.p()).isEqualTo(1);
        assertThat(judgement.status()).isEqualTo(Status.PASS);
    }

    @Test
    void aReferenceThatIsRandomItselfSaysNothing() {
        ShardProfile reference = text("", 500_000, 1, 1);
        DatasetProfile baseline = profile(reference);
        assertThat(judgements(text("s", 100_000, 1, 2), baseline)).isEmpty();
    }

    private static double deviation(double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        return Math.sqrt(Arrays.stream(values).map(x -> (x - mean) * (x - mean)).sum() / (values.length - 1));
    }

    private static Judgement judge(ShardProfile shard, ShardProfile reference) {
        List<Judgement> judgements = judgements(shard, profile(reference));
        assertThat(judgements).hasSize(1);
        return judgements.get(0);
    }

    private static List<Judgement> judgements(ShardProfile shard, DatasetProfile baseline) {
        RandomTokensCheck check = new RandomTokensCheck();
        Dataset data = new Dataset(profile(shard), Optional.of(baseline), Map.of());
        return Gate.verdicts(List.of(check), Gate.judge(List.of(check), data, Map.of()), Map.of())
                .get(0)
                .judgements();
    }

    private static DatasetProfile profile(ShardProfile of) {
        return new DatasetProfile(of.encode(), DATA, 1, Map.of(), Map.of("tokens", CELLS), "");
    }

    private static ShardProfile text(String name, int tokens, double part, long seed) {
        ShardProfile profile = new ShardProfile(name, DATA);
        fill(profile, tokens, new SplittableRandom(seed), part);
        return profile;
    }

    private static void fill(ShardProfile profile, int tokens, SplittableRandom random, double part) {
        int[] ids = new int[DOCUMENT];
        for (int row = 0; row < tokens / DOCUMENT; row++) {
            for (int i = 0; i < DOCUMENT; i++) {
                ids[i] = random.nextDouble() < part
                        ? random.nextInt(VOCABULARY)
                        : (int) Math.pow(VOCABULARY + 1, random.nextDouble()) - 1;
            }
            profile.row();
            profile.column(TOKENS).tokens(row, ids, DOCUMENT, 0);
        }
    }
}
