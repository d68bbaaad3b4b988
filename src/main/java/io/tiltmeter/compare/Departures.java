package io.tiltmeter.compare;

import io.tiltmeter.stats.LevelShift;
import io.tiltmeter.stats.StudentT;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The tests of one metric for runs that leave their set. Input are logarithms less their mean over the runs, as means
 * over blocks of common steps.
 */
final class Departures {
    /** Chance that a set of like runs has a departure in one metric. */
    static final double ALPHA = 0.001;

    /**
     * Stretches of the run that are judged on their own: few enough that Bonferroni's bound costs little, many enough to
     * say since when.
     */
    private static final int STRETCHES = 16;

    /** Runs from which the spread of the others can be measured. */
    static final int BAND = 3;

    /**
     * Spread below which seeds are taken as equal, in logarithms: a difference of a thousandth matters to nobody, and a
     * loss logged with three digits has no finer one.
     */
    private static final double RESOLUTION = 1e-3;

    private Departures() {}

    /**
     * Runs of three or more that leave the band of the others: in each of 16 stretches the run's mean against mean and
     * standard deviation of the others (externally studentised deviation, Student's t with k − 2 degrees of freedom.
     * Source: Cook and Weisberg, Residuals and Influence in Regression, 1982), at a level that holds for all runs and
     * stretches together (Bonferroni). Seeds keep their distance for long, so that steps are not independent; between
     * seeds they are compared within one stretch only, never over time.
     */
    static List<Departure> ofBand(
            Quantity quantity, int worker, String layer, BlockMeans blocks, int runs, double alpha) {
        int stretches = Math.min(STRETCHES, blocks.size());
        List<Departure> departures = new ArrayList<>();
        for (int run = 0; run < runs; run++) {
            band(quantity, worker, layer, blocks, runs, run, stretches, alpha).ifPresent(departures::add);
        }
        return departures;
    }

    private static Optional<Departure> band(
            Quantity quantity,
            int worker,
            String layer,
            BlockMeans blocks,
            int runs,
            int run,
            int stretches,
            double alpha) {
        int first = -1;
        int last = -1;
        int lastJudged = -1;
        int peak = -1;
        double lowest = 1;
        double score = 0;
        double gap = 0;
        double end = 0;
        double threshold = 0;
        for (int stretch = 0; stretch < stretches; stretch++) {
            int from = stretch * blocks.size() / stretches;
            int to = (stretch + 1) * blocks.size() / stretches;
            double own = blocks.mean(run, from, to);
            double[] others = others(blocks, runs, run, from, to);
            if (Double.isNaN(own) || others.length < BAND - 1) {
                continue;
            }
            double mean = Arrays.stream(others).average().orElse(Double.NaN);
            lastJudged = to - 1;
            end = own - mean;
            double spread = Math.max(RESOLUTION, deviation(others, mean));
            double t = Math.abs(own - mean) / (spread * Math.sqrt(1 + 1.0 / others.length));
            double p = Math.min(1, StudentT.twoSided(t, others.length - 1) * runs * stretches);
            if (p < alpha) {
                first = first < 0 ? from : first;
                last = to - 1;
            }
            if (p < lowest) {
                lowest = p;
                peak = from;
                score = t;
                gap = own - mean;
                threshold = StudentT.quantile(alpha / runs / stretches, others.length - 1);
            }
        }
        if (first < 0) {
            return Optional.empty();
        }
        return Optional.of(new Departure(
                quantity,
                run,
                worker,
                layer,
                blocks.from(first),
                blocks.to(last),
                blocks.from(peak),
                last == lastJudged,
                Math.expm1(gap),
                Math.expm1(end),
                score,
                threshold,
                lowest));
    }

    private static double[] others(BlockMeans blocks, int runs, int run, int from, int to) {
        double[] others = new double[runs];
        int n = 0;
        for (int other = 0; other < runs; other++) {
            double mean = other == run ? Double.NaN : blocks.mean(other, from, to);
            if (!Double.isNaN(mean)) {
                others[n++] = mean;
            }
        }
        return Arrays.copyOf(others, n);
    }

    private static double deviation(double[] values, double mean) {
        double sum = 0;
        for (double value : values) {
            sum += (value - mean) * (value - mean);
        }
        return Math.sqrt(sum / (values.length - 1));
    }

    /**
     * Whether two runs part beyond the noise of their steps: whether the level of their difference shifts. It says
     * nothing about what seeds do, of which two runs know nothing.
     */
    static Optional<Departure> ofPair(Quantity quantity, int worker, String layer, BlockMeans blocks, double alpha) {
        double[] gaps = new double[blocks.size()];
        int[] at = new int[blocks.size()];
        int n = 0;
        for (int block = 0; block < blocks.size(); block++) {
            double gap = blocks.mean(1, block, block + 1) - blocks.mean(0, block, block + 1);
            if (Double.isFinite(gap)) {
                gaps[n] = gap;
                at[n++] = block;
            }
        }
        LevelShift shift = LevelShift.of(Arrays.copyOf(gaps, n));
        if (!(shift.pValue() < alpha) || Math.abs(shift.after() - shift.before()) < RESOLUTION) {
            return Optional.empty();
        }
        int from = at[shift.at()];
        return Optional.of(new Departure(
                quantity,
                1,
                worker,
                layer,
                blocks.from(from),
                blocks.to(at[n - 1]),
                blocks.from(from),
                true,
                Math.expm1(shift.after()),
                Math.expm1(shift.after()),
                shift.statistic(),
                kolmogorovQuantile(alpha),
                shift.pValue()));
    }

    /** The first term of Kolmogorov's series is exact to ten digits for such small chances. */
    private static double kolmogorovQuantile(double alpha) {
        return Math.sqrt(Math.log(2 / alpha) / 2);
    }
}
