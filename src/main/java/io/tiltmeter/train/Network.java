package io.tiltmeter.train;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.api.Updater;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.learning.config.IUpdater;

/** A DL4J network of either kind, {@link MultiLayerNetwork} or {@link ComputationGraph}, seen in one way. Not thread-safe. */
final class Network {
    private static final Pattern COUNTERS = Pattern.compile("\"(iterationCount|epochCount)\"\\s*:\\s*-?\\d+");

    private final Model model;
    private final @Nullable MultiLayerNetwork layered;
    private final @Nullable ComputationGraph graph;

    /**
     * Where the parameters of a layer lie in the flat vectors of parameters, gradients and updates.
     *
     * @param depth place among the layers with parameters, from 0 at the input
     * @param from index of its first parameter
     * @param to index after its last
     */
    record Span(String layer, int depth, long from, long to) {
        long elements() {
            return to - from;
        }
    }

    private Network(Model model, @Nullable MultiLayerNetwork layered, @Nullable ComputationGraph graph) {
        this.model = model;
        this.layered = layered;
        this.graph = graph;
    }

    /**
     * Sees an initialised model.
     *
     * @throws IllegalArgumentException if it is of neither kind
     */
    static Network of(Model model) {
        if (model instanceof MultiLayerNetwork net) {
            return new Network(net, net, null);
        }
        if (model instanceof ComputationGraph net) {
            return new Network(net, null, net);
        }
        throw new IllegalArgumentException(
                "Model is a " + model.getClass().getName() + ", expected a MultiLayerNetwork or a ComputationGraph");
    }

