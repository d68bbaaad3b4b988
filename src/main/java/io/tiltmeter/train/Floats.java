package io.tiltmeter.train;

import java.lang.ref.Reference;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The numbers of a tensor as they lie outside the Java heap, in one piece; for use on one thread while it is open. Native
 * code adds up in single precision: give it few numbers at a time, {@value #BLOCK} at most, for results right to some
 * 1e-7.
 */
record Floats(FloatPointer memory, long base, INDArray owner) implements AutoCloseable {
    /** Few enough that rounding in single precision does not add up. */
    static final int BLOCK = 1 << 12;
    /** Below it squares may have lost digits to the smallest float, 1e-45. */
    private static final float SMALLEST_SQUARES = 1e-30f;

    /** The numbers in the order of memory if they lie there in one piece, else a copy in C order. */
    static Floats of(INDArray tensor) {
        INDArray floats = tensor.dataType() == DataType.FLOAT ? tensor : tensor.castTo(DataType.FLOAT);
        boolean whole = floats.elementWiseStride() == 1 || floats.length() == 1;
        INDArray dense = whole ? floats : floats.dup('c');
        // On a GPU the host may be behind; on a CPU this does nothing.
        Nd4j.getAffinityManager().ensureLocation(dense, AffinityManager.Location.HOST);
        FloatPointer memory = new FloatPointer(dense.data().addressPointer());
        return new Floats(memory, memory.position(), dense);
    }

    /** Where the numbers from an index on lie, until the next call. */
    FloatPointer at(long index) {
        return memory.position(base + index);
    }

    /** Sum of squares in single precision. */
    float squares(long from, int n) {
        return openblas_nolapack.cblas_sdot(n, at(from), 1, memory, 1);
    }

    /** Whether a sum of squares in single precision is as good as a float can be; else it has to be done in double. */
    static boolean isReliable(float squares) {
        return squares > SMALLEST_SQUARES && squares < Float.POSITIVE_INFINITY;
    }

    /** Checksum of the bits of some numbers. */
    long checksum(long from, byte[] space, int n) {
        // A copy of a few kilobytes costs less than a buffer made over foreign memory.
        new BytePointer(memory.position(0))
                .position((base + from) * Float.BYTES)
                .get(space, 0, n * Float.BYTES);
        CRC32C crc = new CRC32C();
        crc.update(space, 0, n * Float.BYTES);
        return crc.getValue();
    }

    void read(long from, float[] target, int offset, int n) {
        at(from).get(target, offset, n);
    }

    /** Keeps the tensor, whose memory goes with it, until here. */
    @Override
    public void close() {
        Reference.reachabilityFence(owner);
    }
}
