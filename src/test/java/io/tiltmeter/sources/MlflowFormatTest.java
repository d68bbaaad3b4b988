package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

class MlflowFormatTest {
    private static final String META = "lifecycle_stage: active\nrun_id: abc\nstatus: %d\nstart_time: 1714564800000\n"
            + "end_time: %s\nrun_name: ''\n";

    private static Folder run(String folder, int status) {
        return new Folder()
                .file(folder + "meta.yaml", String.format(META, status, "1714564900000"))
                .file(folder + "params/lr", "0.01")
                .file(folder + "params/note", "two\nlines")
                .file(folder + "tags/mlflow.user", "<script>alert(1)</script>")
                .file(folder + "metrics/loss", "1714564801000 3.0 0\n1714564803000 2.0 20\n1714564802000 2.5 10\n")
                .file(folder + "metrics/val/loss", "1714564803000 2.25 20\n")
                .file(folder + "metrics/lr", "");
    }

    @Test
    void allMetricsOfAFolderAreOneRunWithItsSettings() {
        Folder.Imported read = run("mlruns/1/abc/", 3).read();
        Collected records = read.records();
        assertThat(records.runIds()).containsExactly("in/mlruns/1/abc");
        assertThat(records.points("in/mlruns/1/abc", Metric.LOSS)).containsExactly("0=3.0", "10=2.5", "20=2.0");
        assertThat(records.points("in/mlruns/1/abc", Metric.EVAL_LOSS)).containsExactly("20=2.25");
        RunRecord run = records.run("in/mlruns/1/abc");
        assertThat(run.status()).isEqualTo("finished");
        assertThat(run.project()).isEqualTo("in/mlruns/1");
        assertThat(run.startMicros()).isEqualTo(1_714_564_801_000_000L);
        assertThat(run.attributes())
                .containsEntry("lr", "0.01")
                .containsEntry("tags.mlflow.user", "<script>alert(1)</script>")
                .containsEntry("status", "3")
                .doesNotContainKey("note");
        assertThat(records.attempts).hasSize(1);
    }

    @Test
    void theInputMayBeTheRunItself() {
        Collected records = run("", 1).read().records();
        assertThat(records.runIds()).containsExactly("in");
        assertThat(records.run("in").status()).isEqualTo("running");
    }

    @Test
    void aRunThatATrackerKnowsButThatLoggedNothingIsEmptyOrFailed() {
        Folder.Imported read = run("mlruns/1/abc/", 3)
                .file("mlruns/1/dead/meta.yaml", String.format(META, 4, "null"))
                .file("mlruns/1/done/meta.yaml", String.format(META, 3, "1714564900000"))
                .file("mlruns/1/meta.yaml", "experiment_id: '1'\nlifecycle_stage: active\nname: x\n")
                .read();
        assertThat(read.records().runs.stream().map(each -> each.runId() + " " + each.status()))
                .containsExactlyInAnyOrder(
                        "in/mlruns/1/abc finished", "in/mlruns/1/dead failed", "in/mlruns/1/done empty");
        assertThat(read.records().run("in/mlruns/1/dead").startMicros()).isEqualTo(1_714_564_800_000_000L);
    }

    @Test
    void aConstantStepIsNumberedInOrderOfTimeWithAWarning() {
        Collected read = TextLog.of(
                        "run/metrics/loss", "1714564802000 2.0 0\n1714564801000 3.0 0\n1714564803000 nan 0\n")
                .read(new MlflowFormat());
        assertThat(read.points("r", Metric.LOSS)).containsExactly("0=3.0", "1=2.0", "2=NaN");
        assertThat(read.problems())
                .containsExactly("warning line 0 x1: All 3 points of metric 'loss' were logged at step 0; they were"
                        + " numbered in order of time");
    }

    @Test
    void badLinesAreRejectedAndASinglePointKeepsItsStep() {
        Collected read = TextLog.of(
                        "run/metrics/step", "1714564801000 3.0 5\nhello\n1714564801000 x 5\n1714564801000 1 -2\n\n")
                .read(new MlflowFormat());
        // A metric that is called like a key is still a metric.
        assertThat(read.extras()).containsExactly("step@5=3.0");
        assertThat(read.problems())
                .isEqualTo(List.of("rejected line 2 x3: Line must be 'timestamp value step', three numbers"));
    }
}
