package io.tiltmeter.correlate.mining;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.stats.Robust;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Runs with trouble as points of a space in which alike runs are near: which detectors spoke and how gravely, when in the
 * run it began and how much of the run it took, how the loss ended, whether values were not finite, whether single workers
 * were to blame, how often it was restarted. Each dimension is centred at the fleet's median and divided by its scale
 * (the median absolute deviation, or the standard deviation where that is 0), and cut at ±{@value #MOST}.
 *
 * @param dimensions names, the detectors first
 * @param detectors how many dimensions are detectors
 * @param runs the runs, ordered by id
 * @param points scaled coordinates of each run
 * @param scaling how others are scaled likewise
 */
public record Signatures(
        List<String> dimensions, int detectors, List<MinedRun> runs, double[][] points, Scaling scaling) {
    private static final double MOST = 3;

    /** Dimensions beside the detectors. */
    private static final List<String> SHAPE =
            List.of("onset", "extent", "given back", "learned", "non-finite", "single worker", "restarts");

    /**
     * Centre and scale of each dimension.
     *
     * @param detectors ids of the detectors that are dimensions
     */
    public record Scaling(List<String> detectors, double[] centre, double[] scale) {
        /** Coordinates of a run; those of a run without any trouble too. */
        public double[] point(MinedRun run) {
            double[] point = raw(run, detectors);
            for (int d = 0; d < point.length; d++) {
                double scaled = scale[d] > 0 ? (point[d] - centre[d]) / scale[d] : 0;
                point[d] = Math.max(-MOST, Math.min(MOST, scaled));
            }
            return point;
        }
    }

    /** Signatures of the runs that have trouble; the others are left out. */
    public static Signatures of(List<MinedRun> fleet) {
        List<MinedRun> runs = fleet.stream()
                .filter(MinedRun::troubled)
                .sorted(Comparator.comparing(MinedRun::id))
                .toList();
        Map<String, Integer> kinds = new TreeMap<>(Combinations.kinds(runs));
        List<String> detectors = List.copyOf(kinds.keySet());
        List<String> dimensions = new ArrayList<>(detectors);
        dimensions.addAll(SHAPE);
        double[][] raw = runs.stream().map(run -> raw(run, detectors)).toArray(double[][]::new);
        double[] centre = new double[dimensions.size()];
        double[] scale = new double[dimensions.size()];
        for (int d = 0; d < centre.length; d++) {
            int dimension = d;
            double[] values =
                    java.util.Arrays.stream(raw).mapToDouble(r -> r[dimension]).toArray();
            centre[d] = values.length == 0 ? 0 : Robust.median(values);
            double mad = values.length == 0 ? 0 : Robust.mad(values) * Robust.MAD_TO_SIGMA;
            scale[d] = mad > 0 ? mad : deviation(values);
        }
        Scaling scaling = new Scaling(detectors, centre, scale);
        return new Signatures(
                dimensions,
                detectors.size(),
                runs,
                runs.stream().map(scaling::point).toArray(double[][]::new),
                scaling);
    }

    private static double deviation(double[] values) {
        double mean = 0;
        for (double value : values) {
            mean += value / values.length;
        }
        double sum = 0;
        for (double value : values) {
            sum += (value - mean) * (value - mean);
        }
        return values.length < 2 ? 0 : Math.sqrt(sum / (values.length - 1));
    }

    private static double[] raw(MinedRun run, List<String> detectors) {
        double[] raw = new double[detectors.size() + SHAPE.size()];
        List<Finding> troubles = run.troubles().toList();
        for (Finding finding : troubles) {
            int at = detectors.indexOf(finding.detector());
            if (at >= 0) {
                raw[at] = Math.max(raw[at], finding.severity() == Severity.ERROR ? 2 : 1);
            }
        }
        RunSummary summary = run.summary();
        int shape = detectors.size();
        raw[shape] = onset(run, troubles);
        raw[shape + 1] = extent(run, troubles);
        raw[shape + 2] = logRatio(summary.finalLoss(), summary.bestLoss());
        raw[shape + 3] = logRatio(summary.startLoss(), summary.bestLoss());
        raw[shape + 4] = extent(
                run,
                troubles.stream()
                        .filter(f -> !Double.isFinite(f.score()) || f.detector().equals("non-finite"))
                        .toList());
        raw[shape + 5] = troubles.stream().anyMatch(f -> f.worker() >= 0) ? 1 : 0;
        raw[shape + 6] = Math.log1p(Math.max(0, summary.attempts() - 1));
        return raw;
    }

    /** Where in the run the first of these begins, from 0 to 1. */
    static double onset(MinedRun run, List<Finding> findings) {
        return findings.stream()
                .mapToDouble(f -> position(run.summary(), f.stepFrom()))
                .min()
                .orElse(1);
    }

    /** Share of the run that the longest of these takes. */
    private static double extent(MinedRun run, List<Finding> findings) {
        return findings.stream()
                .mapToDouble(f -> position(run.summary(), f.stepTo()) - position(run.summary(), f.stepFrom()))
                .max()
                .orElse(0);
    }

    private static double position(RunSummary summary, long step) {
        double length = summary.lastStep() - summary.firstStep();
        return summary.points() < 2 || length <= 0
                ? 0
                : Math.max(0, Math.min(1, (step - summary.firstStep()) / length));
    }

    /** ln(above / below) between 0 and 2; what is no number or not positive counts as a loss of all: 2. */
    private static double logRatio(double above, double below) {
        if (Double.isNaN(below) && Double.isNaN(above)) {
            return 0;
        }
        return above > 0 && below > 0 && Double.isFinite(above) ? Math.max(0, Math.min(2, Math.log(above / below))) : 2;
    }
}
