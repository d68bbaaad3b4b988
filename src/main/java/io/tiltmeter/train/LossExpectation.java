package io.tiltmeter.train;

import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.lossfunctions.impl.LossL1;
import org.nd4j.linalg.lossfunctions.impl.LossL2;
import org.nd4j.linalg.lossfunctions.impl.LossMAE;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;

/**
 * Loss of a network that knows nothing: the same chance for each class, one half for each binary output, 0 for a number.
 * By DL4J's rule: summed over outputs, units (mean for MSE and MAE), time steps and pixels that count, divided by the
 * examples of the batch.
 */
final class LossExpectation {
    private LossExpectation() {}

    /** The expectation; empty for a loss of which none is known. */
    static OptionalDouble of(List<Probe.@Nullable Output> outputs, MultiDataSet batch) {
        double sum = 0;
        for (int i = 0; i < outputs.size(); i++) {
            Probe.Output output = outputs.get(i);
            if (output == null || !known(output.loss())) {
                return OptionalDouble.empty();
            }
            Labels labels = Labels.of(batch, i);
            boolean sparse = output.loss() instanceof LossSparseMCXENT;
            if (!sparse && output.units() > 0 && labels.units() != output.units()) {
                // Time in the second dimension, or labels that DL4J will refuse.
                return OptionalDouble.empty();
            }
            sum += sum(output, labels, sparse);
        }
        return OptionalDouble.of(sum / Tensors.examples(batch));
    }

    private static boolean known(ILossFunction loss) {
        return categorical(loss) || loss instanceof LossBinaryXENT || loss instanceof LossL1 || loss instanceof LossL2;
    }

    /** Whether the loss is a cross-entropy over classes. */
    static boolean categorical(ILossFunction loss) {
        return loss instanceof LossMCXENT || loss instanceof LossSparseMCXENT;
    }

    /** Whether the loss measures distances between numbers. */
    static boolean metric(ILossFunction loss) {
        return loss instanceof LossL1 || loss instanceof LossL2;
    }

    private static double sum(Probe.Output output, Labels labels, boolean sparse) {
        double classes = sparse ? output.units() : labels.units();
        double neutral = output.activation() instanceof ActivationSigmoid
                ? 0.5
                : output.activation() instanceof ActivationSoftmax ? 1.0 / labels.units() : 0;
        double[] weights = weights(output.loss());
        double sum = 0;
        for (int i = 0; i < labels.values().length; i++) {
            if (!labels.seen(i)) {
                continue;
            }
            double y = labels.values()[i];
            int unit = i / labels.inner() % labels.units();
            double weight = weights == null ? 1 : weights[sparse ? (int) y : unit];
            sum += weight * term(output.loss(), y, neutral, classes, sparse);
        }
        return sum;
    }

    private static double term(ILossFunction loss, double y, double neutral, double classes, boolean sparse) {
        if (categorical(loss)) {
            return (sparse ? 1 : y) * Math.log(classes);
        }
        if (loss instanceof LossBinaryXENT) {
            return Math.log(2);
        }
        double off = y - neutral;
        if (loss instanceof LossL2) {
            return off * off / (loss instanceof LossMSE ? classes : 1);
        }
        return Math.abs(off) / (loss instanceof LossMAE ? classes : 1);
    }

    private static double @Nullable [] weights(ILossFunction loss) {
        INDArray weights = loss instanceof LossMCXENT classes
                ? classes.getWeights()
                : loss instanceof LossBinaryXENT binary
                        ? binary.getWeights()
                        : loss instanceof LossL2 square
                                ? square.getWeights()
                                : loss instanceof LossL1 absolute ? absolute.getWeights() : null;
        return weights == null ? null : Tensors.numbers(weights);
    }
}
