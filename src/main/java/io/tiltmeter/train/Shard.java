package io.tiltmeter.train;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The examples of one worker, in a temporary file, so that they may be more than fit the heap; what is read often stays
 * in the operating system's cache. Not thread-safe.
 */
final class Shard implements AutoCloseable {
    private final ExampleLayout layout;
    private final int shardId;
    private final FileChannel file;
    private final int examples;
    private int @Nullable [] order;
    private int orderEpoch = -1;
    private long orderSeed;

    private Shard(ExampleLayout layout, int shardId, FileChannel file, int examples) {
        this.layout = layout;
        this.shardId = shardId;
        this.file = file;
        this.examples = examples;
    }

    /**
     * Stores the examples of a partition.
     *
     * @param shardId gives the shard an order of its own in each epoch
     */
    static Shard load(Iterator<byte[]> packed, ExampleLayout layout, int shardId) {
        try {
            Path path = Files.createTempFile("tiltmeter-shard", ".bin");
            int examples = 0;
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16)) {
                while (packed.hasNext()) {
                    byte[] example = packed.next();
                    if (example.length != layout.bytes()) {
                        throw new IllegalArgumentException("Packed example has " + example.length + " bytes, expected "
                                + layout.bytes() + " of " + layout);
                    }
                    out.write(example);
                    examples = Math.incrementExact(examples);
                }
                out.flush();
                // Removed as soon as the channel closes, also when the process dies before it could.
                return new Shard(
                        layout,
                        shardId,
                        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.DELETE_ON_CLOSE),
                        examples);
            } catch (IOException | RuntimeException e) {
                Files.deleteIfExists(path);
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot store the examples of worker " + shardId, e);
        }
    }

    int examples() {
        return examples;
    }

    /** Whole mini-batches of this size; what is left over is drawn in another epoch, if the order changes. */
    int batchesPerEpoch(int batchSize) {
        int batches = examples / batchSize;
        if (batches == 0) {
            throw new IllegalArgumentException("Worker " + shardId + " has " + examples
                    + " examples, expected at least one mini-batch of " + batchSize
                    + ": lower training.batch or training.workers");
        }
        return batches;
    }

    /** A mini-batch, the same whenever the arguments are. */
    Batch batch(int epoch, int index, int batchSize, long seed, boolean shuffle) {
        if (index < 0 || index >= batchesPerEpoch(batchSize)) {
            throw new IllegalArgumentException("Mini-batch " + index + " of worker " + shardId + ", expected one below "
                    + batchesPerEpoch(batchSize));
        }
        int[] numbers = new int[batchSize];
        for (int i = 0; i < batchSize; i++) {
            int place = index * batchSize + i;
            numbers[i] = shuffle ? order(epoch, seed)[place] : place;
        }
        return read(numbers);
    }

    /** Consecutive examples in the stored order, fewer at the end. */
    Batch stored(int from, int atMost) {
        int[] numbers = new int[Math.min(atMost, examples - from)];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = from + i;
        }
        return read(numbers);
    }

    private Batch read(int[] numbers) {
        int size = layout.bytes();
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(numbers.length, size)).order(ByteOrder.LITTLE_ENDIAN);
        long first = Long.MAX_VALUE;
        long last = 0;
        for (int i = 0; i < numbers.length; i++) {
            bytes.limit((i + 1) * size);
            long position = (long) numbers[i] * size;
            while (bytes.hasRemaining()) {
                position += readAt(bytes, position);
            }
            first = Math.min(first, numbers[i]);
            last = Math.max(last, numbers[i]);
        }
        bytes.flip();
        CRC32C hash = new CRC32C();
        hash.update(bytes.array());

        ExampleLayout.Part features = layout.features();
        ExampleLayout.Part labels = layout.labels();
        int labelsAt = features.packed() * Float.BYTES;
        int featureMaskAt = labelsAt + labels.packed() * Float.BYTES;
        int labelMaskAt = featureMaskAt + features.steps();
        Side in = new Side(features, numbers.length);
        Side out = new Side(labels, numbers.length);
        for (int i = 0; i < numbers.length; i++) {
            int at = i * size;
            in.add(bytes, at, at + featureMaskAt);
            out.add(bytes, at + labelsAt, at + labelMaskAt);
        }
        INDArray featureMask = layout.masked() ? in.maskArray() : null;
        INDArray labelMask = layout.masked() ? out.maskArray() : null;
        return new Batch(
                dataSet(
                        Nd4j.create(in.values, layout.featureShape(numbers.length), 'c'),
                        Nd4j.create(out.values, labels.shape(numbers.length), 'c'),
                        featureMask,
                        labelMask),
                numbers.length,
                in.counted,
                out.counted,
                in.notFinite,
                out.notFinite,
                first,
                last,
                hash.getValue());
    }

    private static MultiDataSet dataSet(
            INDArray features, INDArray labels, @Nullable INDArray featureMask, @Nullable INDArray labelMask) {
        MultiDataSet data = new MultiDataSet(new INDArray[] {features}, new INDArray[] {labels});
        if (featureMask != null) {
            data.setFeaturesMaskArrays(new INDArray[] {featureMask});
        }
        if (labelMask != null) {
            data.setLabelsMaskArray(new INDArray[] {labelMask});
        }
        return data;
    }

    private int readAt(ByteBuffer into, long position) {
        try {
            int n = file.read(into, position);
            if (n <= 0) {
                throw new IllegalStateException("Stored examples of worker " + shardId + " end at byte " + position);
            }
            return n;
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read the stored examples of worker " + shardId, e);
        }
    }

    /** A permutation of the examples for an epoch; our own generator, so that no other version of Java changes it. */
    private int[] order(int epoch, long seed) {
        int[] known = order;
        if (known != null && orderEpoch == epoch && orderSeed == seed) {
            return known;
        }
        int[] made = new int[examples];
        long state = mix(mix(mix(seed) + epoch) + shardId);
        for (int i = 0; i < examples; i++) {
            state += 0x9e3779b97f4a7c15L;
            int other = (int) Math.floorMod(mix(state), (long) i + 1);
            made[i] = made[other];
            made[other] = i;
        }
        order = made;
        orderEpoch = epoch;
        orderSeed = seed;
        return made;
    }

    /** SplitMix64's mixing of bits. */
    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ (a >>> 27)) * 0x94d049bb133111ebL;
        return b ^ (b >>> 31);
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot close the stored examples of worker " + shardId, e);
        }
    }

    /** The arrays of features or labels, filled example by example. */
    private static final class Side {
        private final ExampleLayout.Part part;
        private final float[] values;
        private final float[] mask;
        private final float[] cells;
        private int added;
        private long counted;
        private long notFinite;

        Side(ExampleLayout.Part part, int examples) {
            this.part = part;
            this.cells = new float[part.packed()];
            this.mask = new float[examples * part.steps()];
            this.values = new float
                    [Math.multiplyExact(Math.multiplyExact(examples, part.width()), Math.max(1, part.steps()))];
        }

        void add(ByteBuffer bytes, int cellsAt, int maskAt) {
            bytes.slice(cellsAt, cells.length * Float.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(cells);
            for (float cell : cells) {
                if (!Float.isFinite(cell)) {
                    notFinite++;
                }
            }
            if (part.sequence()) {
                addSequence(bytes, maskAt);
            } else {
                addFlat();
            }
            added++;
        }

        private void addFlat() {
            int base = added * part.width();
            if (part.classes() == 0) {
                System.arraycopy(cells, 0, values, base, cells.length);
            } else {
                for (int cell = 0; cell < cells.length; cell++) {
                    values[base + cell * part.classes() + (int) cells[cell]] = 1;
                }
            }
            counted++;
        }

        /** From one row a step to one row a channel. */
        private void addSequence(ByteBuffer bytes, int maskAt) {
            int steps = part.steps();
            int base = added * part.width() * steps;
            for (int step = 0; step < steps; step++) {
                byte counts = bytes.get(maskAt + step);
                mask[added * steps + step] = counts;
                counted += counts;
                for (int cell = 0; cell < part.cells(); cell++) {
                    float value = cells[step * part.cells() + cell];
                    if (part.classes() == 0) {
                        values[base + cell * steps + step] = value;
                    } else if (counts != 0) {
                        // Padding is of no class.
                        values[base + (cell * part.classes() + (int) value) * steps + step] = 1;
                    }
                }
            }
        }

        @Nullable
        INDArray maskArray() {
            return part.sequence()
                    ? Nd4j.create(mask, new long[] {mask.length / part.steps(), part.steps()}, 'c')
                    : null;
        }
    }
}
