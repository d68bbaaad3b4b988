package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.train.ExampleLayout.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

class ShardTest {
    private static final ExampleLayout FLAT = new ExampleLayout(new Part(0, 4, 0), new Part(0, 1, 3), List.of(), false);

    private static float[] floats(float... values) {
        return values;
    }

    private static float[] cells(INDArray array) {
        return array.dup('c').data().asFloat();
    }

    private static Shard flat(int examples, int shardId) {
        List<byte[]> packed = IntStream.range(0, examples)
                .mapToObj(i -> FLAT.pack(floats(i, i + .25f, -i, 1), floats(i % 3), null, null))
                .toList();
        return Shard.load(packed.iterator(), FLAT, shardId);
    }

    @Test
    void aFlatBatchHoldsItsExamplesInOrder() {
        try (Shard shard = flat(7, 0)) {
            Batch batch = shard.batch(0, 1, 3, 5, false);

            assertThat(shard.examples()).isEqualTo(7);
            assertThat(shard.batchesPerEpoch(3)).isEqualTo(2);
            assertThat(batch.data().getFeatures(0).shape()).containsExactly(3, 4);
            assertThat(cells(batch.data().getFeatures(0)))
                    .containsExactly(3, 3.25f, -3, 1, 4, 4.25f, -4, 1, 5, 5.25f, -5, 1);
            assertThat(cells(batch.data().getLabels(0))).containsExactly(1, 0, 0, 0, 1, 0, 0, 0, 1);
            assertThat(batch.data().getFeaturesMaskArrays()).isNull();
            assertThat(batch.firstSample()).isEqualTo(3);
            assertThat(batch.lastSample()).isEqualTo(5);
            assertThat(batch.examples()).isEqualTo(3);
            assertThat(batch.tokens()).isEqualTo(3);
            assertThat(batch.lossTokens()).isEqualTo(3);
            CRC32C hash = new CRC32C();
            for (int i = 3; i < 6; i++) {
                hash.update(FLAT.pack(floats(i, i + .25f, -i, 1), floats(i % 3), null, null));
            }
            assertThat(batch.hash()).isEqualTo(hash.getValue());
        }
    }

    @Test
    void anImageKeepsItsShape() {
        ExampleLayout image = new ExampleLayout(FLAT.features(), FLAT.labels(), List.of(1, 2, 2), false);
        byte[] packed = image.pack(floats(1, 2, 3, 4), floats(2), null, null);
        try (Shard shard = Shard.load(List.of(packed).iterator(), image, 0)) {
            INDArray features = shard.batch(0, 0, 1, 1, true).data().getFeatures(0);

            assertThat(features.shape()).containsExactly(1, 1, 2, 2);
            assertThat(features.getFloat(0, 0, 1, 0)).isEqualTo(3);
        }
    }

    @Test
    void anEpochSeesEveryExampleOnceInAnOrderOfItsOwn() {
        try (Shard shard = flat(60, 0);
                Shard other = flat(60, 1)) {
            List<Float> first = epoch(shard, 0, 9, true);

            assertThat(first).doesNotHaveDuplicates().hasSize(60);
            assertThat(epoch(shard, 1, 9, true)).isNotEqualTo(first).containsExactlyInAnyOrderElementsOf(first);
            assertThat(epoch(shard, 0, 9, true)).isEqualTo(first);
            assertThat(epoch(shard, 0, 8, true)).isNotEqualTo(first);
            assertThat(epoch(other, 0, 9, true)).isNotEqualTo(first);
            assertThat(epoch(shard, 0, 9, false)).isSorted();
        }
    }

    private static List<Float> epoch(Shard shard, int epoch, long seed, boolean shuffle) {
        List<Float> seen = new ArrayList<>();
        for (int i = 0; i < shard.batchesPerEpoch(6); i++) {
            float[] cells = cells(shard.batch(epoch, i, 6, seed, shuffle).data().getFeatures(0));
            for (int at = 0; at < cells.length; at += 4) {
                seen.add(cells[at]);
            }
        }
        return seen;
    }

    @Test
    void tokensBecomeOneHotAndPaddingNothing() {
        ExampleLayout tokens = new ExampleLayout(new Part(3, 1, 2), new Part(3, 1, 2), List.of(), true);
        List<byte[]> packed = List.of(
                tokens.pack(floats(1, 0, 1), floats(0, 0, 1), null, floats(1, 0, 1)),
                tokens.pack(floats(0), floats(1), null, null));
        try (Shard shard = Shard.load(packed.iterator(), tokens, 0)) {
            Batch batch = shard.batch(0, 0, 2, 1, false);

            assertThat(batch.data().getFeatures(0).shape()).containsExactly(2, 2, 3);
            assertThat(cells(batch.data().getFeatures(0))).containsExactly(0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0);
            assertThat(cells(batch.data().getLabels(0))).containsExactly(1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0);
            assertThat(cells(batch.data().getFeaturesMaskArray(0))).containsExactly(1, 1, 1, 1, 0, 0);
            assertThat(cells(batch.data().getLabelsMaskArray(0))).containsExactly(1, 0, 1, 1, 0, 0);
            assertThat(batch.tokens()).isEqualTo(4);
            assertThat(batch.lossTokens()).isEqualTo(3);
        }
    }

    @Test
    void countsWhatIsNotFinite() {
        byte[] packed = FLAT.pack(
                floats(Float.NaN, 1, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY), floats(1), null, null);
        try (Shard shard = Shard.load(List.of(packed).iterator(), FLAT, 0)) {
            Batch batch = shard.batch(0, 0, 1, 1, false);

            assertThat(batch.nanInputs()).isEqualTo(3);
            assertThat(batch.nanLabels()).isZero();
        }
    }

    @Test
    void tooFewExamplesAndWrongNumbersAreRefused() {
        try (Shard shard = flat(5, 2)) {
            assertThatThrownBy(() -> shard.batchesPerEpoch(6))
                    .hasMessage("Worker 2 has 5 examples, expected at least one mini-batch of 6: lower training.batch"
                            + " or training.workers");
            assertThatThrownBy(() -> shard.batch(0, 2, 2, 1, true))
                    .hasMessage("Mini-batch 2 of worker 2, expected one below 2");
            assertThat(shard.stored(3, 6).examples()).isEqualTo(2);
        }
        assertThatThrownBy(() -> Shard.load(List.of(new byte[3]).iterator(), FLAT, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("Packed example has 3 bytes, expected 20 of");
    }
}
