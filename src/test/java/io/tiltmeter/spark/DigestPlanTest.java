package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.DigestPlan.Version;
import io.tiltmeter.spark.ParquetInput.DataFile;
import io.tiltmeter.spark.Survey.Extent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DigestPlanTest {
    private static final Settings.Scan SCAN = new Settings.Scan(100, 10_000, 10_000);
    private static final AttemptId RUN = new AttemptId("run", 0);

    /** Rows of one run, every step by the run as a whole. */
    private static Extent extent(String file, long minStep, long maxStep) {
        return extent(file, "run", 0, minStep, maxStep, 1, -1);
    }

    private static Extent extent(
            String file, String run, int attempt, long minStep, long maxStep, long gap, int maxWorker) {
        return new Extent(file, run, attempt, (maxStep - minStep) / gap + 1, minStep, maxStep, gap, maxWorker, 0);
    }

    private static WindowRange windows(long first, long last) {
        return new WindowRange(RUN, 100, first, last);
    }

    /** A table, night after night. */
    private static final class Table {
        private final Map<Version, List<Extent>> ledger = new HashMap<>();
        private final Map<String, Extent[]> now = new HashMap<>();
        private final Map<String, Long> modified = new HashMap<>();
        private DigestIndex index = new DigestIndex();
        private long clock;
        private long generation;

        Table put(String file, Extent... extents) {
            now.put(file, extents);
            modified.put(file, ++clock);
            return this;
        }

        Table remove(String file) {
            now.remove(file);
            return this;
        }

        DigestPlan plan() {
            List<DataFile> files = new ArrayList<>();
            List<Extent> unknown = new ArrayList<>();
            now.forEach((name, extents) -> {
                DataFile file = new DataFile(name, 1000, modified.getOrDefault(name, 0L), 1, 0);
                files.add(file);
                if (!ledger.containsKey(Version.of(file))) {
                    unknown.addAll(Arrays.asList(extents));
                }
            });
            return DigestPlan.of(files, unknown, ledger, index, SCAN);
        }

        /** Plans a night and carries it out. */
        Table night() {
            DigestPlan plan = plan();
            index = index.after(plan.attempts().keySet(), plan.windows(), ++generation);
            ledger.clear();
            plan.current().forEach((file, extents) -> ledger.put(Version.of(file), extents));
            return this;
        }
    }

    private static List<String> filesOf(DigestPlan plan) {
        return plan.files().stream().map(DataFile::path).toList();
    }

    @Test
    void theFirstNightReadsEverything() {
        DigestPlan plan = new Table()
                .put("b", extent("b", 300, 499))
                .put("a", extent("a", 0, 299), extent("a", "other", 2, 10, 20, 1, -1))
                .plan();

        assertThat(plan.windows())
                .containsExactlyInAnyOrder(windows(0, 4), new WindowRange(new AttemptId("other", 2), 100, 0, 0));
        assertThat(filesOf(plan)).containsExactly("a", "b");
        assertThat(plan.attemptsRead()).isEqualTo(2);
        assertThat(plan.attempts())
                .extractingByKey(RUN)
                .satisfies(whole -> assertThat(whole.rows()).isEqualTo(500))
                .satisfies(whole -> assertThat(whole.minStep()).isEqualTo(0))
                .satisfies(whole -> assertThat(whole.maxStep()).isEqualTo(499));
    }

    @Test
    void theSameTableIsNotReadAgain() {
        DigestPlan plan = new Table().put("a", extent("a", 0, 299)).night().plan();

        assertThat(plan.windows()).isEmpty();
        assertThat(plan.files()).isEmpty();
        assertThat(plan.attempts()).containsOnlyKeys(RUN);
    }

    @Test
    void anAppendedFileTouchesItsWindowsAlone() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 199))
                .night()
                .put("b", extent("b", 200, 349))
                .plan();

        assertThat(plan.windows()).containsExactly(windows(2, 3));
        assertThat(filesOf(plan)).containsExactly("b");
        assertThat(plan.attempts())
                .extractingByKey(RUN)
                .extracting(Extent::maxStep)
                .isEqualTo(349L);
    }

    @Test
    void whoeverSharesATouchedWindowIsReadToo() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 249))
                .put("early", extent("early", 0, 99))
                .night()
                .put("b", extent("b", 250, 260))
                .plan();

        assertThat(plan.windows()).containsExactly(windows(2, 2));
        assertThat(filesOf(plan)).containsExactly("a", "b");
    }

    @Test
    void windowsTouchedFarApartAreRangesOfTheirOwnAndNeighboursAreOne() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 999))
                .night()
                .put("late", extent("late", 5, 6))
                .put("new", extent("new", 700, 850))
                .put("next", extent("next", 900, 910))
                .plan();

        assertThat(plan.windows()).containsExactly(windows(0, 0), windows(7, 9));
        assertThat(filesOf(plan)).containsExactly("a", "late", "new", "next");
    }

    @Test
    void onlyTheTouchedAttemptIsRead() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 199), extent("a", "other", 0, 0, 199, 1, -1))
                .night()
                .put("b", extent("b", "run", 1, 100, 110, 1, -1))
                .plan();

        assertThat(plan.windows()).containsExactly(new WindowRange(new AttemptId("run", 1), 100, 1, 1));
        assertThat(filesOf(plan)).containsExactly("b");
    }

    @Test
    void aFileThatWentTouchesTheWindowsItHad() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 999))
                .put("b", extent("b", 300, 420))
                .night()
                .remove("b")
                .plan();

        assertThat(plan.windows()).containsExactly(windows(3, 4));
        assertThat(filesOf(plan)).containsExactly("a");
        assertThat(plan.versions()).hasSize(1);
    }

    @Test
    void windowsThatLostAllRowsAreTouchedThoughNoFileIsReadForThem() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 199))
                .put("b", extent("b", 200, 399))
                .night()
                .remove("b")
                .plan();

        assertThat(plan.windows()).containsExactly(windows(2, 3));
        assertThat(plan.files()).isEmpty();
        assertThat(plan.attempts())
                .extractingByKey(RUN)
                .extracting(Extent::maxStep)
                .isEqualTo(199L);
    }

    @Test
    void aReplacedFileTouchesWhatItHadAndWhatItHas() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 999))
                .put("b", extent("b", 100, 120))
                .night()
                .put("b", extent("b", 700, 720))
                .plan();

        assertThat(plan.windows()).containsExactly(windows(1, 1), windows(7, 7));
        assertThat(filesOf(plan)).containsExactly("a", "b");
    }

    @Test
    void anAttemptWithoutRowsIsForgotten() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 99))
                .put("b", extent("b", "other", 0, 0, 99, 1, -1))
                .night()
                .remove("a")
                .plan();

        assertThat(plan.windows()).isEmpty();
        assertThat(plan.attempts()).containsOnlyKeys(new AttemptId("other", 0));
    }

    @Test
    void denserLoggingNarrowsTheWindowsAndReadsTheAttemptAnew() {
        Table table = new Table().put("a", extent("a", "run", 0, 0, 5000, 10, -1), extent("a", "o", 0, 0, 9, 1, -1));
        assertThat(table.plan().windows()).contains(new WindowRange(RUN, 1000, 0, 5));

        DigestPlan plan =
                table.night().put("b", extent("b", "run", 0, 5002, 5100, 2, -1)).plan();

        assertThat(plan.windows()).containsExactly(new WindowRange(RUN, 200, 0, 25));
        assertThat(filesOf(plan)).containsExactly("a", "b");
    }

    @Test
    void sparserLoggingKeepsTheWindows() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 299))
                .night()
                .remove("a")
                .put("b", extent("b", "run", 0, 0, 990, 10, -1))
                .plan();

        assertThat(plan.windows()).containsExactly(windows(0, 9));
    }

    @Test
    void moreWorkersNarrowTheWindows() {
        // 10,000 cells hold 9 steps of 1,000 workers and the run as a whole.
        DigestPlan plan = new Table()
                .put("a", extent("a", "run", 0, 0, 99, 1, 3))
                .night()
                .put("b", extent("b", "run", 0, 100, 119, 1, 999))
                .plan();

        assertThat(plan.windows()).containsExactly(new WindowRange(RUN, 9, 0, 13));
        assertThat(filesOf(plan)).containsExactly("a", "b");
    }

    @Test
    void aBlockOfMoreWorkersThanCellsStillHasAStep() {
        assertThat(DigestPlan.width(1, 1 << 29, SCAN)).isEqualTo(1);
        assertThat(DigestPlan.width(0, 0, SCAN)).isEqualTo(100);
    }

    @Test
    void theWidestGapDoesNotOverflow() {
        Settings.Scan widest = new Settings.Scan(65_536, 1_000_000_000, 10_000);

        assertThat(DigestPlan.width(StepColumns.MAX_STEP, 0, widest)).isGreaterThan(StepColumns.MAX_STEP);
        // Steps are compared with the last one of the window after.
        assertThat(DigestPlan.width(StepColumns.MAX_STEP, 0, widest)).isLessThan(Long.MAX_VALUE / 2);
    }

    @Test
    void rowsOfRangesThatLieInOneFileAreCounted() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 299), extent("a", "shared", 0, 0, 49, 1, -1))
                .put("b", extent("b", "shared", 0, 50, 99, 1, -1))
                .plan();

        assertThat(plan.targets())
                .containsExactlyInAnyOrder(
                        new ScanTarget(windows(0, 2), 300),
                        new ScanTarget(new WindowRange(new AttemptId("shared", 0), 100, 0, 0), ScanTarget.UNKNOWN));
    }

    @Test
    void rowsOfAFileThatReachesBeyondTheRangeAreNotCounted() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 999))
                .put("b", extent("b", 300, 420))
                .night()
                .remove("b")
                .plan();

        assertThat(plan.targets()).containsExactly(new ScanTarget(windows(3, 4), ScanTarget.UNKNOWN));
    }

    @Test
    void filesWithoutARowAreKnownNextNight() {
        Table table = new Table().put("a", extent("a", 0, 9)).put("empty").put("none", Extent.none("none"));

        assertThat(filesOf(table.plan())).containsExactly("a");
        assertThat(table.plan().versions()).hasSize(3);
        assertThat(table.night().plan().windows()).isEmpty();
    }

    @Test
    void rowsThatBelongNowhereAreCountedByFile() {
        DigestPlan plan = new Table()
                .put("a", extent("a", 0, 9), new Extent("a", "", 0, 0, 0, 0, 1, -1, 3))
                .put("b", new Extent("b", "", 0, 0, 0, 0, 1, -1, 4))
                .plan();

        assertThat(plan.unusable()).containsExactly(Map.entry("a", 3L), Map.entry("b", 4L));
        assertThat(plan.attempts()).containsOnlyKeys(RUN);
    }

    @Test
    void aTableOfTheCatalogIsReadWhole() {
        DigestPlan plan = DigestPlan.ofAll(List.of(extent("x", 0, 149), extent("y", 150, 250)), SCAN);

        assertThat(plan.targets()).containsExactly(new ScanTarget(windows(0, 2), ScanTarget.UNKNOWN));
        assertThat(DigestPlan.ofAll(List.of(), SCAN).windows()).isEmpty();
    }
}
