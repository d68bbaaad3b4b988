package io.tiltmeter.train;

import io.tiltmeter.stats.Robust;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** Pre-flight checks that train a little. */
final class TrainingChecks {
    static final CheckSpec OVERFIT = new CheckSpec(
            "overfit-a-batch",
            "The network, with its own updater, learns eight examples by heart.",
            "What cannot learn eight examples learns no data set: look at the loss, at whether labels belong to their"
                    + " features, and at the learning rate below.",
            "Karpathy, A Recipe for Training Neural Networks (2019): overfit one batch; limits of 300 steps and 5 % are"
                    + " ours");
    static final CheckSpec RATE = new CheckSpec(
            "learning-rate",
            "The configured learning rate lies where the loss falls.",
            "Take the suggested rate: a tenth of the one at which the loss is lowest in a test with growing rates.",
            "Smith, Cyclical Learning Rates for Training Neural Networks (2017), section 3.3; a tenth of the minimum:"
                    + " fast.ai's lr_find");
    static final CheckSpec CLIP = new CheckSpec(
            "clip-threshold",
            "A threshold for clipping by norm: the 90th percentile of the first steps' norms of the mean gradient.",
            "Clip at this norm if spikes are to be cut off; a tenth of the early steps would have been clipped.",
            "Pascanu, Mikolov and Bengio (2013), section 3.2: thresholds around the average norm of many steps");

    private static final int OVERFIT_EXAMPLES = 8;
    private static final int OVERFIT_STEPS = 300;
    private static final int LOOK_EVERY = 10;
    private static final double LEARNED = 0.05;

    private static final double LOWEST_RATE = 1e-7;
    private static final double HIGHEST_RATE = 10;
    private static final int RATE_STEPS = 100;
    private static final int HALF_WINDOW = 2;
    private static final int FLAT_STEPS = 10;
    /** A smoothed loss this much above that of the untrained network has diverged. */
    private static final double DIVERGED = 1.5;

    private static final double TOO_HIGH = 10;
    private static final double TOO_LOW = 100;

    private static final int CLIP_STEPS = 50;
    private static final double CLIP_QUANTILE = 0.9;

    private final Supplier<Network> fresh;
    private final List<MultiDataSet> batches;

    TrainingChecks(Supplier<Network> fresh, List<MultiDataSet> batches) {
        this.fresh = fresh;
        this.batches = batches;
    }

    PreflightReport.Check overfit() {
        Network network = fresh.get();
        Probe probe = new Probe(network);
        MultiDataSet batch = Tensors.sample(batches.get(0), OVERFIT_EXAMPLES);
        double before = probe.loss(batch);
        double after = before;
        double accuracy = Double.NaN;
        boolean learned = false;
        int step = 0;
        while (step < OVERFIT_STEPS && !learned && Double.isFinite(after)) {
            network.fit(batch);
            if (++step % LOOK_EVERY == 0) {
                after = probe.loss(batch);
                accuracy = accuracy(probe, batch);
                learned = after <= LEARNED * before || accuracy == 1 && after < before;
            }
        }
        Map<String, Double> numbers =
                Map.of("loss_before", before, "loss_after", after, "accuracy", accuracy, "steps", (double) step);
        String measured = "loss " + Preflight.number(before) + " to " + Preflight.number(after)
                + (Double.isNaN(accuracy) ? "" : ", accuracy " + Preflight.number(accuracy)) + " in " + step + " steps";
        String expected = "loss at most 5 % of the first, or every example right, within " + OVERFIT_STEPS + " steps";
        if (learned) {
            return OVERFIT.result(PreflightReport.Level.PASS, measured, expected, numbers);
        }
        if (probe.restrained() && Double.isFinite(after) && after < before) {
            return OVERFIT.result(
                    PreflightReport.Level.WARNING,
                    measured + "; inconclusive: dropout or regularisation holds it back",
                    expected,
                    numbers);
        }
        return OVERFIT.result(PreflightReport.Level.FAIL, measured, expected, numbers);
    }

    /** Share of rows with the right class, over the outputs that have classes; NaN without one. */
    private static double accuracy(Probe probe, MultiDataSet batch) {
        INDArray @Nullable [] predictions = null;
        double right = 0;
        double all = 0;
        for (int i = 0; i < batch.numLabelsArrays(); i++) {
            Labels labels = Labels.of(batch, i);
            if (!labels.oneHot()) {
                continue;
            }
            predictions = predictions == null ? probe.predict(batch) : predictions;
            double[] predicted = Tensors.numbers(predictions[i]);
            for (int e = 0; e < labels.examples(); e++) {
                for (int p = 0; p < labels.inner(); p++) {
                    if (labels.seen(labels.index(e, 0, p))) {
                        right += labels.largestAt(predicted, e, p) == labels.largestAt(labels.values(), e, p) ? 1 : 0;
                        all++;
                    }
                }
            }
        }
        return all == 0 ? Double.NaN : right / all;
    }

