package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.model.Metric;
import io.tiltmeter.spark.Nights.Night;
import io.tiltmeter.spark.Nights.Scanned;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A table that grows and changes from night to night is as well known as one that is read for the first time. */
class IncrementalTest {
    @TempDir
    Path folder = Path.of("");

    private Path table = Path.of("");
    private Path store = Path.of("");
    private int scratch;
    private long clock = 1_700_000_000_000L;

    @BeforeEach
    void name() {
        table = folder.resolve("table");
        store = folder.resolve("store");
    }

    /** Writes a file as of a later time than all before, as a listing would see it. */
    private void put(String name, StepFile file) throws IOException {
        Path path = file.write(table.resolve(name));
        Files.setLastModifiedTime(path, FileTime.fromMillis(clock += 1000));
    }

    /** The scan of this night, which must leave what one from scratch leaves. */
    private Scanned scan() {
        Scanned night = Nights.scan(LocalSpark.session(), table, store, Nights.SMALL_WINDOWS);
        Scanned fresh =
                Nights.scan(LocalSpark.session(), table, folder.resolve("scratch-" + scratch++), Nights.SMALL_WINDOWS);
        assertThat(night.points()).isEqualTo(fresh.points()).isNotEmpty();
        assertThat(night.plan().attempts()).isEqualTo(fresh.plan().attempts());
        return night;
    }

