package io.tiltmeter.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.DoublePredicate;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;

/** Pre-flight checks of the network as it is initialised. */
final class NetworkChecks {
    static final CheckSpec OUTPUT = new CheckSpec(
            "output-layer",
            "Activation and loss of the output fit each other and the labels.",
            "For one class of several: softmax with MCXENT. For each of several yes-or-no answers: sigmoid with XENT. For"
                    + " numbers: identity with MSE.",
            "Goodfellow, Bengio and Courville, Deep Learning (2016), section 6.2.2; Golik et al., Cross-entropy vs."
                    + " squared error training (2013)");
    static final CheckSpec INITIAL_LOSS = new CheckSpec(
            "initial-loss",
            "Before the first step the loss is that of a network that knows nothing.",
            "Above: initial weights too large, inputs not normalised, or the wrong loss. Below: labels among the features,"
                    + " or the wrong loss or mask.",
            "Karpathy, A Recipe for Training Neural Networks (2019): verify loss at init; outputs of unit variance add up"
                    + " to half of it, the limits leave room for twice that");
    static final CheckSpec ACTIVATIONS = new CheckSpec(
            "activation-scale",
            "Activations keep their spread over the examples from layer to layer.",
            "Initialise with Xavier for tanh and He (RELU) for ReLU, put batch normalisation between layers, or replace"
                    + " sigmoid by ReLU in deep stacks.",
            "Glorot and Bengio (2010); He et al. (2015): a gain of 1 a layer; 2 a layer is 1000 in ten");
    static final CheckSpec UNITS = new CheckSpec(
            "dead-units",
            "Few ReLUs give 0 and few sigmoids or tanhs lie at their ends.",
            "Smaller initial weights, normalised inputs, or a leaky ReLU: units at the flat part of their function do not"
                    + " learn.",
            "Glorot and Bengio (2010), figure 2; limits of 0.9 and 0.5 are ours: by symmetry half of the ReLUs are 0");
    static final CheckSpec GRADIENTS = new CheckSpec(
            "gradient-scale",
            "The first gradient has about the same size a parameter in the first layer as in the last.",
            "Vanishing: ReLU in place of sigmoid, residual connections, normalisation. Exploding: smaller initial weights,"
                    + " clipping.",
            "Glorot and Bengio (2010); Pascanu, Mikolov and Bengio (2013); limits of 1000 in all and 2 a layer");

    private static final int MOST_BATCHES = 20;
    private static final int MOST_EXAMPLES = 256;
    private static final double TOTAL = 1e3;
    private static final double NOTABLE_TOTAL = 10;
    private static final double PER_LAYER = 2;
    private static final double PER_LAYER_WORST = 4;
    private static final double DEAD = 0.9;
    private static final double SATURATED = 0.5;
    /** Within a hundredth of the end of its range the slope of a sigmoid is below a 25th of its best. */
    private static final double END = 0.01;

    private final Supplier<Network> fresh;
    private final List<MultiDataSet> batches;

    NetworkChecks(Supplier<Network> fresh, List<MultiDataSet> batches) {
        this.fresh = fresh;
        this.batches = batches;
    }

