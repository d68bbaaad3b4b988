package io.tiltmeter.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ProfileTest {
    private static final ColumnSpec TOKENS = new ColumnSpec("tokens", ColumnKind.TOKENS, "array<int>", true);
    private static final ColumnSpec NUMBER = new ColumnSpec("x", ColumnKind.NUMBER, "double", true);
    private static final ColumnSpec FEATURES = new ColumnSpec("f", ColumnKind.NUMBERS, "array<float>", true);
    private static final ColumnSpec LABEL = new ColumnSpec("y", ColumnKind.LABEL, "int", true);
    private static final DataSpec DATA =
            new DataSpec(Map.of("tokens", Vocabulary.of(100, TokenCells.of(new long[] {9, 5, 0, 7}))), 3, 2);

    private static ShardProfile shard(String name, long seed, int rows) {
        SplittableRandom random = new SplittableRandom(seed);
        ShardProfile shard = new ShardProfile(name, DATA);
        for (int row = 0; row < rows; row++) {
            shard.row();
            int n = random.nextInt(6);
            int[] ids = random.ints(n, 0, 101).toArray();
            shard.column(TOKENS).tokens(row, ids, n, 0);
            if (random.nextInt(10) == 0) {
                shard.column(NUMBER).missing(row);
            } else {
                shard.column(NUMBER).number(row, random.nextInt(20) == 0 ? Double.NaN : random.nextGaussian() * 1e3);
            }
            shard.column(FEATURES).numbers(row, new double[] {random.nextInt(2), random.nextInt(2)}, 2, 0);
            shard.column(LABEL).number(row, random.nextInt(4));
        }
        return shard;
    }

    @Test
    void mergingIsReadingOneAfterTheOther() {
        ShardProfile together = new ShardProfile("", DATA);
        together.merge(shard("a", 1, 700));
        together.merge(shard("b", 2, 900));
        ShardProfile again = ShardProfile.decode(together.encode(), DATA);

        ColumnProfile x = again.column("x").orElseThrow();
        assertThat(again.encode()).isEqualTo(together.encode());
        assertThat(again.rows()).isEqualTo(1600);
        assertThat(x.rows()).isEqualTo(1600);
        assertThat(x.missing() + x.nans() + x.moments().count()).isEqualTo(1600);
        assertThat(again.column("tokens").orElseThrow().tokens().orElseThrow().count())
                .isEqualTo(again.column("tokens").orElseThrow().lengths().sum());
        // Labels 0, 1 and 2 of 0 to 3 are classes.
        assertThat(again.column("y").orElseThrow().classes().counts()).containsOnlyKeys("0", "1", "2", "3");
        assertThat(again.column("y").orElseThrow().classes().outside())
                .isEqualTo(again.column("y").orElseThrow().classes().counts().get("3"));
    }

    @Test
    void quantilesOfMergedShardsDoNotDependOnTheirOrder() {
        ShardProfile ab = new ShardProfile("", DATA);
        ab.merge(shard("a", 1, 700));
        ab.merge(shard("b", 2, 900));
        ShardProfile ba = new ShardProfile("", DATA);
        ba.merge(shard("b", 2, 900));
        ba.merge(shard("a", 1, 700));

        for (double share : new double[] {0, 0.01, 0.25, 0.5, 0.75, 0.99, 1}) {
            assertThat(ab.column("x").orElseThrow().quantiles().at(share))
                    .isEqualTo(ba.column("x").orElseThrow().quantiles().at(share));
        }
    }

    @Test
    void momentsKeepTheirDigitsFarFromZero() {
        // 1e9 + {0, 1, 2} a thousand times: mean 1e9 + 1, variance 2/3; a sum of squares would lose it all.
        ColumnProfile column = new ShardProfile("", DATA).column(NUMBER);
        for (int i = 0; i < 3000; i++) {
            column.number(i, 1e9 + i % 3);
        }

        assertThat(column.moments().mean()).isCloseTo(1e9 + 1, within(1e-6));
        assertThat(column.moments().deviation()).isCloseTo(Math.sqrt(2.0 / 3), within(1e-9));
        assertThat(column.quantiles().at(0.5)).isCloseTo(1e9, within(0.005 * 1e9));
    }

    @Test
    void oneNanIsFoundAmongManyAndTheFirstFewArePlaced() {
        ShardProfile shard = new ShardProfile("s", DATA);
        double[] row = new double[1000];
        for (int i = 0; i < 1000; i++) {
            row[3] = i >= 500 && i < 504 ? Double.NEGATIVE_INFINITY : 1;
            shard.column(FEATURES).numbers(i, row, 1000, 0);
        }

        assertThat(shard.column("f").orElseThrow().negativeInfinities()).isEqualTo(4);
        assertThat(shard.column("f").orElseThrow().moments().count()).isEqualTo(999_996);
        assertThat(shard.offenders())
                .containsExactly(
                        new Offender("non-finite", "f", 500, 3, "-Infinity"),
                        new Offender("non-finite", "f", 501, 3, "-Infinity"));
    }

    @Test
    void differentValuesAreCountedWithinFourErrors() {
        ColumnProfile column = new ShardProfile("", DATA).column(NUMBER);
        for (int i = 0; i < 300_000; i++) {
            column.number(i, i % 100_000);
        }

        assertThat(column.distinct().orElseThrow().estimate())
                .isCloseTo(100_000, within(4 * Distinct.STANDARD_ERROR * 100_000));
    }

    @Test
    void cellsAreTheFrequentTokensAndThenOctavesOfRank() {
        long[] counts = new long[5000];
        for (int id = 0; id < 4000; id++) {
            counts[id] = 10_000 - id;
        }
        TokenCells cells = TokenCells.of(counts);

        assertThat(List.of(cells.of(0), cells.of(999), cells.of(1000), cells.of(1999), cells.of(2000), cells.of(3999)))
                .containsExactly(0, 999, 1000, 1000, 1001, 1001);
        assertThat(List.of(cells.of(4000), cells.of(4999), cells.of(70_000))).containsOnly(1002);
        assertThat(cells.count()).isEqualTo(1003);
        assertThat(cells.name(0)).isEqualTo("token 0");
        assertThat(cells.name(1001)).isEqualTo("tokens of rank 2,001 to 4,000");
    }

    /** Few ids, which are remembered, and more than can be; what was drained or cleared leaves nothing behind. */
    @Test
    void histogramsDrainIntoOneAnother() {
        java.util.SplittableRandom random = new java.util.SplittableRandom(8);
        Histogram sum = new Histogram();
        Histogram expected = new Histogram();
        Histogram fresh = new Histogram();
        for (int shard = 0; shard < 30; shard++) {
            int tokens = shard % 3 == 0 ? 60_000 : 200;
            for (int i = 0; i < tokens; i++) {
                int id = random.nextInt(50_000);
                fresh.add(id, shard % 16);
                if (shard % 5 != 4) {
                    expected.add(id, shard % 16);
                }
            }
            if (shard % 5 == 4) {
                fresh.clear();
            } else {
                sum.drain(fresh);
            }
            assertThat(fresh.size()).isZero();
        }

        assertThat(sum.counts()).isEqualTo(expected.counts());
        assertThat(sum.exclusive()).isEqualTo(expected.exclusive());
    }

    /** Documents choose cells or are counted in them, never both; about one of ten chooses, and copies do what the first does. */
    @Test
    void cellsAreNotCountedByTheDocumentsThatChoseThem() {
        ColumnSpec tokens = new ColumnSpec("t", ColumnKind.TOKENS, "array<int>", true);
        ColumnProfile choosing = new ShardProfile("", DATA).column(tokens);
        Histogram chosen = new Histogram();
        choosing.chooseBy(chosen);
        ColumnProfile counting = new ShardProfile("", DATA).column(tokens);
        Histogram all = new Histogram();
        counting.countInto(all);
        // Document i is of the ids i and 10,000 and comes twice.
        for (int row = 0; row < 10_000; row++) {
            int[] ids = {row / 2, 10_000};
            choosing.tokens(row, ids, 2, 0);
            counting.tokens(row, ids, 2, 0);
        }

        assertThat(all.counts()[10_000]).isEqualTo(10_000);
        long choose = chosen.counts()[10_000];
        assertThat(choose).isBetween(800L, 1200L);
        double counted =
                java.util.Arrays.stream(counting.tokens().orElseThrow().total()).sum();
        assertThat(counted).isEqualTo(2.0 * (10_000 - choose));
        assertThat(counting.tokens().orElseThrow().countByGroup()).containsOnly(2.0 * 10_000 / Tokens.GROUPS);
        for (int id = 0; id < 5000; id++) {
            assertThat(chosen.count(id)).isIn(0L, 2L);
        }
    }

    @Test
    void lengthsBeyondTheExactOnesKeepToASixteenth() {
        for (long length : new long[] {0, 8192, 8193, 9000, 16_384, 100_000, 1_000_000_007L}) {
            long lowest = Lengths.lowest(Lengths.cell(length));
            assertThat(lowest).isLessThanOrEqualTo(length);
            assertThat(length - lowest).isLessThanOrEqualTo(length / 16);
        }
    }
}
