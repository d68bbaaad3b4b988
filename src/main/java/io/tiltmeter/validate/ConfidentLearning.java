package io.tiltmeter.validate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which labels are likely wrong, from the probabilities that a model gives examples it was not trained on. A class's threshold
 * is the mean probability of the examples labelled with it; an example is suspect if another class reaches its own threshold
 * while its label's probability stays below the label's. Source: Northcutt, Jiang and Chuang, Confident Learning: Estimating
 * Uncertainty in Dataset Labels, JAIR 70 (2021).
 */
public final class ConfidentLearning {
    private final double[][] probabilities;
    private final int[] labels;
    private final double[] thresholds;

    /**
     * A suspect example.
     *
     * @param example its index
     * @param label the class it is labelled with
     * @param likely the most probable class of those that reach their thresholds
     * @param ofLabel probability of its label
     * @param ofLikely probability of the other class
     */
    public record Suspect(int example, int label, int likely, double ofLabel, double ofLikely) {}

    /**
     * Examples.
     *
     * @param probabilities by example and class, each by a model that has not seen the example
     * @param labels class of each example
     * @throws IllegalArgumentException if there are not as many labels as examples
     */
    public ConfidentLearning(double[][] probabilities, int[] labels) {
        if (probabilities.length != labels.length) {
            throw new IllegalArgumentException("There are " + labels.length + " labels of " + probabilities.length
                    + " examples, expected one each");
        }
        this.probabilities = probabilities;
        this.labels = labels;
        this.thresholds = thresholds();
    }

    private double[] thresholds() {
        int classes = probabilities.length == 0 ? 0 : probabilities[0].length;
        double[] sums = new double[classes];
        long[] counts = new long[classes];
        for (int i = 0; i < labels.length; i++) {
            sums[labels[i]] += probabilities[i][labels[i]];
            counts[labels[i]]++;
        }
        for (int c = 0; c < classes; c++) {
            // A class without examples is no candidate.
            sums[c] = counts[c] == 0 ? Double.POSITIVE_INFINITY : sums[c] / counts[c];
        }
        return sums;
    }

    /** The threshold of a class: the mean probability of its examples, infinite if it has none. */
    public double threshold(int label) {
        return thresholds[label];
    }

    /** Share of the examples whose label is the most probable class. */
    public double accuracy() {
        int right = 0;
        for (int i = 0; i < labels.length; i++) {
            right += mostProbable(probabilities[i]) == labels[i] ? 1 : 0;
        }
        return labels.length == 0 ? 0 : (double) right / labels.length;
    }

    private static int mostProbable(double[] of) {
        int best = 0;
        for (int c = 1; c < of.length; c++) {
            best = of[c] > of[best] ? c : best;
        }
        return best;
    }

    /** The suspects, those whose label is the least probable beside the other class first. */
    public List<Suspect> suspects() {
        List<Suspect> suspects = new ArrayList<>();
        for (int i = 0; i < labels.length; i++) {
            int likely = -1;
            for (int c = 0; c < thresholds.length; c++) {
                if (probabilities[i][c] >= thresholds[c]
                        && (likely < 0 || probabilities[i][c] > probabilities[i][likely])) {
                    likely = c;
                }
            }
            if (likely >= 0 && likely != labels[i] && probabilities[i][labels[i]] < thresholds[labels[i]]) {
                suspects.add(new Suspect(i, labels[i], likely, probabilities[i][labels[i]], probabilities[i][likely]));
            }
        }
        suspects.sort(Comparator.comparingDouble((Suspect each) -> each.ofLabel() - each.ofLikely())
                .thenComparingInt(Suspect::example));
        return suspects;
    }
}
