package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.spark.Nights.Night;
import io.tiltmeter.spark.Nights.Scanned;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be read is named and counted, and the rest is analysed. */
class QuarantineTest {
    @TempDir
    Path folder = Path.of("");

    private Path table = Path.of("");
    private Path store = Path.of("");

    @BeforeEach
    void write() {
        table = folder.resolve("t");
        store = folder.resolve("store");
        StepFile.of().steps("good", 0, 2, 0, 60).write(table.resolve("a-good.parquet"));
    }

    private Scanned scan() {
        return Nights.scan(LocalSpark.session(), table, store, Nights.SMALL_WINDOWS);
    }

    private static void assertGood(Scanned scanned) {
        assertThat(scanned.points().keySet().stream().filter(key -> key.startsWith("good/")))
                .hasSize(120);
    }

    /** Turns the bits of some bytes in the middle of a column's data, far from the footer. */
    private static void damage(Path file, String column) throws IOException {
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(file.toUri());
        long from;
        long length;
        try (var reader = org.apache.parquet.hadoop.ParquetFileReader.open(
                org.apache.parquet.hadoop.util.HadoopInputFile.fromPath(
                        path, new org.apache.hadoop.conf.Configuration()))) {
            var chunk = reader.getFooter().getBlocks().get(0).getColumns().stream()
                    .filter(c -> c.getPath().toDotString().equals(column))
                    .findFirst()
                    .orElseThrow();
            from = chunk.getStartingPos();
            length = chunk.getTotalSize();
        }
        byte[] bytes = Files.readAllBytes(file);
        for (long i = from; i < from + length; i++) {
            bytes[(int) i] ^= (byte) 0xa5;
        }
        Files.write(file, bytes);
    }

    @Test
    void filesWithoutASoundFooterAreNamed() throws IOException {
        Path truncated = StepFile.of().steps("lost", 0, 2, 0, 60).write(table.resolve("b-truncated.parquet"));
        byte[] bytes = Files.readAllBytes(truncated);
        Files.write(truncated, Arrays.copyOf(bytes, bytes.length - 30));
        Files.write(table.resolve("c-empty.parquet"), new byte[0]);
        Files.writeString(table.resolve("d-text.csv"), "run_id,step,loss\na,1,2\n");
        Files.writeString(table.resolve("e-short"), "PAR1");

        Night night = Nights.night(table, folder.resolve("output"));

        assertThat(night.runIds()).containsExactly("good");
        List<Rejection> rejected = night.outcome().rejected();
        assertThat(rejected)
                .extracting(entry -> entry.file().substring(entry.file().lastIndexOf('/') + 1))
                .containsExactly("b-truncated.parquet", "c-empty.parquet", "d-text.csv", "e-short");
        assertThat(rejected.get(0).reason()).contains("truncated or not a Parquet file");
        assertThat(rejected.get(1).reason()).contains("Empty file (0 bytes)");
        assertThat(rejected).allSatisfy(entry -> assertThat(entry.level()).isEqualTo(Rejection.Level.REJECTED));
        assertThat(night.report().path("rejected")).hasSize(4);
        assertThat(night.html()).contains("b-truncated.parquet");
    }