    private List<String> generations() throws IOException {
        try (Stream<Path> all = Files.list(store)) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> name.startsWith("generation-"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void everyNightReportsWhatANightFromScratchWould() throws IOException {
        put("day-1.parquet", StepFile.of().steps("a", 0, 2, 0, 300).steps("b", 0, 0, 0, 300));
        night("b", "a");
        put("day-2.parquet", StepFile.of().steps("a", 0, 2, 300, 620));
        Night grown = night("a", "b");
        // The same day again, now with a loss that is no number on worker 1, and a second start of b.
        put(
                "day-2.parquet",
                StepFile.of()
                        .steps("a", 0, 2, 300, 600)
                        .point("a", 0, 1, 600, Double.NaN)
                        .steps("b", 1, 0, 250, 500));
        Night corrected = night("a", "b");
        assertThat(grown.json()).doesNotContain("non-finite\",\"metric\"");
        assertThat(corrected.json()).isNotEqualTo(grown.json());
        assertThat(corrected.report().path("runs").get(0).path("incidents").toString())
                .contains("non-finite");
        assertThat(corrected.report().path("runs").get(1).path("incidents").toString())
                .contains("\"restart\"");
        Files.delete(table.resolve("day-1.parquet"));
        night("a", "b");
    }

    /** A night on the output of those before, which must report what one on a new output does. */
    private Night night(String... runs) {
        Night night = Nights.night(table, folder.resolve("output"));
        Night fresh = Nights.night(
                LocalSpark.session(), table, folder.resolve("scratch-" + scratch++), SettingsLoader.defaults());
        assertThat(night.json()).isEqualTo(fresh.json());
        assertThat(night.html()).isEqualTo(fresh.html());
        assertThat(night.runIds()).containsExactlyInAnyOrder(runs);
        return night;
    }

    @Test
    void aDryRunSaysWhatIsReadAndWritesNothing() throws IOException {
        put("day-1.parquet", StepFile.of().steps("a", 0, 2, 0, 300).steps("b", 0, 0, 0, 300));
        assertThat(dryRun()).contains("digest new windows of 2 of 2 attempts, reading 1 files");
        assertThat(store).doesNotExist();
        Nights.night(table, store);
        assertThat(dryRun()).contains("digest new windows of 0 of 2 attempts, reading 0 files");
        put("day-2.parquet", StepFile.of().steps("b", 0, 0, 300, 400));
        assertThat(dryRun()).contains("digest new windows of 1 of 2 attempts, reading 2 files");
    }

    private String dryRun() {
        return NightlyJob.run(
                        LocalSpark.session(),
                        Nights.request(table, store, Map.of(), true),
                        SettingsLoader.defaults(),
                        message -> {})
                .text();
    }

    @Test
    void onlyTouchedWindowsAreRead() throws IOException {
        put("day-1.parquet", StepFile.of().steps("a", 0, 2, 0, 200).steps("b", 0, 0, 0, 100));
        assertThat(scan().filesRead()).containsExactly("day-1.parquet");
        assertThat(scan().plan().windows()).isEmpty();

        put("day-2.parquet", StepFile.of().steps("a", 0, 2, 200, 320));
        Scanned appended = scan();
        assertThat(appended.filesRead()).containsExactly("day-2.parquet");
        assertThat(appended.plan().windows()).containsExactly(new WindowRange(new AttemptId("a", 0), 50, 4, 6));

        // It comes late: the steps of a window that was digested long ago.
        put("late.parquet", StepFile.of().point("a", 0, 2, 120, 5));
        Scanned late = scan();
        assertThat(late.filesRead()).containsExactly("day-1.parquet", "late.parquet");
        assertThat(late.plan().windows()).containsExactly(new WindowRange(new AttemptId("a", 0), 50, 2, 2));
        assertThat(late.point("a", 0, 120, Metric.LOSS)).contains(" of 3 ").contains("outlier 2");

        Files.delete(table.resolve("late.parquet"));
        assertThat(scan().point("a", 0, 120, Metric.LOSS)).contains(" of 2 ");
    }

    @Test
    void aCorrectedFileReplacesItsRows() throws IOException {
        put("a.parquet", StepFile.of().steps("a", 0, 0, 0, 100));
        put("b.parquet", StepFile.of().steps("a", 0, 0, 100, 300));
        double before = scan().value("a", 0, 120, Metric.LOSS);
        put("b.parquet", StepFile.of().point("a", 0, -1, 120, 7).steps("a", 0, 0, 400, 420));

        Scanned corrected = scan();

        assertThat(corrected.filesRead()).containsExactly("b.parquet");
        assertThat(corrected.value("a", 0, 120, Metric.LOSS)).isEqualTo(before + 7);
        assertThat(corrected.point("a", 0, 121, Metric.LOSS)).isEqualTo("nothing");
        assertThat(corrected.value("a", 0, 419, Metric.LOSS)).isFinite();
    }

    @Test
    void theOnlyFileOfSomeWindowsMayGo() throws IOException {
        put("a.parquet", StepFile.of().steps("a", 0, 0, 0, 100));
        put("b.parquet", StepFile.of().steps("a", 0, 0, 100, 200));
        scan();
        Files.delete(table.resolve("b.parquet"));

        Scanned night = scan();

        assertThat(night.filesRead()).isEmpty();
        assertThat(night.points().lastKey()).isEqualTo(Nights.key("a", 0, 99, Metric.LOSS));
        // And come back.
        put("b.parquet", StepFile.of().steps("a", 0, 0, 100, 150));
        assertThat(scan().filesRead()).containsExactly("b.parquet");
    }

    @Test
    void runsComeAndGo() throws IOException {
        put("a.parquet", StepFile.of().steps("a", 0, 0, 0, 60));
        put("b.parquet", StepFile.of().steps("b", 0, 0, 0, 60));
        scan();
        Files.delete(table.resolve("a.parquet"));
        assertThat(scan().plan().attempts()).containsOnlyKeys(new AttemptId("b", 0));
        put("a.parquet", StepFile.of().steps("a", 0, 0, 10, 20).steps("b", 1, 0, 30, 90));
        assertThat(scan().plan().attempts())
                .containsOnlyKeys(new AttemptId("a", 0), new AttemptId("b", 0), new AttemptId("b", 1));
    }

    @Test
    void denserLoggingDigestsTheAttemptAnewWithNarrowerWindows() throws IOException {
        put("a.parquet", StepFile.of().steps("a", 0, 0, 0, 1000, 10).steps("b", 0, 0, 0, 20));
        assertThat(scan().plan().windows()).contains(new WindowRange(new AttemptId("a", 0), 500, 0, 1));
        put("b.parquet", StepFile.of().steps("a", 0, 0, 1001, 1020));

        Scanned night = scan();

        assertThat(night.plan().windows()).containsExactly(new WindowRange(new AttemptId("a", 0), 50, 0, 20));
        assertThat(night.filesRead()).containsExactly("a.parquet", "b.parquet");
    }

    @Test
    void generationsWithoutAValidDigestGo() throws IOException {
        put("a.parquet", StepFile.of().steps("a", 0, 0, 0, 40));
        scan();
        put("b.parquet", StepFile.of().steps("a", 0, 0, 50, 60));
        scan();
        assertThat(generations()).containsExactly("generation-000001", "generation-000002");
        scan();
        assertThat(generations()).hasSize(2);
        put("a.parquet", StepFile.of().steps("a", 0, 0, 0, 45));
        scan();
        assertThat(generations()).containsExactly("generation-000002", "generation-000003");
    }

    @Test
    void aKilledNightLeavesTheStoreAsItWas() throws IOException {
        put("a.parquet", StepFile.of().steps("a", 0, 0, 0, 40));
        scan();
        // What a night leaves that is killed before its manifest.
        Files.createDirectories(store.resolve("generation-000002/digests"));
        Files.writeString(store.resolve("generation-000002/digests/part-0.parquet"), "half");
        assertThat(scan().plan().windows()).isEmpty();
        put("b.parquet", StepFile.of().steps("a", 0, 0, 50, 60));
        scan();
        assertThat(generations()).containsExactly("generation-000001", "generation-000003");
    }

    @Test
    void manyGenerationsMoveIntoOne() throws IOException {
        int nights = 30;
        StepFile file = StepFile.of();
        for (int window = 0; window < nights; window++) {
            file.steps("a", 0, 0, window * 50L, window * 50L + 3);
        }
        put("a.parquet", file);
        scan();
        spreadOverGenerations(nights);
        Scanned before = scan();
        assertThat(before.plan().windows()).isEmpty();
        assertThat(generations()).hasSize(nights);
        put("b.parquet", StepFile.of().steps("a", 0, 0, 5000, 5003));

        Scanned night = scan();

        assertThat(generations()).containsExactly("generation-000031");
        assertThat(night.filesRead()).containsExactly("b.parquet");
        assertThat(night.points()).hasSize((nights + 1) * 3 * 2).containsAllEntriesOf(before.points());
        assertThat(scan().plan().windows()).isEmpty();
    }

    /** Makes the store what it would be had each window come in a night of its own, which takes a while. */
    private void spreadOverGenerations(int nights) throws IOException {
        Path first = store.resolve("generation-000001");
        Path last = store.resolve(String.format("generation-%06d", nights));
        for (int night = 2; night <= nights; night++) {
            copy(first.resolve("digests"), store.resolve(String.format("generation-%06d/digests", night)));
        }
        copy(first.resolve("ledger"), last.resolve("ledger"));
        LocalSpark.session()
                .read()
                .parquet(first.resolve("index").toString())
                .selectExpr("run_id", "attempt", "width", "explode(sequence(first_window, last_window)) as w")
                .selectExpr(
                        "run_id", "attempt", "width", "w as first_window", "w as last_window", "w + 1 as generation")
                .write()
                .parquet(last.resolve("index").toString());
        Path manifest = store.resolve("manifest.json");
        AttemptFolder.write(
                new org.apache.hadoop.fs.Path(manifest.toString()),
                Files.readString(manifest).replace("\"generation\":1,", "\"generation\":" + nights + ","),
                LocalSpark.session().sparkContext().hadoopConfiguration());
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }
}
