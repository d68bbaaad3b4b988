package io.tiltmeter.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/** Looks into a network of either kind without training it. */
final class Probe {
    private final Network network;

    Probe(Network network) {
        this.network = network;
    }

    /**
     * An output of the network.
     *
     * @param units its width; 0 where a loss layer takes that of its input
     */
    record Output(ILossFunction loss, IActivation activation, long units) {}

    /** The outputs in the order of the labels; without those whose loss is not known. */
    List<@Nullable Output> outputs() {
        List<@Nullable Output> outputs = new ArrayList<>();
        for (Layer layer : outputLayers()) {
            outputs.add(output(layer.conf().getLayer()));
        }
        return outputs;
    }

    private List<Layer> outputLayers() {
        if (network.model() instanceof ComputationGraph graph) {
            return graph.getConfiguration().getNetworkOutputs().stream()
                    .map(graph::getLayer)
                    .toList();
        }
        Layer[] layers = network.layers();
        return List.of(layers[layers.length - 1]);
    }

    private static @Nullable Output output(org.deeplearning4j.nn.conf.layers.Layer layer) {
        if (layer instanceof BaseOutputLayer output) {
            return new Output(output.getLossFn(), output.getActivationFn(), output.getNOut());
        }
        if (layer instanceof LossLayer loss) {
            return new Output(loss.getLossFn(), loss.getActivationFn(), 0);
        }
        if (layer instanceof RnnLossLayer loss) {
            return new Output(loss.getLossFn(), loss.getActivationFn(), 0);
        }
        if (layer instanceof CnnLossLayer loss) {
            return new Output(loss.getLossFn(), loss.getActivationFn(), 0);
        }
        return null;
    }

    boolean isOutput(Layer layer) {
        return outputLayers().contains(layer);
    }

    /** Whether some layer looks its input up in a table. */
    boolean embeds() {
        for (Layer layer : network.layers()) {
            if (layer.conf().getLayer() instanceof EmbeddingLayer
                    || layer.conf().getLayer() instanceof EmbeddingSequenceLayer) {
                return true;
            }
        }
        return false;
    }

    /** Whether some layer drops out, or some parameter is regularised: both keep a loss from going to 0. */
    boolean restrained() {
        for (Layer layer : network.layers()) {
            org.deeplearning4j.nn.conf.layers.Layer conf = layer.conf().getLayer();
            boolean regularised = conf instanceof BaseLayer base
                    && (!empty(base.getRegularization()) || !empty(base.getRegularizationBias()));
            if (conf.getIDropout() != null || regularised) {
                return true;
            }
        }
        return false;
    }

    private static boolean empty(@Nullable List<?> list) {
        return list == null || list.isEmpty();
    }

    /** The function that a layer's activations have passed; null where it is not one elementwise function. */
    static @Nullable IActivation activation(Layer layer) {
        org.deeplearning4j.nn.conf.layers.Layer conf = layer.conf().getLayer();
        if (conf instanceof AbstractLSTM) {
            // A gated product, seldom at the ends of tanh's range.
            return null;
        }
        if (conf instanceof org.deeplearning4j.nn.conf.layers.ActivationLayer plain) {
            return plain.getActivationFn();
        }
        return conf instanceof BaseLayer base ? base.getActivationFn() : null;
    }

    /** Loss of a batch without dropout and without the regularisation's part. */
    double loss(MultiDataSet batch) {
        if (network.model() instanceof MultiLayerNetwork layered) {
            return layered.score(single(batch), false) - layered.calcRegularizationScore(true);
        }
        ComputationGraph graph = (ComputationGraph) network.model();
        return graph.score(batch, false) - graph.calcRegularizationScore(true);
    }

    /** What the last fitted batch's score held of regularisation. */
    double regularisation() {
        return network.model() instanceof MultiLayerNetwork layered
                ? layered.calcRegularizationScore(true)
                : ((ComputationGraph) network.model()).calcRegularizationScore(true);
    }

    private static DataSet single(MultiDataSet batch) {
        INDArray[] features = batch.getFeatures();
        if (features.length != 1 || batch.getLabels().length != 1) {
            throw new IllegalArgumentException("Batch has " + features.length + " inputs and "
                    + batch.getLabels().length + " outputs, expected one of each for a MultiLayerNetwork");
        }
        return new DataSet(
                features[0],
                batch.getLabels(0),
                first(batch.getFeaturesMaskArrays()),
                first(batch.getLabelsMaskArrays()));
    }

    private static @Nullable INDArray first(INDArray @Nullable [] arrays) {
        return arrays == null || arrays.length == 0 ? null : arrays[0];
    }

    /** Predictions for a batch, one array an output. */
    INDArray[] predict(MultiDataSet batch) {
        INDArray[] inMasks = batch.getFeaturesMaskArrays();
        INDArray[] outMasks = batch.getLabelsMaskArrays();
        if (network.model() instanceof MultiLayerNetwork layered) {
            return new INDArray[] {layered.output(batch.getFeatures(0), false, first(inMasks), first(outMasks))};
        }
        return ((ComputationGraph) network.model()).output(false, batch.getFeatures(), inMasks, outMasks);
    }

    /** Activations of every layer, in the order of {@link Network#layers()}; null where a layer gave none. */
    List<@Nullable INDArray> activations(MultiDataSet batch) {
        List<@Nullable INDArray> all = new ArrayList<>();
        INDArray[] inMasks = batch.getFeaturesMaskArrays();
        INDArray[] outMasks = batch.getLabelsMaskArrays();
        if (network.model() instanceof MultiLayerNetwork layered) {
            layered.setLayerMaskArrays(first(inMasks), first(outMasks));
            List<INDArray> given = layered.feedForward(batch.getFeatures(0), false);
            layered.clearLayerMaskArrays();
            all.addAll(given.subList(1, given.size()));
            return all;
        }
        ComputationGraph graph = (ComputationGraph) network.model();
        graph.setLayerMaskArrays(inMasks, outMasks);
        Map<String, INDArray> given = graph.feedForward(batch.getFeatures(), false);
        graph.clearLayerMaskArrays();
        for (Layer layer : network.layers()) {
            all.add(given.get(layer.conf().getLayer().getLayerName()));
        }
        return all;
    }

    /** Sets one learning rate in all layers, keeping the kind of updater and its state. */
    void setLearningRate(double rate) {
        if (network.model() instanceof MultiLayerNetwork layered) {
            layered.setLearningRate(rate);
        } else {
            ((ComputationGraph) network.model()).setLearningRate(rate);
        }
    }
}
