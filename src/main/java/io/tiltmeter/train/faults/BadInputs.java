package io.tiltmeter.train.faults;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Overwrites some input numbers, as a broken reader or a division by zero does. Arguments: those of every fault of this
 * package ({@code worker}, {@code from}, {@code to}); {@code value} (NaN); {@code count} of numbers a batch (1).
 */
public final class BadInputs extends WorkerFault {
    private static final long serialVersionUID = 1;

    private final double value;
    private final int count;

    /** Of {@code training.interceptor-arguments}. */
    public BadInputs(Map<String, String> arguments) {
        super(arguments);
        value = number(arguments, "value", Double.NaN);
        count = (int) number(arguments, "count", 1);
    }

    @Override
    public MultiDataSet batch(int worker, long step, MultiDataSet dealt) {
        if (strikes(worker, step)) {
            INDArray features = dealt.getFeatures(0).dup('c');
            long apart = Math.max(1, features.length() / count);
            for (int i = 0; i < count; i++) {
                features.putScalar((step + i * apart) % features.length(), value);
            }
            dealt.setFeatures(0, features);
        }
        return dealt;
    }
}
