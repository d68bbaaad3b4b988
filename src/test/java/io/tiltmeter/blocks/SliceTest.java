package io.tiltmeter.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SliceTest {
    private static final int LOSS = Metric.LOSS.ordinal();
    private static final int NORM = Metric.GRAD_NORM.ordinal();

    @Test
    void nanAndInfinityAreToldFromNotLogged() {
        Slice slice = Slice.decode(Points.of()
                .loss(0, 1, Double.NaN)
                .loss(0, 2, Double.POSITIVE_INFINITY)
                .local(0, 3, Map.of(Metric.GRAD_NORM, 1.0))
                .slice()
                .encode());

        assertThat(slice.value(LOSS, 0)).isNaN();
        assertThat(Slice.isAbsent(slice.value(LOSS, 0))).isFalse();
        assertThat(slice.value(LOSS, 1)).isInfinite();
        assertThat(Slice.isAbsent(slice.value(LOSS, 2))).isTrue();
        assertThat(Slice.isAbsent(slice.value(NORM, 0))).isTrue();
        assertThat(slice.value(NORM, 2)).isEqualTo(1.0);
        assertThat(slice.has(Metric.TOKENS.ordinal())).isFalse();
    }

    @Test
    void everyNanAFrameworkWritesSurvivesPacking() {
        long[] payloads = {0x7ff8000000000000L, 0xfff8000000000000L, 0x7ff0000000000001L, 0x7fffffffffffffffL};
        Points points = Points.of();
        for (int i = 0; i < payloads.length; i++) {
            points.loss(0, i, Double.longBitsToDouble(payloads[i]));
        }
        Slice slice = Slice.decode(points.slice().encode());
        for (int i = 0; i < payloads.length; i++) {
            assertThat(slice.value(LOSS, i)).isNaN();
            assertThat(Slice.isAbsent(slice.value(LOSS, i))).isFalse();
        }
    }

    @Test
    void stepsTimesAndSourcesSurvivePacking() {
        Slice slice = Slice.decode(Points.of()
                .local(7, 1L << 52, 123_456_789L, Map.of(Metric.LOSS, 0.1))
                .local(3, 5, -1, Map.of(Metric.LOSS, 0.2))
                .global(6, Map.of(Metric.LOSS, 0.3))
                .slice()
                .encode());
        assertThat(slice.size()).isEqualTo(3);
        assertThat(slice.step(0)).isEqualTo(1L << 52);
        assertThat(slice.step(1)).isEqualTo(5);
        assertThat(slice.time(0)).isEqualTo(123_456_789L);
        assertThat(slice.time(2)).isEqualTo(Slice.NO_TIME);
        assertThat(Source.worker(slice.source(0))).isEqualTo(7);
        assertThat(Source.isLocal(slice.source(1))).isTrue();
        assertThat(Source.worker(slice.source(2))).isEqualTo(StepRecord.NO_WORKER);
        assertThat(Source.isLocal(slice.source(2))).isFalse();
    }

    @Test
    void aSliceGrowsByPiecesAndAColumnMayAppearLate() {
        Points points = Points.of();
        for (int i = 0; i < 1000; i++) {
            points.local(0, i, i < 900 ? Map.of(Metric.LOSS, i + 0.5) : Map.of(Metric.GRAD_NORM, (double) i));
        }
        Slice whole = points.slice();
        StepBatch batch = new StepBatch();
        batch.clear(1000);
        Slice pieces = new Slice();
        for (int from = 0; from < 1000; from += 37) {
            int to = Math.min(1000, from + 37);
            Slice piece = points.slice(from, to);
            batch.clear(to - from);
            batch.size = to - from;
            for (int i = 0; i < to - from; i++) {
                batch.steps[i] = piece.step(i);
                batch.times[i] = piece.time(i);
                batch.spans[i] = piece.span(i);
                batch.sources[i] = piece.source(i);
            }
            for (int m : new int[] {LOSS, NORM}) {
                if (piece.has(m)) {
                    System.arraycopy(piece.column(m), 0, batch.fill(m), 0, to - from);
                }
            }
            pieces.append(batch, 0, to - from);
        }
        assertThat(pieces.encode()).isEqualTo(whole.encode());
        assertThat(pieces.cells()).isGreaterThanOrEqualTo(1000 * 5);
    }

    @Test
    void sourcesAreOrderedLocalFirstThenByWorker() {
        int[] sources = {
            Source.of(0, true), Source.of(5, true), Source.of(Source.MAX_WORKER, true),
            Source.of(StepRecord.NO_WORKER, true), Source.of(0, false), Source.of(Source.MAX_WORKER, false)
        };
        assertThat(sources).isSorted();
        assertThat(Source.worker(sources[2])).isEqualTo(Source.MAX_WORKER);
        assertThat(Source.worker(sources[5])).isEqualTo(Source.MAX_WORKER);
        // Without a worker nothing can be local.
        assertThat(Source.isLocal(sources[3])).isFalse();
    }
}
