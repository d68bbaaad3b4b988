package io.tiltmeter.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class DuplicateMeasuresTest {
    @Test
    void wordsDoNotDependOnCaseSpacePunctuationOrCompatibleForms() {
        long[] words = Words.of("The ﬁrst  cat's\nhat, 2nd.");

        assertThat(words).hasSize(6).isEqualTo(Words.of("the first \"CAT\" s hat — 2ND"));
        assertThat(Words.of("Ｆｕｌｌ")).isEqualTo(Words.of("full"));
        assertThat(Words.of("...")).isEmpty();
        // By hand: four ideographs and one Latin word; three Thai letters.
        assertThat(Words.of("東京大学 Tokyo")).hasSize(5);
        assertThat(Words.of("กขค")).hasSize(3);
        assertThat(Words.of("naïve")).isEqualTo(Words.of("nai\u0308ve")).hasSize(1);
    }

    @Test
    void everyRunOfUnitsHasItsHash() {
        long[] units = {5, 6, 7, 5, 6, 7, 8};

        long[] hashes = Shingles.hashes(units, 3);

        assertThat(hashes).hasSize(5);
        // 5 6 7 comes twice, all others once.
        assertThat(hashes[0]).isEqualTo(hashes[3]).isEqualTo(Shingles.hashes(new long[] {5, 6, 7}, 3)[0]);
        assertThat(Shingles.set(units, 3)).hasSize(4).isSorted();
        assertThat(Shingles.hashes(units, 8)).isEmpty();
        assertThat(Shingles.hashes(new long[] {1, 2}, 2)).isNotEqualTo(Shingles.hashes(new long[] {2, 1}, 2));
    }

    @Test
    void jaccardIsTheShareOfWhatIsCommon() {
        // {1,2,3,4} and {3,4,5}: two of five.
        assertThat(Shingles.jaccard(new long[] {1, 2, 3, 4}, new long[] {3, 4, 5}))
                .isEqualTo(0.4);
        assertThat(Shingles.jaccard(new long[0], new long[0])).isZero();
    }

    @Test
    void candidatesFollowTheSCurve() {
        MinHash hashing = new MinHash(24, 6);
        // 1 - (1 - 0.8^6)^24 = 1 - 0.737856^24 by hand.
        assertThat(hashing.candidate(0.8)).isCloseTo(0.99932, within(1e-5));
        assertThat(hashing.candidate(0.5)).isCloseTo(0.31474, within(1e-5));

        int trials = 3000;
        for (int common : new int[] {20, 33, 45, 54, 60}) {
            // Two sets of 60 + rest with `common` in common of 100 in all.
            double jaccard = common / 100.0;
            SplittableRandom random = new SplittableRandom(common);
            int found = 0;
            for (int trial = 0; trial < trials; trial++) {
                long[] all = random.longs(100).toArray();
                int half = common + (100 - common) / 2;
                long[] a = Arrays.copyOf(all, half);
                long[] b = LongStream.concat(Arrays.stream(all, 0, common), Arrays.stream(all, half, 100))
                        .toArray();
                found += share(hashing.keys(a), hashing.keys(b)) ? 1 : 0;
            }
            double expected = hashing.candidate(jaccard);
            double error = Math.sqrt(expected * (1 - expected) / trials);
            assertThat((double) found / trials).as("at %s", jaccard).isCloseTo(expected, within(4 * error + 1e-9));
        }
    }

    private static boolean share(long[] a, long[] b) {
        for (int i = 0; i < a.length; i++) {
            if (a[i] == b[i]) {
                return true;
            }
        }
        return false;
    }

    @Test
    void keysDoNotDependOnTheOrderOfShinglesAndDifferByBand() {
        MinHash hashing = new MinHash(4, 2);

        assertThat(hashing.keys(new long[] {1, 2, 3})).isEqualTo(hashing.keys(new long[] {3, 1, 2}));
        assertThat(hashing.keys(new long[] {1, 2, 3})).doesNotHaveDuplicates();
        assertThatThrownBy(() -> new MinHash(0, 5))
                .hasMessage("MinHash has 0 bands of 5 rows, expected at least 1 of each");
    }

    @Test
    void contentsAreToldApartByEveryUnitAndTheirOrder() {
        Document one = new Document(1, new long[] {1, 2, 3}, "a");

        assertThat(new Document(7, new long[] {1, 2, 3}, "b").low()).isEqualTo(one.low());
        assertThat(new Document(7, new long[] {1, 2, 3}, "b").high()).isEqualTo(one.high());
        assertThat(one.low()).isNotEqualTo(one.high());
        assertThat(new Document(1, new long[] {1, 3, 2}, "a").low()).isNotEqualTo(one.low());
        assertThat(new Document(1, new long[] {1, 2, 3, 0}, "a").low()).isNotEqualTo(one.low());
        assertThat(one.labelHash()).isNotZero().isNotEqualTo(new Document(1, new long[0], "b").labelHash());
        assertThat(new Document(1, new long[0], "").labelHash()).isZero();
    }

    @Test
    void placesAreNumberedInOrderAndBack() {
        long train = RowPlace.number(false, RowPlace.MOST_SHARDS - 1, (1L << 40) - 1);
        long eval = RowPlace.number(true, 3, 77);

        assertThat(train).isLessThan(eval).isPositive();
        assertThat(RowPlace.shard(train)).isEqualTo(RowPlace.MOST_SHARDS - 1);
        assertThat(RowPlace.row(train)).isEqualTo((1L << 40) - 1);
        assertThat(RowPlace.isEval(train)).isFalse();
        assertThat(RowPlace.isEval(eval)).isTrue();
        assertThat(RowPlace.shard(eval)).isEqualTo(3);
        assertThat(RowPlace.row(eval)).isEqualTo(77);
    }
}
