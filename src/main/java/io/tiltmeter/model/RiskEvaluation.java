package io.tiltmeter.model;

import java.io.Serializable;
import java.util.List;

/**
 * How well the risk of instability is predicted from what is known before a run, on runs of groups that the model had
 * not seen.
 *
 * @param model {@code logistic regression} or {@code random forest}
 * @param grouping what was held out together: {@code project}, or {@code run} where there are too few projects
 * @param runs runs with a known outcome
 * @param unstable those that went wrong
 * @param groups number of groups
 * @param brier mean squared error of the predicted risk
 * @param baseBrier the same of the base rate of the other groups
 * @param skill {@code 1 − brier / baseBrier}: 0 is no better than the base rate, 1 is perfect
 * @param skillLow lower end of its 95 % interval, over groups
 * @param skillHigh upper end
 * @param logLoss mean negative log likelihood, in nats
 * @param auc probability that an unstable run is given a higher risk than a stable one
 * @param aucLow lower end of its 95 % interval, over groups
 * @param aucHigh upper end
 * @param useful whether the whole interval of the skill is above 0.01; only then runs are scored
 * @param bins reliability of the predictions, lowest risk first
 * @param drivers features that the model leans on, the strongest first
 */
public record RiskEvaluation(
        String model,
        String grouping,
        int runs,
        int unstable,
        int groups,
        double brier,
        double baseBrier,
        double skill,
        double skillLow,
        double skillHigh,
        double logLoss,
        double auc,
        double aucLow,
        double aucHigh,
        boolean useful,
        List<Bin> bins,
        List<String> drivers)
        implements Serializable {
    public RiskEvaluation {
        bins = List.copyOf(bins);
        drivers = List.copyOf(drivers);
    }

    /**
     * Runs of similar predicted risk.
     *
     * @param from lowest predicted risk of the bin
     * @param to highest
     * @param predicted mean predicted risk
     * @param low lower end of the 95 % interval of the share that went wrong
     * @param high its upper end
     */
    public record Bin(double from, double to, int runs, int unstable, double predicted, double low, double high)
            implements Serializable {}

    /** The bin whose predictions are closest to this risk. */
    public Bin bin(double risk) {
        Bin nearest = bins.get(0);
        for (Bin bin : bins) {
            if (distance(bin, risk) < distance(nearest, risk)) {
                nearest = bin;
            }
        }
        return nearest;
    }

    private static double distance(Bin bin, double risk) {
        return Math.max(0, Math.max(bin.from - risk, risk - bin.to));
    }
}
