package io.tiltmeter.train.faults;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Multiplies a worker's gradient: by -1 (a wrong sign), by the number of examples (a sum taken for a mean). Arguments:
 * {@code worker}, {@code from}, {@code to}; {@code factor} (-1).
 */
public final class GradientFactor extends WorkerFault {
    private static final long serialVersionUID = 1;

    private final double factor;

    /** Of {@code training.interceptor-arguments}. */
    public GradientFactor(Map<String, String> arguments) {
        super(arguments);
        factor = number(arguments, "factor", -1);
    }

    @Override
    public void gradient(int worker, long step, INDArray gradient) {
        if (strikes(worker, step)) {
            gradient.muli(factor);
        }
    }
}
