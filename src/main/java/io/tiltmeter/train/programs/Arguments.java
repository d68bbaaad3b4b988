package io.tiltmeter.train.programs;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Arguments of a program, read strictly: a value of a wrong kind and a name nobody asked for are errors. */
final class Arguments {
    private final Map<String, String> given;
    private final Map<String, String> left;

    Arguments(Map<String, String> given) {
        this.given = Map.copyOf(given);
        this.left = new TreeMap<>(given);
    }

    double number(String name, double otherwise) {
        String text = take(name);
        if (text == null) {
            return otherwise;
        }
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw wrong(name, text, "a number");
        }
    }

    int whole(String name, int otherwise, int least) {
        double value = number(name, otherwise);
        if (value != Math.rint(value) || value < least || value > 1 << 20) {
            throw wrong(name, String.valueOf(given.get(name)), "a whole number, at least " + least);
        }
        return (int) value;
    }

    /** One of these; the first without the argument. */
    String choice(String name, String... choices) {
        String text = take(name);
        if (text == null) {
            return choices[0];
        }
        if (!List.of(choices).contains(text)) {
            throw wrong(name, text, "one of " + String.join(", ", choices));
        }
        return text;
    }

    private @org.jspecify.annotations.Nullable String take(String name) {
        left.remove(name);
        return given.get(name);
    }

    /**
     * A network's common part.
     *
     * @param sgd learning rate that suits plain gradient descent
     * @param adam the same of Adam, which is the default
     * @param activation of hidden layers without the argument
     */
    NeuralNetConfiguration.Builder network(long seed, double sgd, double adam, Activation activation) {
        return network(seed, sgd, adam, activation, "xavier", 0);
    }

    /**
     * A network's common part.
     *
     * @param init initial weights without the argument
     * @param clipAt longest gradient of a layer without the argument, 0 for any
     */
    NeuralNetConfiguration.Builder network(
            long seed, double sgd, double adam, Activation activation, String init, double clipAt) {
        boolean isSgd = choice("updater", "adam", "sgd").equals("sgd");
        double rate = number("learning-rate", isSgd ? sgd : adam) * number("learning-rate-factor", 1);
        IUpdater updater = isSgd ? new Sgd(rate) : new Adam(rate);
        NeuralNetConfiguration.Builder builder = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(updater)
                .activation(activation("activation", activation))
                .biasInit(number("bias-init", 0))
                .l2(number("l2", 0));
        double std = number("init-std", 0.1);
        switch (choice("init", init, "xavier", "relu", "normal")) {
            case "normal" -> builder.weightInit(new NormalDistribution(0, std));
            case "relu" -> builder.weightInit(WeightInit.RELU);
            default -> builder.weightInit(WeightInit.XAVIER);
        }
        double clip = number("clip", clipAt);
        if (clip > 0) {
            builder.gradientNormalization(GradientNormalization.ClipL2PerLayer).gradientNormalizationThreshold(clip);
        }
        return builder;
    }

    Activation activation(String name, Activation otherwise) {
        return Activation.fromString(choice(
                name,
                otherwise.name().toLowerCase(java.util.Locale.ROOT),
                "relu",
                "tanh",
                "sigmoid",
                "identity",
                "leakyrelu"));
    }

    LossFunction loss() {
        return choice("loss", "mcxent", "mse").equals("mse") ? LossFunction.MSE : LossFunction.MCXENT;
    }

    Activation outputActivation() {
        return Activation.fromString(choice("output-activation", "softmax", "identity"));
    }

    /** To be called when all known arguments have been asked for. */
    void noneLeft() {
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("Unknown arguments " + left.keySet());
        }
    }

    private static IllegalArgumentException wrong(String name, String value, String wanted) {
        return new IllegalArgumentException("Argument '" + name + "' is '" + value + "', expected " + wanted);
    }
}
