package io.tiltmeter.stats;

/**
 * Turns scores into probabilities: {@code 1 / (1 + exp(−(slope·score + offset)))}. Source: Platt, Probabilistic outputs for
 * support vector machines (1999), with the step control of Lin, Lin and Weng, Machine Learning 68 (2007). The targets are
 * drawn in, (n₊ + 1)/(n₊ + 2) and 1/(n₋ + 2) in place of 1 and 0, so that scores which separate few runs completely do not
 * become certainties.
 */
public record Platt(double slope, double offset) {
    private static final int MOST_STEPS = 100;
    private static final double GRADIENT = 1e-7;
    private static final double RIDGE = 1e-10;
    private static final double SHORTEST = 1e-10;

    /**
     * The most likely curve that does not fall: scores which order runs the wrong way round say nothing, and then all runs
     * get one probability.
     *
     * @param scores one for each run, finite
     * @param labels whether it went wrong, as many
     */
    public static Platt fit(double[] scores, boolean[] labels) {
        int positive = 0;
        for (boolean label : labels) {
            positive += label ? 1 : 0;
        }
        int negative = labels.length - positive;
        double high = (positive + 1.0) / (positive + 2);
        double low = 1.0 / (negative + 2);
        double a = 0;
        double b = Math.log((positive + 1.0) / (negative + 1));
        double loss = loss(scores, labels, high, low, a, b);
        for (int step = 0; step < MOST_STEPS; step++) {
            double aa = RIDGE;
            double bb = RIDGE;
            double ab = 0;
            double ga = 0;
            double gb = 0;
            for (int i = 0; i < scores.length; i++) {
                double p = logistic(a * scores[i] + b);
                double difference = p - (labels[i] ? high : low);
                double weight = p * (1 - p);
                aa += scores[i] * scores[i] * weight;
                bb += weight;
                ab += scores[i] * weight;
                ga += scores[i] * difference;
                gb += difference;
            }
            if (Math.abs(ga) < GRADIENT && Math.abs(gb) < GRADIENT) {
                break;
            }
            double determinant = aa * bb - ab * ab;
            double da = -(bb * ga - ab * gb) / determinant;
            double db = -(aa * gb - ab * ga) / determinant;
            double descent = ga * da + gb * db;
            double length = 1;
            double next = loss(scores, labels, high, low, a + da, b + db);
            while (!(next < loss + 1e-4 * length * descent) && length > SHORTEST) {
                length /= 2;
                next = loss(scores, labels, high, low, a + length * da, b + length * db);
            }
            if (length <= SHORTEST) {
                break;
            }
            a += length * da;
            b += length * db;
            loss = next;
        }
        return a >= 0 ? new Platt(a, b) : new Platt(0, Math.log((positive + 1.0) / (negative + 1)));
    }

    /** The probability that a score stands for. */
    public double of(double score) {
        return logistic(slope * score + offset);
    }

    /** The logistic function. */
    public static double logistic(double logit) {
        return logit >= 0 ? 1 / (1 + Math.exp(-logit)) : Math.exp(logit) / (1 + Math.exp(logit));
    }

    private static double loss(double[] scores, boolean[] labels, double high, double low, double a, double b) {
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
            double logit = a * scores[i] + b;
            double target = labels[i] ? high : low;
            // ln(1 + e^x) − t·x, without overflow.
            sum += Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - target * logit;
        }
        return sum;
    }
}
