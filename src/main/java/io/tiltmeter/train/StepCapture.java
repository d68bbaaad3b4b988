package io.tiltmeter.train;

import io.tiltmeter.model.LayerRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.layers.OutputLayer;
import org.deeplearning4j.nn.layers.recurrent.RnnOutputLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What one worker measures of its network in one step, around the calls of a listener: {@link #begin}, {@link #activations},
 * {@link #outputs}, {@link #beforeReduce}, {@link #compare}, {@link #hashParameters}, {@link #afterUpdate}, and then the results. The gradient is the worker's own, mean over its
 * examples. Statistics that a layer keeps of its input (batch normalisation) are no parameters and are left out. Not
 * thread-safe.
 */
final class StepCapture {
    private static final double NANOS = 1e-9;
    /** Parameters of which a checksum is taken in a step. */
    private static final int HASHED = 1 << 12;

    private final Network network;
    private final boolean layersWanted;
    private final CaptureBudget budget;
    private final TensorStats scratch = new TensorStats();
    private final LayerPart[] parts;
    // Ranges of the flat vectors that are parameters, as from, to, from, to ...
    private final long[] ranges;
    private final GradientCosine cosine;
    private final byte[] hashed = new byte[HASHED * Float.BYTES];

    private long step;
    private int examples = 1;
    private boolean normsNow;
    private boolean layersNow;
    private double gradNorm = Double.NaN;
    private OptionalDouble gradCosine = OptionalDouble.empty();
    private OptionalDouble updateNorm = OptionalDouble.empty();
    private OptionalDouble paramNorm = OptionalDouble.empty();
    private @Nullable String parameterHash;
    private long begunNanos;
    private boolean begun;
    private long alwaysNanos;
    private long normNanos;
    private long layerNanos;
    private double rowSeconds;

    /** One layer with parameters, and what was measured of it in a step. */
    private static final class LayerPart {
        private final Network.Span span;
        private final int index;
        private final long[] ranges;
        private final TensorStats gradient = new TensorStats();
        private final @Nullable TensorStats activation;
        private final boolean bounded;
        private final List<SecondMoment> moments;
        private final @Nullable Layer output;
        private boolean hasGradient;
        private boolean hasActivation;
        private @Nullable Double update;
        private @Nullable Double parameters;

        LayerPart(Network network, Network.Span span, int index, Layer layer) {
            this.span = span;
            this.index = index;
            ranges = Parameters.ranges(layer, network.params().offset());
            moments = SecondMoment.of(network, ranges);
            // Other kinds of output layers might change something when they are asked once more.
            output = layer instanceof OutputLayer || layer instanceof RnnOutputLayer ? layer : null;
            Parameters.Range range = Parameters.rangeOfActivation(layer);
            bounded = range.bounded();
            activation = bounded ? new TensorStats(range.centre(), range.limit()) : new TensorStats();
        }

        void forget() {
            hasGradient = false;
            hasActivation = false;
            update = null;
            parameters = null;
            moments.forEach(SecondMoment::forget);
        }
    }

    /** Prepares for an initialised network. */
    StepCapture(Network network, CaptureSettings settings) {
        this(network, settings, budgetOf(settings));
    }

    /** A budget that knows nothing yet. */
    static CaptureBudget budgetOf(CaptureSettings settings) {
        return new CaptureBudget(settings.budget(), settings.everySteps());
    }

    /** Prepares for an initialised network, with what was learned of the costs before. */
    StepCapture(Network network, CaptureSettings settings, CaptureBudget budget) {
        this.network = network;
        layersWanted = settings.layers();
        this.budget = budget;
        List<LayerPart> found = new ArrayList<>();
        List<Network.Span> spans = network.spans();
        Layer[] layers = network.layers();
        for (int i = 0; i < layers.length; i++) {
            if (layers[i].numParams() > 0) {
                found.add(new LayerPart(network, spans.get(found.size()), i, layers[i]));
            }
        }
        parts = found.toArray(LayerPart[]::new);
        ranges = Parameters.merged(found.stream().map(part -> part.ranges).toList());
        cosine = new GradientCosine(ranges);
    }

    /**
     * Begins a step.
     *
     * @param stepNumber number of the step in the run, the same on all workers
     * @param batchExamples examples in this worker's mini-batch
     */
    void begin(long stepNumber, int batchExamples) {
        if (batchExamples < 1) {
            throw new IllegalArgumentException(
                    "Step " + stepNumber + " has " + batchExamples + " examples, expected >= 1");
        }
        long now = System.nanoTime();
        learn(now);
        begun = true;
        begunNanos = now;
        alwaysNanos = 0;
        normNanos = 0;
        layerNanos = 0;
        step = stepNumber;
        examples = batchExamples;
        normsNow = budget.normsDue(stepNumber);
        layersNow = layersWanted && budget.layersDue(stepNumber);
        gradNorm = Double.NaN;
        gradCosine = OptionalDouble.empty();
        updateNorm = OptionalDouble.empty();
        paramNorm = OptionalDouble.empty();
        parameterHash = null;
        for (LayerPart part : parts) {
            part.forget();
        }
    }

    /** What it takes to write a row, in seconds: rows that are written delay a training that has one core a worker. */
    void writing(double secondsPerRow) {
        rowSeconds = secondsPerRow;
    }

    /** Ends a step that no other follows soon, so that the wait does not count as its time. */
    void end() {
        learn(System.nanoTime());
        begun = false;
    }

    private void learn(long now) {
        if (begun) {
            long measuring = alwaysNanos + normNanos + layerNanos;
            budget.learn(
                    (now - begunNanos - measuring) * NANOS,
                    alwaysNanos * NANOS + rowSeconds,
                    normsNow ? normNanos * NANOS : Double.NaN,
                    layersNow ? layerNanos * NANOS + parts.length * rowSeconds : Double.NaN);
        }
    }

    /** Takes the activations of a {@code MultiLayerNetwork}: its input, then its layers, as far as it hands them out. */
    void activations(List<INDArray> inputThenLayers) {
        if (layersNow) {
            long from = System.nanoTime();
            for (LayerPart part : parts) {
                if (part.index + 1 < inputThenLayers.size()) {
                    measure(part, inputThenLayers.get(part.index + 1));
                }
            }
            layerNanos += System.nanoTime() - from;
        }
    }

    /** Takes the activations of a {@code ComputationGraph}, by the names of its vertices. */
    void activations(Map<String, INDArray> byName) {
        if (layersNow) {
            long from = System.nanoTime();
            for (LayerPart part : parts) {
                INDArray values = byName.get(part.span.layer());
                if (values != null) {
                    measure(part, values);
                }
            }
            layerNanos += System.nanoTime() - from;
        }
    }

    /**
     * Measures the activations of output layers, which DL4J hands to no listener, between the backward pass and the update:
     * the layers are asked for them once more. They still have their input, with dropout as it was trained with, and draw no
     * random number.
     */
    void outputs() {
        if (layersNow) {
            long from = System.nanoTime();
            for (LayerPart part : parts) {
                Layer layer = part.output;
                if (layer != null) {
                    measure(part, layer.activate(false, LayerWorkspaceMgr.noWorkspaces()));
                }
            }
            layerNanos += System.nanoTime() - from;
        }
    }

    private static void measure(LayerPart part, INDArray values) {
        TensorStats stats = part.activation;
        if (stats != null) {
            stats.clear();
            stats.add(values, 0, values.length());
            part.hasActivation = true;
        }
    }

    /**
     * Measures the worker's own gradient, before it is averaged with those of others, and copies it to where it is averaged.
     * The copy does not count as measuring.
     */
    void beforeReduce(float[] copy) {
        if (layersNow) {
            beforeReduce();
            TensorStats.copy(network.gradients(), copy);
        } else {
            TensorStats.Squares squares = TensorStats.copyWithSquares(network.gradients(), ranges, copy);
            gradNorm = Math.sqrt(squares.sum()) / examples;
            alwaysNanos += squares.nanos();
        }
    }

    /** Measures the worker's own gradient, where nobody else has one. */
    void beforeReduce() {
        long from = System.nanoTime();
        INDArray gradients = network.gradients();
        if (layersNow) {
            double squares = 0;
            for (LayerPart part : parts) {
                part.gradient.clear();
                for (int r = 0; r < part.ranges.length; r += 2) {
                    part.gradient.add(gradients, part.ranges[r], part.ranges[r + 1]);
                }
                part.hasGradient = true;
                squares += part.gradient.squares();
                part.moments.forEach(moment -> moment.before(step));
            }
            gradNorm = Math.sqrt(squares) / examples;
            layerNanos += System.nanoTime() - from;
        } else {
            gradNorm = norm(gradients, ranges) / examples;
            alwaysNanos += System.nanoTime() - from;
        }
    }

    /**
     * Compares the worker's own gradient with the others', while the network still holds its own.
     *
     * @param sum of the gradients of at least two workers, this one among them
     */
    void compare(float[] sum) {
        long from = System.nanoTime();
        gradCosine = cosine.of(network.gradients(), sum, step);
        alwaysNanos += System.nanoTime() - from;
    }

    /** The squares of a part of what all workers' gradients come to in sum. */
    double sumSquares(float[] sum, int from, int to, GradientScale scale) {
        long before = System.nanoTime();
        double squares = scale.squares(sum, from, to);
        alwaysNanos += System.nanoTime() - before;
        return squares;
    }

    /**
     * Takes a checksum of a slice of the parameters: a slice a step, in turn, the same on all workers. Replicas that are
     * alike have the same in every step.
     */
    void hashParameters() {
        long from = System.nanoTime();
        INDArray params = network.params();
        long slices = (params.length() + HASHED - 1) / HASHED;
        long slice = step % slices * HASHED;
        try (Floats floats = Floats.of(params)) {
            long hash = floats.checksum(slice, hashed, (int) Math.min(HASHED, params.length() - slice));
            parameterHash = HexFormat.of().toHexDigits((int) hash);
        }
        alwaysNanos += System.nanoTime() - from;
    }

    /** Measures update and parameters, once the update is made. */
    void afterUpdate() {
        if (!normsNow && !layersNow) {
            return;
        }
        long from = System.nanoTime();
        INDArray updates = network.gradients();
        INDArray params = network.params();
        if (layersNow) {
            double updateSquares = 0;
            double paramSquares = 0;
            for (LayerPart part : parts) {
                double update = norm(updates, part.ranges);
                double param = norm(params, part.ranges);
                part.update = update;
                part.parameters = param;
                updateSquares += update * update;
                paramSquares += param * param;
            }
            updateNorm = OptionalDouble.of(Math.sqrt(updateSquares));
            paramNorm = OptionalDouble.of(Math.sqrt(paramSquares));
        } else {
            updateNorm = OptionalDouble.of(norm(updates, ranges));
            paramNorm = OptionalDouble.of(norm(params, ranges));
        }
        long measured = System.nanoTime();
        if (layersNow) {
            long made = network.iteration() + 1L;
            for (LayerPart part : parts) {
                part.moments.forEach(moment -> moment.after(step, made));
            }
            layerNanos += System.nanoTime() - measured;
        }
        // The norms cost the same whether they are taken layer by layer or not.
        if (normsNow) {
            normNanos += measured - from;
        } else {
            layerNanos += measured - from;
        }
    }

    private double norm(INDArray flat, long[] of) {
        double squares = 0;
        for (int r = 0; r < of.length; r += 2) {
            squares += scratch.sumOfSquares(flat, of[r], of[r + 1]);
        }
        return Math.sqrt(squares);
    }

    /** Norm of this worker's mean gradient; NaN or infinite if an element of it is, and NaN before it is measured. */
    double gradNorm() {
        return gradNorm;
    }

    /** Whether every element of the gradient is a finite number. */
    boolean gradientFinite() {
        return Double.isFinite(gradNorm);
    }

    /**
     * Cosine between this worker's gradient and the mean of the others'; empty if it was not compared, or if one of the two
     * is zero or not finite.
     */
    OptionalDouble gradCosine() {
        return gradCosine;
    }

    /** Checksum of this step's slice of the parameters, in hexadecimal digits; null if it was not taken. */
    @Nullable
    String parameterHash() {
        return parameterHash;
    }

    /** Norm of what was subtracted from the parameters; empty if this step did not measure it. */
    OptionalDouble updateNorm() {
        return updateNorm;
    }

    /** Norm of the parameters after the update; empty if this step did not measure it. */
    OptionalDouble paramNorm() {
        return paramNorm;
    }

    /** Whether this step measures the details of layers. */
    boolean layersMeasured() {
        return layersNow;
    }

    /** Steps from one measurement of the layers to the next, as things stand. */
    int layerInterval() {
        return budget.layerInterval();
    }

    /** Steps from one measurement of the norms to the next, as things stand. */
    int normInterval() {
        return budget.normInterval();
    }

    /** Share of a step's time that measuring takes, as things stand. */
    double share() {
        return budget.share();
    }

    /** A row for each layer with parameters; none if this step did not measure them. */
    List<LayerRecord> layers(String runId, int attempt, int worker) {
        if (!layersNow) {
            return List.of();
        }
        return Arrays.stream(parts)
                .map(part -> row(part, runId, attempt, worker))
                .toList();
    }

    private LayerRecord row(LayerPart part, String runId, int attempt, int worker) {
        TensorStats gradient = part.gradient;
        TensorStats activation = part.hasActivation ? part.activation : null;
        return new LayerRecord(
                runId,
                attempt,
                worker,
                step,
                part.span.layer(),
                part.span.depth(),
                part.span.elements(),
                part.hasGradient ? (Double) (gradient.norm() / examples) : null,
                part.hasGradient ? (Double) (gradient.meanAbs() / examples) : null,
                part.hasGradient ? (Double) (gradient.maxAbs() / examples) : null,
                part.hasGradient ? (Double) gradient.zeroFraction() : null,
                part.hasGradient ? (Long) gradient.nonFinite() : null,
                part.parameters,
                part.update,
                activation == null ? null : (Double) activation.mean(),
                activation == null ? null : (Double) activation.std(),
                activation == null ? null : (Double) activation.zeroFraction(),
                activation == null || !part.bounded ? null : (Double) activation.saturatedFraction(),
                SecondMoment.ratio(part.moments));
    }
}