    /** Reads DL4J's own format: configuration, parameters, updater state. */
    static Network read(byte[] zip) {
        try {
            return of(
                    isGraph(zip)
                            ? ModelSerializer.restoreComputationGraph(new ByteArrayInputStream(zip), true)
                            : ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(zip), true));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot restore the model", e);
        }
    }

    private static boolean isGraph(byte[] zip) throws IOException {
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                if (entry.getName().equals(ModelSerializer.CONFIGURATION_JSON)) {
                    // Of the two kinds only a graph has vertices at the top of its configuration.
                    return new String(in.readAllBytes(), StandardCharsets.UTF_8).contains("\"vertices\"");
                }
            }
        }
        throw new IOException("There is no " + ModelSerializer.CONFIGURATION_JSON + " in it");
    }

    /** The model in DL4J's own format, with the updater's state. */
    byte[] write() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ModelSerializer.writeModel(model, out, true);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot save the model", e);
        }
        return out.toByteArray();
    }

    Model model() {
        return model;
    }

    void setListeners(TrainingListener... listeners) {
        model.setListeners(listeners);
    }

    /** One optimizer step on a mini-batch. */
    void fit(MultiDataSet batch) {
        if (layered != null) {
            layered.fit(batch);
        } else if (graph != null) {
            graph.fit(batch);
        }
    }

    /** All parameters, a flat view. */
    INDArray params() {
        return model.params();
    }

    /**
     * A flat view of the gradients, summed over the mini-batch, until the updater ran, and of the update (what is
     * subtracted from the parameters) afterwards.
     */
    INDArray gradients() {
        return model.getGradientsViewArray();
    }

    long parameters() {
        return model.numParams();
    }

    /** Loss of the last mini-batch with its regularisation, mean over the examples. */
    double score() {
        return model.score();
    }

    /** Optimizer steps taken since the model was made. */
    int iteration() {
        return layered != null ? layered.getIterationCount() : graphOf().getIterationCount();
    }

    void setIteration(int iteration) {
        if (layered != null) {
            layered.setIterationCount(iteration);
        } else {
            graphOf().getConfiguration().setIterationCount(iteration);
        }
    }

    void setEpoch(int epoch) {
        if (layered != null) {
            layered.setEpochCount(epoch);
        } else {
            graphOf().getConfiguration().setEpochCount(epoch);
        }
    }

    /** State of the updaters, a flat view; null where they have none. */
    @Nullable
    INDArray updaterState() {
        return layered != null
                ? layered.getUpdater().getStateViewArray()
                : graphOf().getUpdater().getStateViewArray();
    }

    /** The updaters, each with the parameters that it updates; none if they are of an unknown kind. */
    List<UpdaterBlock> updaterBlocks() {
        Updater updater = layered != null ? layered.getUpdater() : graphOf().getUpdater();
        return updater instanceof BaseMultiLayerUpdater<?> blocks ? blocks.getUpdaterBlocks() : List.of();
    }

    /** Whether a long sequence is trained on in pieces, with an update after each. */
    boolean truncatesSequences() {
        BackpropType type = layered != null
                ? layered.getLayerWiseConfigurations().getBackpropType()
                : graphOf().getConfiguration().getBackpropType();
        return type == BackpropType.TruncatedBPTT;
    }

    /** Learning rate of the first parameters that have one, now; NaN where no updater has one. */
    double learningRate() {
        return updaters().stream()
                .findFirst()
                .map(updater -> updater.getLearningRate(iteration(), epoch()))
                .orElse(Double.NaN);
    }

    /**
     * Sets learning rates that stay, in place of any schedules, to a part of what they are now: those of all parameters,
     * biases with an updater of their own and layers within others too. It is for a model about to be written: updaters at
     * work may not notice.
     */
    void scaleLearningRates(double factor) {
        List<IUpdater> updaters = updaters();
        List<IUpdater> before = updaters.stream().map(IUpdater::clone).toList();
        for (int i = 0; i < updaters.size(); i++) {
            double rate = updaters.get(i).getLearningRate(iteration(), epoch()) * factor;
            updaters.get(i).setLrAndSchedule(rate, null);
            // DL4J lays out the state of neighbours with equal updaters as one; that may not change now.
            while (meetsAnother(updaters, before, i)) {
                rate = Math.nextUp(rate);
                updaters.get(i).setLrAndSchedule(rate, null);
            }
        }
    }

    /** Whether an updater has become equal to one that it was not equal to. */
    private static boolean meetsAnother(List<IUpdater> updaters, List<IUpdater> before, int one) {
        for (int other = 0; other < one; other++) {
            if (updaters.get(one).equals(updaters.get(other))
                    && !before.get(one).equals(before.get(other))) {
                return true;
            }
        }
        return false;
    }

    /** The updaters with a learning rate, each once, in the order of the parameters. */
    private List<IUpdater> updaters() {
        List<Trainable> parts = new ArrayList<>(List.of(layers()));
        if (graph != null) {
            // Some vertices that are no layers have parameters, too.
            Arrays.stream(graph.getVertices()).filter(v -> !v.hasLayer()).forEach(parts::add);
        }
        Set<IUpdater> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<IUpdater> updaters = new ArrayList<>();
        for (Trainable part : parts) {
            if (part.numParams() > 0) {
                for (String parameter : part.paramTable(false).keySet()) {
                    IUpdater updater = part.getConfig().getUpdaterByParam(parameter);
                    if (updater != null && updater.hasLearningRate() && seen.add(updater)) {
                        updaters.add(updater);
                    }
                }
            }
        }
        return updaters;
    }

    private int epoch() {
        return layered != null
                ? layered.getEpochCount()
                : graphOf().getConfiguration().getEpochCount();
    }

    /**
     * Tells networks apart by what they are made of, whatever their parameters: their number, and a hash of the
     * configuration without its counters.
     */
    String fingerprint() {
        String json = layered != null
                ? layered.getLayerWiseConfigurations().toJson()
                : graphOf().getConfiguration().toJson();
        CRC32C hash = new CRC32C();
        hash.update(COUNTERS.matcher(json).replaceAll("").getBytes(StandardCharsets.UTF_8));
        return String.format("%d parameters, configuration %08x", parameters(), hash.getValue());
    }

    /** Layers in the order of the computation, those without parameters too. */
    Layer[] layers() {
        return layered != null ? layered.getLayers() : graphOf().getLayers();
    }

    /** Layers with parameters, in the order of the flat vectors. */
    List<Span> spans() {
        List<Span> spans = new ArrayList<>();
        long base = params().offset();
        Layer[] layers = layers();
        for (int i = 0; i < layers.length; i++) {
            long n = layers[i].numParams();
            if (n > 0) {
                long from = layers[i].params().offset() - base;
                spans.add(new Span(name(layers[i], i), spans.size(), from, from + n));
            }
        }
        return List.copyOf(spans);
    }

    /** Name of a layer: its own, else {@code layer} and its number. */
    static String name(Layer layer, int index) {
        String name = layer.conf().getLayer().getLayerName();
        return name == null || name.isEmpty() ? "layer" + index : name;
    }

    private ComputationGraph graphOf() {
        if (graph == null) {
            throw new IllegalStateException("The network is no graph");
        }
        return graph;
    }
}
