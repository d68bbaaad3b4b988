package io.tiltmeter.train.faults;

import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Gives examples the labels of others of their batch, as a join on a wrong key does. Arguments: {@code worker},
 * {@code from}, {@code to}; {@code share} of the examples (1).
 */
public final class LabelNoise extends WorkerFault {
    private static final long serialVersionUID = 1;

    private final double share;

    /** Of {@code training.interceptor-arguments}. */
    public LabelNoise(Map<String, String> arguments) {
        super(arguments);
        share = number(arguments, "share", 1);
    }

    @Override
    public MultiDataSet batch(int worker, long step, MultiDataSet dealt) {
        if (strikes(worker, step)) {
            INDArray labels = dealt.getLabels(0);
            INDArray before = labels.dup();
            SplittableRandom random = new SplittableRandom(31 * step + worker);
            int examples = (int) labels.size(0);
            for (int i = 0; i < examples; i++) {
                if (random.nextDouble() < share) {
                    labels.slice(i).assign(before.slice(random.nextInt(examples)));
                }
            }
        }
        return dealt;
    }
}
