package io.tiltmeter.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BlockAssemblerTest {

    @Test
    void statisticsAcrossWorkersByHand() {
        // Losses 2, 3, 10: median 3, deviations 1, 0, 7, so MAD 1; worker 2 is the outlier; mean 5.
        Digest digest = Points.of().loss(0, 4, 2).loss(1, 4, 3).loss(2, 4, 10).digest();

        Digest.Series loss = series(digest, Metric.LOSS);
        assertThat(digest.steps()).containsExactly(4);
        assertThat(digest.rows()).isEqualTo(3);
        assertThat(loss.value()).containsExactly(5);
        assertThat(loss.count()).containsExactly(3);
        assertThat(loss.median()).containsExactly(3);
        assertThat(loss.mad()).containsExactly(1);
        assertThat(loss.outlier()).containsExactly(2);
        assertThat(loss.outlierValue()).containsExactly(10);
        assertThat(loss.nonFinite()).containsExactly(0);
        assertThat(loss.firstNonFinite()).containsExactly(StepRecord.NO_WORKER);
    }

    @Test
    void anEvenNumberOfWorkersTakesTheMiddleOfTwo() {
        // 1, 2, 4, 9: median 3, deviations 2, 1, 1, 6: sorted 1, 1, 2, 6, so MAD 1.5.
        Digest.Series loss = series(
                Points.of()
                        .loss(0, 1, 4)
                        .loss(1, 1, 9)
                        .loss(2, 1, 1)
                        .loss(3, 1, 2)
                        .digest(),
                Metric.LOSS);
        assertThat(loss.median()).containsExactly(3);
        assertThat(loss.mad()).containsExactly(1.5);
        assertThat(loss.outlier()).containsExactly(1);
    }

    @Test
    void nonFiniteValuesSpoilTheMeanButNotTheMedian() {
        Digest.Series loss = series(
                Points.of()
                        .loss(0, 1, 2)
                        .loss(1, 1, Double.NaN)
                        .loss(2, 1, 4)
                        .loss(3, 1, Double.POSITIVE_INFINITY)
                        .digest(),
                Metric.LOSS);
        assertThat(loss.value()[0]).isNaN();
        assertThat(loss.count()).containsExactly(4);
        assertThat(loss.median()).containsExactly(3);
        assertThat(loss.nonFinite()).containsExactly(2);
        assertThat(loss.firstNonFinite()).containsExactly(1);
        assertThat(loss.worker()).containsExactly(0, 1, 2, 3);
        assertThat(loss.workerNonFinite()).containsExactly(0, 1, 0, 1);
        assertThat(loss.workerCount()).containsExactly(1, 0, 1, 0);
    }

    @Test
    void aReducedValueGoesBeforeOurOwnReductionAndLocalStatisticsStay() {
        Digest.Series loss = series(
                Points.of()
                        .loss(0, 1, 2)
                        .loss(1, 1, 4)
                        .global(1, Map.of(Metric.LOSS, 3.25))
                        .digest(),
                Metric.LOSS);
        assertThat(loss.value()).containsExactly(3.25);
        assertThat(loss.median()).containsExactly(3);
        assertThat(loss.count()).containsExactly(2);
    }

    @Test
    void ofSeveralReducedValuesTheLowestWorkersIsTaken() {
        Digest.Series loss = series(
                Points.of()
                        .reduced(3, 1, Map.of(Metric.LOSS, 7.0))
                        .reduced(1, 1, Map.of(Metric.LOSS, 5.0))
                        .digest(),
                Metric.LOSS);
        assertThat(loss.value()).containsExactly(5);
        assertThat(loss.count()).containsExactly(0);
        assertThat(loss.worker()).isEmpty();
        assertThat(loss.median()[0]).isNaN();
    }

    @Test
    void rowsOfOneStepAreMergedCellByCell() {
        Digest digest = Points.of()
                .local(0, 10, Map.of(Metric.LOSS, 2.0))
                .local(0, 10, Map.of(Metric.EVAL_LOSS, 3.0))
                .digest();
        assertThat(series(digest, Metric.LOSS).value()).containsExactly(2);
        assertThat(series(digest, Metric.EVAL_LOSS).value()).containsExactly(3);
        assertThat(digest.duplicates()).isZero();
        assertThat(digest.conflicts()).isZero();
    }

    @Test
    void aCellTwiceWithTheSameValueIsCountedAndWithAnotherIsAConflict() {
        Digest digest = Points.of()
                .local(0, 1, 100, Map.of(Metric.LOSS, 2.0))
                .local(0, 1, 200, Map.of(Metric.LOSS, 2.0))
                .local(1, 2, 100, Map.of(Metric.LOSS, 5.0))
                .local(1, 2, 300, Map.of(Metric.LOSS, 4.0))
                .local(1, 2, 200, Map.of(Metric.LOSS, 6.0))
                .digest();
        assertThat(digest.duplicates()).isEqualTo(1);
        assertThat(digest.conflicts()).isEqualTo(2);
        assertThat(digest.firstConflictStep()).isEqualTo(2);
        assertThat(digest.firstConflictWorker()).isEqualTo(1);
        // The one logged last wins, at whichever place it came.
        assertThat(series(digest, Metric.LOSS).value()).containsExactly(2, 4);
    }

    @Test
    void aWindowsConflictsShowAtTheFirstStepThatHasAny() {
        Digest digest = Points.of()
                .loss(0, 1, 7.0)
                .loss(0, 3, 5.0)
                .loss(2, 3, 5.0)
                .loss(2, 3, 4.0)
                .loss(1, 6, 3.0)
                .loss(1, 6, 2.0)
                .loss(0, 8, 1.0)
                .digest();
        DigestCursor cursor = new DigestCursor(0, digest);
        List<String> seen = new ArrayList<>();
        while (cursor.advance()) {
            seen.add(cursor.step() + ": " + cursor.conflicts() + " worker " + cursor.conflictWorker());
        }
        assertThat(seen).containsExactly("1: 0 worker -1", "3: 2 worker 2", "6: 0 worker -1", "8: 0 worker -1");
    }

    @Test
    void betweenEqualTimesTheLargerValueWins() {
        for (double[] order : new double[][] {{3, 8}, {8, 3}}) {
            Digest digest = Points.of()
                    .local(0, 1, 100, Map.of(Metric.LOSS, order[0]))
                    .local(0, 1, 100, Map.of(Metric.LOSS, order[1]))
                    .digest();
            assertThat(series(digest, Metric.LOSS).value()).containsExactly(8);
            assertThat(digest.conflicts()).isEqualTo(1);
        }
    }

    @Test
    void sparseMetricsHaveTheirOwnSteps() {
        Points points = Points.of();
        for (int step = 0; step < 10; step++) {
            points.loss(0, step, step);
        }
        points.local(0, 5, Map.of(Metric.EVAL_LOSS, 1.5));
        Digest digest = points.digest();
        assertThat(digest.steps()).hasSize(10);
        assertThat(series(digest, Metric.LOSS).steps()).hasSize(10);
        assertThat(series(digest, Metric.EVAL_LOSS).steps()).containsExactly(5);
        assertThat(digest.series()).hasSize(2);
    }

    @Test
    void everyReduction() {
        Map<Metric, Double> one = Map.of(Metric.TOKENS, 10.0, Metric.STEP_SECONDS, 1.0, Metric.LOSS, 1.0);
        Map<Metric, Double> two = Map.of(Metric.TOKENS, 30.0, Metric.STEP_SECONDS, 3.0, Metric.LOSS, 3.0);
        Digest digest = Points.of().local(0, 1, one).local(1, 1, two).digest();
        one.forEach((metric, low) -> {
            double high = two.getOrDefault(metric, Double.NaN);
            double expected = switch (metric.reduction()) {
                case MEAN, MEDIAN -> (low + high) / 2;
                case SUM -> low + high;
                case MIN -> low;
                case MAX -> high;
            };
            assertThat(series(digest, metric).value()).as(metric.column()).containsExactly(expected);
        });
        assertThat(Metric.TOKENS.reduction()).isEqualTo(Metric.Reduction.SUM);
    }

    /** Random blocks against a slow computation of the same, cell by cell. */
    @Test
    void equalsAPlainComputationForRandomBlocks() {
        Random random = new Random(11);
        for (int round = 0; round < 40; round++) {
            int workers = 1 + random.nextInt(40);
            int steps = 1 + random.nextInt(30);
            double[][] cells = new double[steps][workers];
            Points points = Points.of();
            for (int s = 0; s < steps; s++) {
                for (int w = 0; w < workers; w++) {
                    cells[s][w] = random.nextInt(8) == 0 ? Slice.ABSENT : random.nextGaussian();
                    if (!Slice.isAbsent(cells[s][w])) {
                        points.loss(w, 7L * s, cells[s][w]);
                    }
                }
            }
            if (points.size() == 0) {
                continue;
            }
            Digest.Series loss = series(points.digest(), Metric.LOSS);
            int at = 0;
            for (int s = 0; s < steps; s++) {
                double[] present =
                        Arrays.stream(cells[s]).filter(x -> !Slice.isAbsent(x)).toArray();
                if (present.length == 0) {
                    continue;
                }
                double middle = median(present);
                double[] deviations =
                        Arrays.stream(present).map(x -> Math.abs(x - middle)).toArray();
                assertThat(loss.steps()[at]).isEqualTo(7L * s);
                assertThat(loss.median()[at]).isCloseTo(middle, within(1e-12));
                assertThat(loss.mad()[at]).isCloseTo(median(deviations), within(1e-12));
                assertThat(loss.value()[at])
                        .isCloseTo(Arrays.stream(present).average().orElseThrow(), within(1e-12));
                assertThat(loss.count()[at]).isEqualTo(present.length);
                at++;
            }
            assertThat(loss.steps()).hasSize(at);
        }
    }

    @Test
    void theOrderOfArrivalDoesNotMatter() {
        Random random = new Random(12);
        Points points = Points.of();
        for (int i = 0; i < 600; i++) {
            Map<Metric, Double> values = random.nextBoolean()
                    ? Map.of(Metric.LOSS, random.nextGaussian(), Metric.GRAD_NORM, random.nextDouble())
                    : Map.of(Metric.LOSS, (double) random.nextInt(2));
            int worker = random.nextInt(6);
            // Few steps and times: many cells arrive several times.
            points.add(Source.of(worker, random.nextInt(4) > 0), random.nextInt(20), random.nextInt(3) * 1000L, values);
        }
        byte[] expected = DigestCodec.encode(points.digest());
        for (int round = 0; round < 30; round++) {
            List<Slice> slices = new ArrayList<>();
            int from = 0;
            while (from < points.size()) {
                int to = Math.min(points.size(), from + 1 + random.nextInt(80));
                slices.add(Slice.decode(points.slice(from, to).encode()));
                from = to;
            }
            Collections.shuffle(slices, random);
            BlockAssembler assembler = new BlockAssembler();
            slices.forEach(assembler::add);
            Digest digest = assembler.digest();
            assertThat(digest.conflicts()).isPositive();
            assertThat(digest.duplicates()).isPositive();
            assertThat(DigestCodec.encode(digest)).isEqualTo(expected);
            assertThat(assembler.isEmpty()).isTrue();
        }
    }

    @Test
    void digestsSurvivePacking() {
        Digest digest = Points.of()
                .local(0, 3, 50, Map.of(Metric.LOSS, 2.0, Metric.GRAD_NORM, Double.NaN))
                .local(4, 3, 70, Map.of(Metric.LOSS, 2.5))
                .local(0, 9, 60, Map.of(Metric.LOSS, Double.NEGATIVE_INFINITY))
                .global(9, Map.of(Metric.LEARNING_RATE, 1e-4))
                .digest();
        byte[] packed = DigestCodec.encode(digest);
        Digest back = DigestCodec.decode(packed);
        assertThat(DigestCodec.encode(back)).isEqualTo(packed);
        assertThat(back.rows()).isEqualTo(4);
        assertThat(series(back, Metric.LOSS).value()).containsExactly(2.25, Double.NEGATIVE_INFINITY);
        assertThat(series(back, Metric.LOSS).worker()).containsExactly(0, 4);
        assertThat(series(back, Metric.GRAD_NORM).nonFinite()).containsExactly(1);
        assertThat(series(back, Metric.LEARNING_RATE).steps()).containsExactly(9);
        assertThat(back.times()).containsExactly(70, 60);
    }

    @Test
    void aCursorShowsEachStepWithItsMetrics() {
        Digest digest = Points.of()
                .local(0, 3, Map.of(Metric.LOSS, 2.0))
                .local(1, 3, Map.of(Metric.LOSS, 4.0))
                .local(0, 8, Map.of(Metric.GRAD_NORM, 0.5))
                .digest();
        DigestCursor cursor = new DigestCursor(2, digest);
        assertThat(cursor.advance()).isTrue();
        assertThat(cursor.step()).isEqualTo(3);
        assertThat(cursor.attempt()).isEqualTo(2);
        assertThat(cursor.has(Metric.LOSS)).isTrue();
        assertThat(cursor.has(Metric.GRAD_NORM)).isFalse();
        assertThat(cursor.value(Metric.LOSS)).isEqualTo(3);
        assertThat(cursor.workers(Metric.LOSS)).isEqualTo(2);
        assertThat(cursor.advance()).isTrue();
        assertThat(cursor.step()).isEqualTo(8);
        assertThat(cursor.has(Metric.LOSS)).isFalse();
        assertThat(cursor.value(Metric.GRAD_NORM)).isEqualTo(0.5);
        assertThat(cursor.advance()).isFalse();
    }

    private static Digest.Series series(Digest digest, Metric metric) {
        return digest.series().stream()
                .filter(series -> series.metric() == metric.ordinal())
                .findFirst()
                .orElseThrow();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    }
}
