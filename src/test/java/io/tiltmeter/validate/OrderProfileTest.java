package io.tiltmeter.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What profiles keep of the order of rows, and what the checks make of it. */
class OrderProfileTest {
    private static final ColumnSpec TOKENS = new ColumnSpec("tokens", ColumnKind.TOKENS, "array<int>", true);
    private static final ColumnSpec NUMBER = new ColumnSpec("x", ColumnKind.NUMBER, "double", true);
    private static final ColumnSpec LABEL = new ColumnSpec("y", ColumnKind.LABEL, "int", true);
    private static final ColumnSpec SOURCE = new ColumnSpec("source", ColumnKind.SOURCE, "string", true);
    private static final DataSpec DATA = new DataSpec(Map.of(), 0, 5);

    private interface Rows {
        /** Number, class, source and content of a row. */
        double[] of(int row, SplittableRandom random);
    }

    private static ShardProfile shard(int from, int to, long seed, Rows rows) {
        SplittableRandom random = new SplittableRandom(seed);
        ShardProfile shard = new ShardProfile("s", DATA);
        for (int row = 0; row < to; row++) {
            double[] cells = rows.of(row, random);
            if (row >= from) {
                shard.row();
                shard.column(TOKENS).tokens(row, new int[20 + (int) (10 * cells[0])], 20 + (int) (10 * cells[0]), 0);
                shard.column(NUMBER).number(row, cells[0]);
                shard.column(LABEL).number(row, cells[1]);
                shard.column(SOURCE).source(row, "source-" + (int) cells[2], (long) cells[2]);
                shard.content(row, Double.doubleToLongBits(cells[3]));
            }
        }
        return shard;
    }

    private static final Rows SHUFFLED = (row, random) ->
            new double[] {random.nextDouble(), random.nextInt(4), random.nextInt(3), 1 + random.nextDouble()};

    private static Map<String, Status> judged(ShardProfile shard) {
        ShardProfile whole = new ShardProfile("", DATA);
        whole.merge(shard);
        whole.merge(shard(0, 1000, 999, SHUFFLED));
        DatasetProfile profile = new DatasetProfile(whole.encode(), DATA, 2, Map.of(), Map.of(), "");
        Dataset data = new Dataset(profile, Optional.empty(), Map.of());
        List<Check> checks = Checks.all().stream()
                .filter(check -> List.of(
                                "lag-correlation", "class-runs", "source-order", "source-mix", "identical-rows")
                        .contains(check.info().id()))
                .toList();
        Results results = Gate.judge(checks, data, Map.of());
        Gate.judgeShard(checks, shard, data, Map.of(), results);
        Map<String, Status> statuses = new TreeMap<>();
        Gate.verdicts(checks, results, Map.of())
                .forEach(verdict ->
                        statuses.put(verdict.info().id(), verdict.status().orElse(Status.PASS)));
        return statuses;
    }

    @Test
    void partsOfAShardMergeIntoTheShard() {
        ShardProfile whole = shard(0, 900, 3, SHUFFLED);
        ShardProfile parts = shard(0, 337, 3, SHUFFLED);
        parts.merge(shard(337, 900, 3, SHUFFLED));

        for (String column : List.of("tokens", "x", "y")) {
            Neighbours together = parts.column(column).orElseThrow().neighbours();
            Neighbours once = whole.column(column).orElseThrow().neighbours();
            assertThat(together.differences()).isCloseTo(once.differences(), within(1e-9));
            assertThat(together.squares()).isCloseTo(once.squares(), within(1e-9));
            assertThat(together.equal()).isEqualTo(once.equal());
        }
        assertThat(parts.column("source").orElseThrow().sources().windows().get("source-1"))
                .isEqualTo(
                        whole.column("source").orElseThrow().sources().windows().get("source-1"));
        ShardProfile again = ShardProfile.decode(whole.encode(), DATA);
        assertThat(again.encode()).isEqualTo(whole.encode());
    }

    @Test
    void windowsDoubleAsAShardGoesOn() {
        Sources sources = new Sources();
        for (int row = 0; row < 100; row++) {
            sources.add(row, row < 50 ? "a" : "b");
        }
        // 100 rows in windows of 4: 25 of them, the 13th half of each.
        assertThat(sources.width()).isEqualTo(4);
        assertThat(sources.windows().get("a")).startsWith(4, 4, 4).contains(2);
        assertThat(sources.totals()).isEqualTo(Map.of("a", 50L, "b", 50L));
    }

    @Test
    void rowsEqualToTheRowBeforeAreCountedAndPlaced() {
        ShardProfile shard = new ShardProfile("s", DATA);
        long[] hashes = {7, 7, 7, 0, 7, 8, 8};
        for (int row = 0; row < hashes.length; row++) {
            shard.content(row, hashes[row]);
        }
        ShardProfile next = new ShardProfile("s", DATA);
        next.content(7, 8);
        shard.merge(next);

        // Rows 1, 2 and 6, and row 7 behind the seam; nothing was learned from row 3.
        assertThat(shard.identical()).isEqualTo(4);
        assertThat(shard.withContent()).isEqualTo(7);
        assertThat(shard.offenders()).extracting(Offender::row).containsExactly(1L, 2L, 6L);
    }

    @Test
    void aShuffledShardPassesInTwentySeeds() {
        for (long seed = 1; seed <= 20; seed++) {
            assertThat(judged(shard(0, 1000, seed, SHUFFLED)))
                    .as("seed %d", seed)
                    .hasSize(5)
                    .allSatisfy((check, status) -> assertThat(status).as(check).isLessThan(Status.WARN));
        }
    }

    @Test
    void eachPlantedOrderIsReportedByItsCheckAlone() {
        assertThat(violated((row, random) -> {
                    double[] cells = SHUFFLED.of(row, random);
                    cells[0] = row / 1000.0;
                    return cells;
                }))
                .containsExactly("lag-correlation");
        assertThat(violated((row, random) -> {
                    double[] cells = SHUFFLED.of(row, random);
                    cells[1] = row / 250;
                    return cells;
                }))
                .containsExactly("class-runs");
        assertThat(violated((row, random) -> {
                    double[] cells = SHUFFLED.of(row, random);
                    cells[2] = row * 3 / 1000;
                    return cells;
                }))
                .containsExactly("source-order");
        assertThat(violated((row, random) -> {
                    double[] cells = SHUFFLED.of(row, random);
                    cells[2] = random.nextDouble() < 0.8 ? 2 : cells[2];
                    return cells;
                }))
                .containsExactly("source-mix");
        assertThat(violated((row, random) -> {
                    double[] cells = SHUFFLED.of(row, random);
                    cells[3] = row >= 500 && row < 510 ? 1.5 : cells[3];
                    return cells;
                }))
                .containsExactly("identical-rows");
    }

    private static List<String> violated(Rows rows) {
        return judged(shard(0, 1000, 1, rows)).entrySet().stream()
                .filter(entry -> entry.getValue().compareTo(Status.WARN) >= 0)
                .map(Map.Entry::getKey)
                .toList();
    }
}
