package io.tiltmeter.train;

import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an example is packed into bytes, and the arrays that mini-batches are made of. Packed are, as little-endian
 * floats, the features and the labels (time step by time step, padded with zeros), then for sequences a byte a step for
 * the features' mask, then one for the labels'.
 *
 * @param features of the input
 * @param labels of the expected output
 * @param shape to which flat features are reshaped, empty for a vector
 * @param masked whether any sequence has steps that do not count; if none has, batches have no masks
 */
record ExampleLayout(Part features, Part labels, List<Integer> shape, boolean masked) implements Serializable {
    ExampleLayout {
        shape = List.copyOf(shape);
    }

    /**
     * One side of an example.
     *
     * @param steps time steps, 0 if it is flat
     * @param cells packed numbers, of each time step in a sequence
     * @param classes of each of them if they are class numbers, else 0
     */
    record Part(int steps, int cells, int classes) implements Serializable {
        boolean sequence() {
            return steps > 0;
        }

        /** Packed numbers of an example. */
        int packed() {
            return Math.multiplyExact(Math.max(1, steps), cells);
        }

        /** Elements of an example, of each time step in a sequence. */
        int width() {
            return Math.multiplyExact(cells, Math.max(1, classes));
        }

        /** Shape of its array, the number of examples first. */
        long[] shape(int examples) {
            return sequence() ? new long[] {examples, width(), steps} : new long[] {examples, width()};
        }

        private int maskBytes() {
            return steps;
        }
    }

    /** Bytes of a packed example. */
    int bytes() {
        int floats = Math.addExact(features.packed(), labels.packed());
        return Math.addExact(Math.multiplyExact(Float.BYTES, floats), features.maskBytes() + labels.maskBytes());
    }

    /** Shape of the array of features, the number of examples first. */
    long[] featureShape(int examples) {
        if (shape.isEmpty()) {
            return features.shape(examples);
        }
        long[] whole = new long[shape.size() + 1];
        whole[0] = examples;
        for (int i = 0; i < shape.size(); i++) {
            whole[i + 1] = shape.get(i);
        }
        return whole;
    }

    /** Packs an example; sequences are padded, and a mask that is null counts every step the sequence has. */
    byte[] pack(
            float[] featureCells, float[] labelCells, float @Nullable [] featureMask, float @Nullable [] labelMask) {
        java.nio.ByteBuffer out = java.nio.ByteBuffer.allocate(bytes()).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        putCells(out, features, featureCells);
        putCells(out, labels, labelCells);
        putMask(out, features, featureCells.length, featureMask);
        putMask(out, labels, labelCells.length, labelMask);
        return out.array();
    }

    /** Whether all numbers of a packed example are finite. */
    boolean isFinite(byte[] example) {
        java.nio.FloatBuffer numbers = java.nio.ByteBuffer.wrap(example)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        for (int i = 0; i < features.packed() + labels.packed(); i++) {
            if (!Float.isFinite(numbers.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static void putCells(java.nio.ByteBuffer out, Part part, float[] cells) {
        boolean fits = part.sequence() ? cells.length <= part.packed() : cells.length == part.packed();
        if (!fits) {
            throw new IllegalArgumentException(
                    "Example has " + cells.length + " numbers, expected " + part.packed() + " of " + part);
        }
        out.asFloatBuffer().put(cells);
        out.position(out.position() + part.packed() * Float.BYTES);
    }

    private static void putMask(java.nio.ByteBuffer out, Part part, int cells, float @Nullable [] mask) {
        int length = part.cells() == 0 ? 0 : cells / part.cells();
        for (int step = 0; step < part.steps(); step++) {
            boolean counts = step < length && (mask == null || (step < mask.length && mask[step] != 0));
            out.put((byte) (counts ? 1 : 0));
        }
    }
}