    PreflightReport.Check rate(List<PreflightReport.Point> curve) {
        Network network = fresh.get();
        double configured = network.learningRate();
        if (!(configured > 0)) {
            return RATE.notApplicable("the updater has no learning rate, or one that begins at 0");
        }
        Probe probe = new Probe(network);
        List<Double> rates = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        double growth = Math.pow(HIGHEST_RATE / LOWEST_RATE, 1.0 / (RATE_STEPS - 1));
        for (int step = 0; step < RATE_STEPS; step++) {
            double rate = LOWEST_RATE * Math.pow(growth, step);
            probe.setLearningRate(rate);
            double regularisation = probe.regularisation();
            network.fit(batches.get(step % batches.size()));
            double loss = network.score() - regularisation;
            rates.add(rate);
            losses.add(loss);
            if (!Double.isFinite(loss)) {
                break;
            }
        }
        double[] smoothed = smoothed(losses);
        for (int i = 0; i < smoothed.length; i++) {
            curve.add(new PreflightReport.Point(rates.get(i), losses.get(i), smoothed[i]));
        }
        return judge(configured, curve);
    }

    private static double[] smoothed(List<Double> losses) {
        double[] smoothed = new double[losses.size()];
        for (int i = 0; i < smoothed.length; i++) {
            // A window that shrinks at the ends stays centred.
            int half = Math.min(HALF_WINDOW, Math.min(i, smoothed.length - 1 - i));
            double sum = 0;
            for (int j = i - half; j <= i + half; j++) {
                sum += losses.get(j);
            }
            smoothed[i] = sum / (2 * half + 1);
        }
        return smoothed;
    }

    private static PreflightReport.Check judge(double configured, List<PreflightReport.Point> curve) {
        double start = 0;
        int flat = Math.min(FLAT_STEPS, curve.size());
        for (PreflightReport.Point point : curve.subList(0, flat)) {
            start += point.loss() / flat;
        }
        if (!Double.isFinite(start)) {
            return RATE.result(
                    PreflightReport.Level.FAIL,
                    "the loss is not finite at the lowest rates",
                    "a finite loss",
                    Map.of("configured", configured));
        }
        double diverges = Double.POSITIVE_INFINITY;
        int best = 0;
        for (int i = 0; i < curve.size() && Double.isInfinite(diverges); i++) {
            if (i >= flat && !(curve.get(i).smoothed() <= DIVERGED * start)) {
                diverges = curve.get(i).rate();
            } else if (curve.get(i).smoothed() < curve.get(best).smoothed()) {
                best = i;
            }
        }
        double suggested = curve.get(best).rate() / TOO_HIGH;
        Map<String, Double> numbers = new TreeMap<>(Map.of(
                "configured", configured,
                "suggested", suggested,
                "diverges", diverges,
                "start", start,
                "lowest", curve.get(best).smoothed()));
        String measured = "configured " + Preflight.number(configured) + ", suggested " + Preflight.number(suggested)
                + (Double.isInfinite(diverges) ? "" : ", diverges at " + Preflight.number(diverges));
        String expected = Preflight.number(suggested / TOO_LOW) + " to " + Preflight.number(suggested * TOO_HIGH);
        PreflightReport.Level level = configured >= diverges
                ? PreflightReport.Level.FAIL
                : configured > suggested * TOO_HIGH * (1 + 1e-9) || configured < suggested / TOO_LOW
                        ? PreflightReport.Level.WARNING
                        : PreflightReport.Level.PASS;
        return RATE.result(level, measured, expected, numbers);
    }

    PreflightReport.Check clip() {
        Network network = fresh.get();
        List<Double> norms = new ArrayList<>();
        int[] examples = {1};
        network.setListeners(new BaseTrainingListener() {
            @Override
            public void onGradientCalculation(Model model) {
                double[] gradient = Tensors.numbers(model.getGradientsViewArray());
                // DL4J has the gradients summed over the batch here, and clips their mean.
                norms.add(Tensors.norm(gradient, 0, gradient.length) / examples[0]);
            }
        });
        for (int step = 0; step < CLIP_STEPS; step++) {
            MultiDataSet batch = batches.get(step % batches.size());
            examples[0] = Tensors.examples(batch);
            network.fit(batch);
        }
        double[] sorted = norms.stream()
                .mapToDouble(norm -> norm)
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        if (sorted.length < norms.size() || sorted.length == 0) {
            return CLIP.notApplicable((norms.size() - sorted.length) + " of " + norms.size() + " norms are not finite");
        }
        double threshold = Robust.quantileOfSorted(sorted, sorted.length, CLIP_QUANTILE);
        double median = Robust.quantileOfSorted(sorted, sorted.length, 0.5);
        return CLIP.result(
                PreflightReport.Level.PASS,
                "clip at " + Preflight.number(threshold) + " (median norm " + Preflight.number(median) + ", largest "
                        + Preflight.number(Arrays.stream(sorted).max().orElse(median)) + ")",
                "information only",
                Map.of("threshold", threshold, "median", median, "largest", sorted[sorted.length - 1]));
    }
}