    PreflightReport.Check output() {
        List<Probe.@Nullable Output> outputs = new Probe(fresh.get()).outputs();
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < outputs.size(); i++) {
            Probe.Output output = outputs.get(i);
            if (output != null) {
                judge(output, Labels.of(batches.get(0), i), wrong);
            }
        }
        return OUTPUT.result(
                wrong.isEmpty() ? PreflightReport.Level.PASS : PreflightReport.Level.FAIL,
                wrong.isEmpty() ? "activation, loss and labels fit" : String.join("; ", wrong),
                "softmax with MCXENT for classes, sigmoid with XENT for binary labels, MSE for numbers",
                Map.of("mismatches", (double) wrong.size()));
    }

    private static void judge(Probe.Output output, Labels labels, List<String> wrong) {
        boolean softmax = output.activation() instanceof ActivationSoftmax;
        boolean sparse = output.loss() instanceof LossSparseMCXENT;
        String pair = output.activation() + " with " + output.loss();
        if (softmax && (sparse ? output.units() : labels.units()) == 1) {
            wrong.add("softmax over one unit is always 1");
        } else if (LossExpectation.categorical(output.loss()) && !softmax) {
            wrong.add(pair + ": the predictions are no distribution over the classes");
        } else if (output.loss() instanceof LossBinaryXENT && !(output.activation() instanceof ActivationSigmoid)) {
            wrong.add(pair + ": the predictions are no independent chances");
        } else if (LossExpectation.metric(output.loss()) && labels.oneHot()) {
            wrong.add(pair + ": the labels are classes, the loss is one for numbers");
        } else if (LossExpectation.categorical(output.loss()) && !sparse && !distributions(labels)) {
            wrong.add("label rows do not sum to 1, which " + output.loss() + " expects");
        } else if (output.loss() instanceof LossBinaryXENT && !within01(labels)) {
            wrong.add("labels lie outside 0 to 1, which " + output.loss() + " expects");
        }
    }

    private static boolean distributions(Labels labels) {
        for (int e = 0; e < labels.examples(); e++) {
            for (int p = 0; p < labels.inner(); p++) {
                double sum = 0;
                for (int u = 0; u < labels.units(); u++) {
                    sum += labels.values()[labels.index(e, u, p)];
                }
                // NaN is the check of finite data's to report.
                if (labels.seen(labels.index(e, 0, p)) && Math.abs(sum - 1) > 1e-3) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean within01(Labels labels) {
        for (int i = 0; i < labels.values().length; i++) {
            if (labels.seen(i) && (labels.values()[i] < 0 || labels.values()[i] > 1)) {
                return false;
            }
        }
        return true;
    }

    PreflightReport.Check initialLoss() {
        Probe probe = new Probe(fresh.get());
        List<Probe.@Nullable Output> outputs = probe.outputs();
        double measured = 0;
        double expected = 0;
        double examples = 0;
        for (MultiDataSet batch : batches.subList(0, Math.min(MOST_BATCHES, batches.size()))) {
            OptionalDouble of = LossExpectation.of(outputs, batch);
            if (of.isEmpty()) {
                return INITIAL_LOSS.notApplicable("no expectation is known for this loss");
            }
            int n = Tensors.examples(batch);
            measured += n * probe.loss(batch);
            expected += n * of.getAsDouble();
            examples += n;
        }
        measured /= examples;
        expected /= examples;
        double ratio = measured / expected;
        // A squared distance doubles with outputs of unit variance, where a cross-entropy grows by at most a half.
        boolean metric = outputs.stream().anyMatch(output -> output != null && LossExpectation.metric(output.loss()));
        double[] limits = metric ? new double[] {0.25, 0.5, 4, 10} : new double[] {0.5, 0.7, 2, 4};
        PreflightReport.Level level = !(ratio >= limits[0] && ratio <= limits[3])
                ? PreflightReport.Level.FAIL
                : ratio < limits[1] || ratio > limits[2] ? PreflightReport.Level.WARNING : PreflightReport.Level.PASS;
        return INITIAL_LOSS.result(
                level,
                Preflight.number(measured) + ", " + Preflight.number(ratio) + " times the expected "
                        + Preflight.number(expected),
                limits[1] + " to " + limits[2] + " times " + Preflight.number(expected) + " (failing outside "
                        + limits[0] + " to " + limits[3] + ")",
                Map.of("loss", measured, "expected", expected, "ratio", ratio));
    }

    PreflightReport.Check activations() {
        Network network = fresh.get();
        MultiDataSet batch = Tensors.sample(batches.get(0), MOST_EXAMPLES);
        Probe probe = new Probe(network);
        List<@Nullable INDArray> given = probe.activations(batch);
        double @Nullable [] mask = Tensors.mask(batch.getFeaturesMaskArrays(), 0);
        List<Double> spreads = new ArrayList<>();
        Layer[] layers = network.layers();
        for (int i = 0; i < layers.length; i++) {
            INDArray activations = given.get(i);
            if (activations != null && layers[i].numParams() > 0 && !probe.isOutput(layers[i])) {
                spreads.add(spread(activations, mask));
            }
        }
        return judge(ACTIVATIONS, "activations' spread", spreads);
    }

    /** Root mean square over units of the deviation over examples, time steps and pixels: what is left to tell apart. */
    private static double spread(INDArray activations, double @Nullable [] mask) {
        double[] values = Tensors.numbers(activations);
        int examples = Math.toIntExact(activations.size(0));
        int units = Math.toIntExact(activations.size(1));
        int inner = Tensors.inner(activations);
        boolean masked = mask != null && mask.length == examples * inner;
        double[] n = new double[units];
        double[] mean = new double[units];
        double[] squares = new double[units];
        for (int i = 0; i < values.length; i++) {
            if (!masked || Tensors.seen(mask, i, examples, units, inner)) {
                int unit = i / inner % units;
                double off = values[i] - mean[unit];
                mean[unit] += off / ++n[unit];
                squares[unit] += off * (values[i] - mean[unit]);
            }
        }
        double sum = 0;
        for (int u = 0; u < units; u++) {
            sum += squares[u] / n[u] / units;
        }
        return Math.sqrt(sum);
    }

    PreflightReport.Check gradients() {
        Network network = fresh.get();
        double[][] seen = new double[1][];
        network.setListeners(new BaseTrainingListener() {
            @Override
            public void onGradientCalculation(Model model) {
                seen[0] = Tensors.numbers(model.getGradientsViewArray());
            }
        });
        network.fit(batches.get(0));
        double[] gradient = seen[0];
        if (gradient == null) {
            return GRADIENTS.notApplicable("the network gave no gradient");
        }
        List<Layer> layers = new ArrayList<>();
        for (Layer layer : network.layers()) {
            if (layer.numParams() > 0) {
                layers.add(layer);
            }
        }
        List<Double> sizes = new ArrayList<>();
        for (Network.Span span : network.spans()) {
            org.deeplearning4j.nn.conf.layers.Layer conf =
                    layers.get(span.depth()).conf().getLayer();
            // Running statistics are no gradients, and rows that were not looked up have none.
            boolean comparable = !(conf instanceof BatchNormalization
                    || conf instanceof EmbeddingLayer
                    || conf instanceof EmbeddingSequenceLayer);
            if (comparable) {
                sizes.add(Tensors.norm(gradient, span.from(), span.to()) / Math.sqrt(span.elements()));
            }
        }
        return judge(GRADIENTS, "gradient a parameter", sizes);
    }

    private static PreflightReport.Check judge(CheckSpec spec, String what, List<Double> sizes) {
        if (sizes.size() < 2) {
            return spec.notApplicable("fewer than two layers to compare");
        }
        double total = sizes.get(sizes.size() - 1) / sizes.get(0);
        double gain = Math.pow(total, 1.0 / (sizes.size() - 1));
        double apart = Math.max(total, 1 / total);
        Map<String, Double> numbers = new TreeMap<>(Map.of("last_to_first", total, "gain", gain));
        for (int i = 0; i < sizes.size(); i++) {
            numbers.put("layer" + (i < 10 ? "0" : "") + i, sizes.get(i));
        }
        boolean exploding = spec.equals(ACTIVATIONS) && gain > PER_LAYER_WORST;
        PreflightReport.Level level = !(apart <= TOTAL) || exploding
                ? PreflightReport.Level.FAIL
                : apart > NOTABLE_TOTAL && (gain > PER_LAYER || gain < 1 / PER_LAYER)
                        ? PreflightReport.Level.WARNING
                        : PreflightReport.Level.PASS;
        return spec.result(
                level,
                what + " grows by " + Preflight.number(gain) + " a layer, " + Preflight.number(total) + " from first to"
                        + " last",
                "0.5 to 2 a layer, 0.001 to 1000 in all",
                numbers);
    }

    PreflightReport.Check units() {
        Network network = fresh.get();
        MultiDataSet batch = Tensors.sample(batches.get(0), MOST_EXAMPLES);
        Probe probe = new Probe(network);
        List<@Nullable INDArray> given = probe.activations(batch);
        Map<String, Double> numbers = new TreeMap<>();
        List<String> wrong = new ArrayList<>();
        Layer[] layers = network.layers();
        for (int i = 0; i < layers.length; i++) {
            IActivation function = Probe.activation(layers[i]);
            DoublePredicate flat = function == null ? null : flat(function);
            INDArray activations = given.get(i);
            if (flat == null || activations == null || probe.isOutput(layers[i])) {
                continue;
            }
            double[] values = Tensors.numbers(activations);
            long count = java.util.Arrays.stream(values).filter(flat).count();
            double fraction = (double) count / values.length;
            boolean relu = function instanceof ActivationReLU;
            String name = Network.name(layers[i], i);
            numbers.put(name, fraction);
            if (fraction > (relu ? DEAD : SATURATED)) {
                wrong.add(name + ": " + Preflight.number(100 * fraction) + " % " + (relu ? "are 0" : "are saturated"));
            }
        }
        if (numbers.isEmpty()) {
            return UNITS.notApplicable("no ReLU, sigmoid or tanh layer");
        }
        double worst = numbers.values().stream().mapToDouble(x -> x).max().orElse(0);
        return UNITS.result(
                wrong.isEmpty() ? PreflightReport.Level.PASS : PreflightReport.Level.FAIL,
                wrong.isEmpty()
                        ? "at most " + Preflight.number(100 * worst) + " % of a layer are dead or saturated"
                        : String.join("; ", wrong),
                "at most 90 % of ReLUs at 0, 50 % of sigmoids and tanhs saturated",
                numbers);
    }

    private static @Nullable DoublePredicate flat(IActivation function) {
        if (function instanceof ActivationReLU) {
            return value -> value == 0;
        }
        if (function instanceof ActivationSigmoid) {
            return value -> value < END || value > 1 - END;
        }
        return function instanceof ActivationTanH ? value -> Math.abs(value) > 1 - END : null;
    }
}
