package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.model.Metric;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CsvFormatsTest {
    private static Collected wide(String text) {
        return TextLog.of("log.csv", text).read(new WideCsvFormat());
    }

    private static Collected longTable(String text) {
        return TextLog.of("log.csv", text).read(new LongCsvFormat());
    }

    private static Collected runs(String text) {
        return TextLog.of("log.csv", text).read(new RunCsvFormat());
    }

    @Test
    void aWideTableWithMarkCrLfQuotesAndEmptyCells() {
        Collected read = wide("\uFEFFstep,\"train_loss\",val_loss,lr,\"note, with \"\"quotes\"\"\"\r\n"
                + "1,3.5,,1e-3,\"a, b\"\r\n"
                + "2,\"3.25\",3.75,,\r\n"
                + "\r\n"
                + "3,nan,None,-,\r\n");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.5", "2=3.25", "3=NaN");
        assertThat(read.points("r", Metric.EVAL_LOSS)).containsExactly("2=3.75");
        assertThat(read.points("r", Metric.LEARNING_RATE)).containsExactly("1=0.001");
        assertThat(read.rejections).isEmpty();
    }

    @Test
    void aWideTableOfRunsAndRanksInAnyOrder() {
        Collected read =
                wide("run;rank;step;loss;timestamp\nb;1;1;3.0;1714564800\na;0;1;2.0;2024-05-01T12:00:01\nb;1;2;2.5;\n");
        assertThat(read.runIds()).containsExactly("r/b", "r/a");
        assertThat(read.steps.stream().map(s -> s.runId() + " " + s.worker() + " " + s.step() + " " + s.timeMicros()))
                .containsExactlyInAnyOrder("r/b 1 1 1714564800000000", "r/a 0 1 1714564801000000", "r/b 1 2 null");
    }

    @Test
    void rowsOfAnotherLengthAndStepsThatAreNoneAreRejectedByLine() {
        Collected read = wide("step,loss\n1,3.0,\n2,3.0,7\n-4,3.0\nx,3.0\n5,many\n6");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.0");
        assertThat(read.problems())
                .containsExactly(
                        "rejected line 3 x1: Row has 3 cells but the header has 2",
                        "rejected line 4 x2: Step of the row must be a whole number that is not negative",
                        "warning line 6 x1: Value of 'loss' must be a number; the rest of the row was read",
                        "rejected line 7 x1: Row has 1 cells but the header has 2");
    }

    @Test
    void aWideTableWithoutStepsIsNumberedARun() {
        Collected read = wide("run,loss\na,3\nb,4\na,2\n");
        assertThat(read.points("r/a", Metric.LOSS)).containsExactly("0=3.0", "1=2.0");
        assertThat(read.points("r/b", Metric.LOSS)).containsExactly("0=4.0");
        assertThat(read.problems())
                .containsExactly("warning line 0 x1: Points have no step; they were numbered in their order");
    }

    @Test
    void ofTwoColumnsOfOneMetricTheFirstIsTheMetric() {
        Collected read = wide("step,loss,train_loss\n1,3.0,4.0\n");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.0");
        assertThat(read.extras()).containsExactly("train_loss@1=4.0");
    }

    @Test
    void aQuotedCellMaySpanLinesAndAnOpenQuoteIsRejectedOnce() {
        Collected read = wide("step,note,loss\n1,\"two\nlines\",3.0\n2,\"\",2.0\n3,\"open,1.0\n4,x,0.5\n");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.0", "2=2.0");
        assertThat(read.problems())
                .containsExactly(
                        "rejected line 5 x1: Row has a quote that is not closed, so it and the 1 lines behind it"
                                + " were not read");
    }

    @Test
    void anOpenQuoteBeforeAMillionLinesCostsNoMoreThanTheirLength() {
        StringBuilder text = new StringBuilder("step,loss\n1,\"");
        for (int i = 0; i < 1_000_000; i++) {
            text.append(i).append("\"\"\n");
        }
        long before = System.nanoTime();
        Collected read = wide(text.toString());
        // A parser that begins again with every line would take hours.
        assertThat((System.nanoTime() - before) / 1e9).isLessThan(20);
        assertThat(read.steps).isEmpty();
        assertThat(read.problems().get(0))
                .isEqualTo("rejected line 2 x1: Row has a quote that is not closed, so it and the 9999 lines behind it"
                        + " were not read");
    }

    @Test
    void cellsAreSplitAsSpreadsheetsWriteThem() {
        assertThat(CsvRows.split("a,\"b,c\",\"d\"\"e\",,\"\"", ',')).containsExactly("a", "b,c", "d\"e", "", "");
        assertThat(CsvRows.split("", ',')).containsExactly("");
        assertThat(CsvRows.split("a,\"b", ',')).isNull();
        assertThat(CsvRows.separator("a\tb\tc,d")).isEqualTo('\t');
    }

    @Test
    void aLongTableByStepOrByMetric() {
        String byStep = "step,metric,value\n1,loss,3.0\n1,grad_norm,1.0\n2,loss,2.0\n2,grad_norm,0.5\n2,acc,0.75\n";
        String byMetric = "metric,step,value\nloss,1,3.0\nloss,2,2.0\ngrad_norm,1,1.0\ngrad_norm,2,0.5\nacc,2,0.75\n";
        for (String text : List.of(byStep, byMetric)) {
            Collected read = longTable(text);
            assertThat(read.points("r", Metric.LOSS)).as(text).containsExactly("1=3.0", "2=2.0");
            assertThat(read.points("r", Metric.GRAD_NORM)).as(text).containsExactly("1=1.0", "2=0.5");
            assertThat(read.extras()).as(text).containsExactly("acc@2=0.75");
            assertThat(read.attempts).as(text).hasSize(1);
            assertThat(read.events).as(text).isEmpty();
        }
    }

    @Test
    void aLongTableWithRunsRanksAndBadRows() {
        Collected read =
                longTable("run,rank,step,tag,value,wall_time\na,0,1,train/loss,3.0,1714564800\na,1,1,train/loss,3.5,\n"
                        + "b,0,1,train/loss,4.0,\na,0,2,train/loss,,\na,0,3,train/loss,x,\na,0,,train/loss,1,\n");
        assertThat(read.steps.stream()
                        .map(s ->
                                s.runId() + " " + s.worker() + " " + s.values().get(Metric.LOSS)))
                .containsExactlyInAnyOrder("r/a 0 3.0", "r/a 1 3.5", "r/b 0 4.0");
        assertThat(read.problems())
                .containsExactly("rejected line 6 x2: Row must have a step and a value that are numbers");
        assertThat(read.steps.get(0).timeMicros()).isEqualTo(1_714_564_800_000_000L);
    }

    @Test
    void aSingleRowOfALongTableCounts() {
        assertThat(longTable("step,metric,value\n4,loss,3.0\n").points("r", Metric.LOSS))
                .containsExactly("4=3.0");
    }

    @Test
    void aLongTableWithoutItsColumnsIsRefused() {
        assertThatThrownBy(() -> TextLog.of("a.csv", "step,name\n").readOrFail(new LongCsvFormat()))
                .isInstanceOf(UnreadableFileException.class)
                .hasMessage("Table 'a.csv' has columns step, name but needs step, metric and value");
        assertThatThrownBy(() -> TextLog.of("a.csv", "\n\n").readOrFail(new LongCsvFormat()))
                .hasMessage("Table 'a.csv' has no header");
    }

    @Test
    void aRowIsARunWithListsAndAttributes() {
        Collected read = runs("depth,seed,train_loss,val_loss,grad_norm\n"
                + "8,5,\"[6.0, 5.0, 4.0, 3.0]\",\"[5.5, 3.5]\",\"[0.5, None, nan, 1.0]\"\n"
                + "16,6,\"[7.0]\",[],\n");
        assertThat(read.runIds()).containsExactly("r/row-1", "r/row-2");
        // The rows of a file are siblings of each other, not of what else lies in the folder (project "p").
        assertThat(read.runs).allMatch(run -> "r".equals(run.project()));
        assertThat(read.points("r/row-1", Metric.LOSS)).containsExactly("0=6.0", "1=5.0", "2=4.0", "3=3.0");
        // Two validations over the training of four points: at its half and at its end.
        assertThat(read.points("r/row-1", Metric.EVAL_LOSS)).containsExactly("1=5.5", "3=3.5");
        assertThat(read.run("r/row-1").seed()).isEqualTo(5);
        assertThat(read.run("r/row-1").attributes()).isEqualTo(Map.of("depth", "8", "seed", "5"));
        assertThat(read.points("r/row-2", Metric.LOSS)).containsExactly("0=7.0");
        assertThat(read.problems())
                .containsExactly(
                        "warning line 0 x1: Lists have no steps; their points were numbered, the longest list's from 0");
    }

    @Test
    void numberedColumnsAreTrialsOfARow() {
        Collected read = runs("seeds,num_tries,train_losses_1,train_losses_2,lr\n"
                + "\"[100, 101]\",2,\"[6.0, 5.0]\",\"[6.5, 5.5]\",\"[0.1, 0.2]\"\n");
        assertThat(read.runIds()).containsExactly("r/row-1/trial-1", "r/row-1/trial-2");
        assertThat(read.run("r/row-1/trial-2").project()).isEqualTo("r");
        assertThat(read.points("r/row-1/trial-2", Metric.LOSS)).containsExactly("0=6.5", "1=5.5");
        assertThat(read.points("r/row-1/trial-2", Metric.LEARNING_RATE)).containsExactly("0=0.1", "1=0.2");
        assertThat(read.run("r/row-1/trial-1").seed()).isEqualTo(100);
        assertThat(read.run("r/row-1/trial-2").seed()).isEqualTo(101);
    }

    @Test
    void listsOfStepsGiveTheStepsAndCumulativeTimesTheirDifferences() {
        Collected read =
                runs("step,train_loss,train_time_ms\n\"[10, 20, 30]\",\"[3.0, 2.0, 1.0]\",\"[1000, 3000, 6000]\"\n");
        assertThat(read.points("r/row-1", Metric.LOSS)).containsExactly("10=3.0", "20=2.0", "30=1.0");
        // 2 s and 3 s for ten steps each.
        assertThat(read.points("r/row-1", Metric.STEP_SECONDS)).containsExactly("20=0.2", "30=0.3");
        assertThat(read.rejections).isEmpty();
    }

    @Test
    void aListWithOtherThingsIsDroppedAndNamed() {
        Collected read = runs("train_loss,val_loss\n\"[1.0, <b>]\",\"[2.0]\"\n");
        assertThat(read.points("r/row-1", Metric.EVAL_LOSS)).containsExactly("0=2.0");
        assertThat(read.problems())
                .contains(
                        "warning line 2 x1: List in column 'train_loss' must hold numbers only; the rest of the row was"
                                + " read");
    }

    @Test
    void aTableWithoutRowsIsAnEmptyRun() {
        Collected read = runs("seed,train_loss\n");
        assertThat(read.run("r").status()).isEqualTo("empty");
    }

    @Test
    void eachIsRecognised() {
        assertThat(TextLog.of("x", "step,loss\n1,2\n").recognised()).isEqualTo("csv-wide");
        assertThat(TextLog.of("x", "run\tstep\tmetric\tvalue\na\t1\tloss\t2\n").recognised())
                .isEqualTo("csv-long");
        assertThat(TextLog.of("x", "seed,train_loss\n1,\"[2.0, 3.0]\"\n").recognised())
                .isEqualTo("csv-runs");
        // A first row that is longer than the sample.
        String longRow = "seed,train_loss\n1,\"[" + "2.0, ".repeat(20_000) + "1]\"\n";
        assertThat(TextLog.of("x", "note,val_loss_1,train_loss_1\na,\"[3.0]\",\"[" + longRow.substring(30))
                        .recognised())
                .isEqualTo("csv-runs");
        assertThat(TextLog.of("x", "name,phone\nAda,123\n").recognised()).isEqualTo("none");
        assertThat(TextLog.of("x", "Dear all, see below\nregards\n").recognised())
                .isEqualTo("none");
    }
}
