package io.tiltmeter.train.faults;

import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Changes a worker's copy of the parameters once, after the update of its first step, as a flipped bit or a lost broadcast
 * does: replicas differ from then on. Arguments: {@code worker}, {@code from}; {@code std} of the noise (0.01).
 */
public final class ParameterNoise extends WorkerFault {
    private static final long serialVersionUID = 1;

    private final double std;

    /** Of {@code training.interceptor-arguments}. */
    public ParameterNoise(Map<String, String> arguments) {
        super(arguments);
        std = number(arguments, "std", 0.01);
    }

    @Override
    public void updated(int worker, long step, INDArray parameters) {
        if (concerns(worker) && step == from()) {
            Random random = new Random(step);
            for (long i = 0; i < parameters.length(); i++) {
                parameters.putScalar(i, parameters.getDouble(i) + std * random.nextGaussian());
            }
        }
    }
}
