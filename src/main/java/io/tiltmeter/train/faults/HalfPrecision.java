package io.tiltmeter.train.faults;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.BooleanIndexing;
import org.nd4j.linalg.indexing.conditions.Conditions;

/**
 * Treats gradients as 16-bit floating point with a fixed loss scale does: what exceeds 65,504 after scaling becomes
 * infinite, what is below 6e-8 becomes zero. Arguments: {@code worker}, {@code from}, {@code to}; {@code scale}
 * (65536).
 */
public final class HalfPrecision extends WorkerFault {
    private static final long serialVersionUID = 1;
    private static final double GREATEST = 65_504;
    private static final double LEAST = 5.96e-8;

    private final double scale;

    /** Of {@code training.interceptor-arguments}. */
    public HalfPrecision(Map<String, String> arguments) {
        super(arguments);
        scale = number(arguments, "scale", 65_536);
    }

    @Override
    public void gradient(int worker, long step, INDArray gradient) {
        if (strikes(worker, step)) {
            BooleanIndexing.replaceWhere(gradient, 0, Conditions.absLessThan(LEAST / scale));
            BooleanIndexing.replaceWhere(gradient, Double.POSITIVE_INFINITY, Conditions.greaterThan(GREATEST / scale));
            BooleanIndexing.replaceWhere(gradient, Double.NEGATIVE_INFINITY, Conditions.lessThan(-GREATEST / scale));
        }
    }
}
