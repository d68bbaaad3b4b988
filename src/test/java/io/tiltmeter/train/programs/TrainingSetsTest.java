package io.tiltmeter.train.programs;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.spark.LocalSpark;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingSetsTest {
    @Test
    void sameSeedMeansSameRows() {
        float[] one = TrainingSets.blobs(3, 8, false, 5).rows().get(2).getAs(0);
        float[] same = TrainingSets.blobs(3, 8, false, 5).rows().get(2).getAs(0);
        float[] other = TrainingSets.blobs(3, 8, false, 6).rows().get(2).getAs(0);

        assertThat(one).isEqualTo(same).isNotEqualTo(other);
    }

    @Test
    void rawFeaturesDifferInScaleAndNothingElse() {
        float[] x = TrainingSets.rings(1, 8, false, 5).rows().get(0).getAs(0);
        float[] raw = TrainingSets.rings(1, 8, true, 5).rows().get(0).getAs(0);

        assertThat(raw[0]).isEqualTo(x[0] + 1);
        assertThat(raw[7]).isEqualTo((float) ((x[7] + 1) * 1000.0));
    }

    @Test
    void pixelsStayWithinTheirRange() {
        for (Row row : TrainingSets.shapes(50, 12, false, 1).rows()) {
            assertThat((float[]) row.get(0)).hasSize(144);
            for (float pixel : (float[]) row.get(0)) {
                assertThat(pixel).isBetween(0f, 1f);
            }
            assertThat(row.getInt(1)).isBetween(0, 3);
        }
    }

    @Test
    void nextTokensAreTheTextOneFurther() {
        for (Row row : TrainingSets.text(20, 16, true, 1).rows()) {
            int[] tokens = row.getAs(0);
            int[] next = row.getAs(1);
            assertThat(tokens.length).isBetween(8, 16);
            assertThat(next).hasSameSizeAs(tokens);
            for (int i = 1; i < tokens.length; i++) {
                assertThat(next[i - 1]).isEqualTo(tokens[i]);
            }
            assertThat(row.getInt(2)).isEqualTo(next[next.length - 1]);
        }
    }

    @Test
    void textIsTheLicence() {
        assertThat(TextSource.classes()).hasSizeGreaterThan(8_000);
        assertThat(TextSource.classes(" Ab  c9\n")).containsExactly(1, 2, 0, 3, 29);
        assertThat(TextSource.classes("apache")).containsExactly(1, 16, 1, 3, 8, 5);
    }

    @Test
    void sparkReadsWhatWasWritten(@TempDir Path folder) {
        String path = folder.resolve("text").toString();
        TrainingSets.text(10, 16, false, 1).write(LocalSpark.session(), path);

        List<Row> rows = LocalSpark.session().read().parquet(path).collectAsList();
        assertThat(rows).hasSize(10);
        assertThat(rows.get(0).<Integer>getList(0)).hasSize(16);
    }
}
