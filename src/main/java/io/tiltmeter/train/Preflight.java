package io.tiltmeter.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** Checks of a network, its updater and some of its data before the cluster trains it: one JVM, a few hundred steps. */
public final class Preflight {
    private Preflight() {}

    /**
     * Runs all checks. Whatever one of them throws becomes its own failure.
     *
     * @param fresh gives a newly initialised network each time, with the same parameters
     * @param batches mini-batches as training will see them, in its order
     * @param seed of dropout and the like
     * @throws IllegalArgumentException without batches
     */
    public static PreflightReport check(Supplier<Network> fresh, List<MultiDataSet> batches, long seed) {
        return check(fresh, batches, seed, List.of());
    }

    /**
     * Runs all checks.
     *
     * @param shards how often each class comes in each worker's share of the data; empty where that is not known
     */
    public static PreflightReport check(
            Supplier<Network> fresh, List<MultiDataSet> batches, long seed, List<Map<Integer, Long>> shards) {
        if (batches.isEmpty()) {
            throw new IllegalArgumentException("Got no batches, expected at least one");
        }
        List<PreflightReport.Check> checks = new ArrayList<>();
        DataChecks data = new DataChecks(fresh, batches);
        checks.add(DataChecks.FINITE.run(seed, data::finite));
        checks.add(DataChecks.SCALE.run(seed, data::scale));
        checks.add(DataChecks.ORDER.run(seed, data::order));
        checks.add(DataChecks.DUPLICATES.run(seed, data::duplicates));
        checks.add(DataChecks.SHARDS.run(seed, () -> DataChecks.shards(shards)));
        NetworkChecks network = new NetworkChecks(fresh, batches);
        checks.add(NetworkChecks.OUTPUT.run(seed, network::output));
        checks.add(NetworkChecks.INITIAL_LOSS.run(seed, network::initialLoss));
        checks.add(NetworkChecks.ACTIVATIONS.run(seed, network::activations));
        checks.add(NetworkChecks.UNITS.run(seed, network::units));
        checks.add(NetworkChecks.GRADIENTS.run(seed, network::gradients));
        TrainingChecks training = new TrainingChecks(fresh, batches);
        checks.add(TrainingChecks.OVERFIT.run(seed, training::overfit));
        List<PreflightReport.Point> curve = new ArrayList<>();
        checks.add(TrainingChecks.RATE.run(seed, () -> training.rate(curve)));
        checks.add(TrainingChecks.CLIP.run(seed, training::clip));
        return new PreflightReport(checks, curve);
    }

    /** A number with three significant digits, for a reader. */
    static String number(double value) {
        if (!Double.isFinite(value)) {
            return Double.toString(value);
        }
        double size = Math.abs(value);
        if (size != 0 && (size < 1e-3 || size >= 1e5)) {
            return String.format(Locale.ROOT, "%.2e", value);
        }
        int decimals = size == 0 ? 0 : Math.max(0, 2 - (int) Math.floor(Math.log10(size)));
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}
