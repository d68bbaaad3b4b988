package io.tiltmeter.correlate.mining;

import io.tiltmeter.model.RiskEvaluation;
import io.tiltmeter.stats.Platt;
import io.tiltmeter.stats.Proportion;
import io.tiltmeter.stats.Robust;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Judges predictions on held-out runs. The scores of a fold come from a model that saw none of its groups, and become
 * probabilities by a curve fitted to the scores of the other folds. Intervals come from drawing whole groups with
 * replacement (percentile bootstrap, {@value #DRAWS} draws, fixed seed): runs of one project are no independent witnesses.
 */
public final class RiskEvaluator {
    private static final int DRAWS = 1000;
    private static final long SEED = 20_261_125;
    private static final int BINS = 5;
    /** Skill that is worth having: less than a hundredth of the error nobody notices. */
    private static final double LEAST_SKILL = 0.01;

    private static final double SMALLEST = 1e-6;

    private final String[] groups;
    private final int[] folds;
    private final boolean[] unstable;

    /**
     * Runs with a known outcome.
     *
     * @param groups the group of each
     * @param folds its fold
     * @param unstable its outcome
     */
    public RiskEvaluator(List<String> groups, int[] folds, boolean[] unstable) {
        this.groups = groups.toArray(String[]::new);
        this.folds = folds.clone();
        this.unstable = unstable.clone();
    }

    /**
     * Share of the unstable among the runs of the other folds, for each run; drawn in like the targets of {@link Platt}, so
     * that a model without any skill predicts the same.
     */
    public double[] baseRates() {
        return perFold(
                fold -> {
                    int[] others = others(fold);
                    double bad = IntStream.of(others).filter(i -> unstable[i]).count();
                    double rate = (bad + 1) / (others.length + 2);
                    return score -> rate;
                },
                new double[folds.length]);
    }

    /** Scores as probabilities, each by the curve of the other folds. */
    public double[] calibrate(double[] scores) {
        return perFold(
                fold -> {
                    int[] others = others(fold);
                    boolean[] labels = new boolean[others.length];
                    double[] own = new double[others.length];
                    for (int i = 0; i < own.length; i++) {
                        own[i] = scores[others[i]];
                        labels[i] = unstable[others[i]];
                    }
                    return Platt.fit(own, labels)::of;
                },
                scores);
    }

    private int[] others(int fold) {
        return IntStream.range(0, folds.length).filter(i -> folds[i] != fold).toArray();
    }

    private double[] perFold(IntFunction<DoubleUnaryOperator> curves, double[] scores) {
        double[] values = new double[scores.length];
        for (int fold = 0; fold <= Arrays.stream(folds).max().orElse(0); fold++) {
            DoubleUnaryOperator curve = curves.apply(fold);
            for (int i = 0; i < values.length; i++) {
                if (folds[i] == fold) {
                    values[i] = curve.applyAsDouble(scores[i]);
                }
            }
        }
        return values;
    }

    /**
     * The evaluation of a model.
     *
     * @param model its name
     * @param grouping what a group is
     * @param risk predicted probability of each run
     * @param drivers what it leans on
     */
    public RiskEvaluation evaluate(String model, String grouping, double[] risk, List<String> drivers) {
        double[] base = baseRates();
        int[] byRisk = IntStream.range(0, risk.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> risk[i]))
                .mapToInt(i -> i)
                .toArray();
        List<String> names = Arrays.stream(groups).distinct().sorted().toList();
        int[] groupOf = Arrays.stream(groups)
                .mapToInt(group -> Collections.binarySearch(names, group))
                .toArray();
        double[] skills = new double[DRAWS];
        double[] aucs = new double[DRAWS];
        SplittableRandom random = new SplittableRandom(SEED);
        for (int draw = 0; draw < DRAWS; draw++) {
            int[] times = new int[names.size()];
            for (int g = 0; g < times.length; g++) {
                times[random.nextInt(times.length)]++;
            }
            int[] weights = IntStream.of(groupOf).map(g -> times[g]).toArray();
            skills[draw] = 1 - brier(weights, risk) / brier(weights, base);
            aucs[draw] = auc(weights, risk, byRisk);
        }
        int[] once = new int[risk.length];
        Arrays.fill(once, 1);
        double brier = brier(once, risk);
        double baseBrier = brier(once, base);
        double[] skill = interval(skills);
        double[] auc = interval(aucs);
        return new RiskEvaluation(
                model,
                grouping,
                risk.length,
                (int) IntStream.range(0, risk.length).filter(i -> unstable[i]).count(),
                names.size(),
                brier,
                baseBrier,
                1 - brier / baseBrier,
                skill[0],
                skill[1],
                logLoss(risk),
                auc(once, risk, byRisk),
                auc[0],
                auc[1],
                skill[0] > LEAST_SKILL,
                bins(risk, byRisk),
                drivers);
    }

    /** Middle 95 % of the draws that had both outcomes. */
    private static double[] interval(double[] draws) {
        double[] sorted = Arrays.stream(draws).filter(Double::isFinite).sorted().toArray();
        return new double[] {
            Robust.quantileOfSorted(sorted, sorted.length, 0.025), Robust.quantileOfSorted(sorted, sorted.length, 0.975)
        };
    }

    /** Mean squared error of runs that count so many times each. */
    private double brier(int[] weights, double[] risk) {
        double sum = 0;
        long count = 0;
        for (int i = 0; i < risk.length; i++) {
            double error = risk[i] - (unstable[i] ? 1 : 0);
            sum += weights[i] * error * error;
            count += weights[i];
        }
        return sum / count;
    }

    /** Mean negative log likelihood; a certainty that fails counts as one in a million. */
    public double logLoss(double[] risk) {
        double sum = 0;
        for (int i = 0; i < risk.length; i++) {
            sum -= Math.log(Math.max(SMALLEST, unstable[i] ? risk[i] : 1 - risk[i]));
        }
        return sum / risk.length;
    }

    /** Mann and Whitney's statistic of runs that count so many times each; equal risks count half. NaN without both outcomes. */
    private double auc(int[] weights, double[] risk, int[] byRisk) {
        double below = 0;
        double stable = 0;
        double unstableRuns = 0;
        for (int from = 0; from < byRisk.length; ) {
            int to = from;
            double hits = 0;
            double misses = 0;
            while (to < byRisk.length && risk[byRisk[to]] == risk[byRisk[from]]) {
                int run = byRisk[to++];
                hits += unstable[run] ? weights[run] : 0;
                misses += unstable[run] ? 0 : weights[run];
            }
            below += hits * (stable + misses / 2);
            stable += misses;
            unstableRuns += hits;
            from = to;
        }
        return unstableRuns == 0 || stable == 0 ? Double.NaN : below / (unstableRuns * stable);
    }

    /** Fifths of the runs by predicted risk; equal risks stay together. */
    private List<RiskEvaluation.Bin> bins(double[] risk, int[] byRisk) {
        List<RiskEvaluation.Bin> bins = new ArrayList<>();
        int from = 0;
        for (int bin = 1; bin <= BINS && from < byRisk.length; bin++) {
            int to = Math.max(from + 1, bin * byRisk.length / BINS);
            while (to < byRisk.length && risk[byRisk[to]] == risk[byRisk[to - 1]]) {
                to++;
            }
            double sum = 0;
            int hits = 0;
            for (int i = from; i < to; i++) {
                sum += risk[byRisk[i]];
                hits += unstable[byRisk[i]] ? 1 : 0;
            }
            Proportion share = new Proportion(hits, to - from);
            bins.add(new RiskEvaluation.Bin(
                    risk[byRisk[from]],
                    risk[byRisk[to - 1]],
                    share.of(),
                    hits,
                    sum / share.of(),
                    share.low(),
                    share.high()));
            from = to;
        }
        return bins;
    }
}