    @Test
    void whereNoFileIsSoundThereIsNothingToAnalyse() throws IOException {
        Files.delete(table.resolve("a-good.parquet"));
        Files.writeString(table.resolve("x.parquet"), "no Parquet at all");

        assertThatThrownBy(() -> Nights.night(table, folder.resolve("output")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("none of its files is readable")
                .hasMessageContaining("x.parquet");
    }

    @Test
    void aFileDamagedInsideIsSetAsideWhicheverColumnItIs() throws IOException {
        damage(StepFile.of().steps("keys", 0, 2, 0, 400).write(table.resolve("b-keys.parquet")), "step");
        damage(StepFile.of().plain().steps("values", 0, 2, 0, 400).write(table.resolve("c-values.parquet")), "loss");

        Scanned scanned = scan();

        assertGood(scanned);
        assertThat(scanned.points()).hasSize(120);
        assertThat(scanned.rejected())
                .extracting(entry -> entry.file().substring(entry.file().lastIndexOf('/') + 1))
                .containsExactly("b-keys.parquet", "c-values.parquet");
        assertThat(scanned.rejected())
                .allSatisfy(entry -> assertThat(entry.reason()).startsWith("Damaged inside"));
        // The next night says so again, and reads the good one no more.
        Scanned again = scan();
        assertThat(again.rejected()).hasSize(2);
        assertThat(again.filesRead()).isEmpty();
        assertThat(again.points()).isEqualTo(scanned.points());
        // Once it is repaired it counts.
        StepFile.of().steps("keys", 0, 2, 0, 70).write(table.resolve("b-keys.parquet"));
        assertThat(scan().value("keys", 0, 69, Metric.LOSS)).isFinite();
    }

    @Test
    void aFileThatGetsDamagedTakesItsRowsWithIt() throws IOException {
        Path file = StepFile.of().plain().steps("good", 0, 2, 40, 400).write(table.resolve("b.parquet"));
        assertThat(scan().points()).hasSize(800);
        damage(file, "grad_norm");
        Files.setLastModifiedTime(file, java.nio.file.attribute.FileTime.fromMillis(System.currentTimeMillis() + 5000));

        Scanned scanned = scan();

        assertGood(scanned);
        assertThat(scanned.points()).hasSize(120);
        assertThat(scanned.rejected()).hasSize(1);
    }

    @Test
    void rowsThatBelongNowhereAreCountedByFile() {
        Path file = StepFile.of()
                .row(null, 0, 1, 5L, null, "local", 1.0, 1.0)
                .row("bad", 0, 1, -1L, null, "local", 1.0, 1.0)
                .row("bad", 0, -2, 5L, null, "local", 1.0, 1.0)
                .row("bad", 0, -1, 6L, null, "local", 1.0, 1.0)
                .row("bad", 0, Integer.MAX_VALUE, 5L, null, "local", 1.0, 1.0)
                .row("bad", 0, 1, (1L << 53) + 1, null, "local", 1.0, 1.0)
                .row("bad", 0, 1, Long.MAX_VALUE, null, "local", 1.0, 1.0)
                .row("bad", 0, 1, null, null, "local", 1.0, 1.0)
                .row("edge", 0, 1, 1L << 53, null, "local", 1.5, 1.0)
                .row("edge", 0, 1, 0L, null, "local", 2.5, 1.0)
                .row("edge", -1, 1, 7L, null, "local", 3.5, 1.0)
                .row("", null, null, 7L, null, null, 4.5, 1.0)
                .write(table.resolve("b.parquet"));

        Night night = Nights.night(table, folder.resolve("output"));

        assertThat(night.outcome().rejected())
                .singleElement()
                .satisfies(entry -> assertThat(entry.file()).isEqualTo("file:" + file))
                .satisfies(entry -> assertThat(entry.count()).isEqualTo(7))
                .satisfies(entry -> assertThat(entry.reason()).contains("without run_id or step", "2^53"));
        assertThat(night.runIds()).contains("good", "edge", "");
        Scanned scanned = scan();
        assertGood(scanned);
        assertThat(scanned.value("edge", 0, 1L << 53, Metric.LOSS)).isEqualTo(1.5);
        assertThat(scanned.value("edge", 0, 0, Metric.LOSS)).isEqualTo(2.5);
        assertThat(scanned.value("edge", -1, 7, Metric.LOSS)).isEqualTo(3.5);
        assertThat(scanned.value("", 0, 7, Metric.LOSS)).isEqualTo(4.5);
    }

    @Test
    void damagedAndOddRowsOfTheTableOfRuns() throws IOException {
        Path tables = folder.resolve("tables");
        Files.createDirectories(tables);
        Files.move(table, tables.resolve("steps"));
        String columns = "optional binary run_id (STRING); optional binary project (STRING);";
        StepFile.of(columns).row("good", "p").row(null, "q").write(tables.resolve("runs/a.parquet"));
        StepFile broken = StepFile.of(columns).plain();
        for (int i = 0; i < 50; i++) {
            broken.row("other" + i, "p");
        }
        damage(broken.write(tables.resolve("runs/b.parquet")), "run_id");

        Night night = Nights.night(tables, folder.resolve("output"));

        assertThat(night.runIds()).containsExactly("good");
        assertThat(night.outcome().rejected()).hasSize(2);
    }
}
