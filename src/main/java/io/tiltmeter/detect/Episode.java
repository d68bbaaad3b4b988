package io.tiltmeter.detect;

/** One worker away from its place for a while. */
final class Episode {
    final int attempt;
    final int worker;
    final boolean up;
    /** Whether the worker was there from the run's first step, so that nothing is known of it otherwise. */
    final boolean fromStart;
    /** Standard deviation between workers at one step, before. */
    final double sigma;

    final boolean isRatio;
    long from;
    long to;
    long points;
    long peakStep;
    double peak;
    boolean open = true;
    private double sum;
    private double sumOfLevels;
    private int chunks;
    /** Chunks in a row at which the worker was back at its place. */
    int back;

    Episode(int attempt, int worker, boolean up, boolean fromStart, double sigma, boolean isRatio, long from) {
        this.attempt = attempt;
        this.worker = worker;
        this.up = up;
        this.fromStart = fromStart;
        this.sigma = sigma;
        this.isRatio = isRatio;
        this.from = from;
        to = from;
        peakStep = from;
    }

    /** Mean distance from the place, with its sign. */
    double mean() {
        return chunks == 0 ? 0 : sum / chunks;
    }

    /** Mean ratio to what it was, at least 1 where it was above and at most 1 where it was below. */
    double ratio() {
        return Math.exp(mean());
    }

    /** Mean distance in standard deviations between workers, positive. */
    double sigmas() {
        return Math.abs(mean()) / Math.max(sigma, isRatio ? LevelWatch.ROUNDING : Double.MIN_NORMAL);
    }

    /** Mean of what it logged itself: of its logarithm where values are ratios. */
    double level() {
        return chunks == 0 ? 0 : sumOfLevels / chunks;
    }

    void add(double distance, double level, long last, int steps) {
        sum += distance;
        sumOfLevels += level;
        chunks++;
        to = Math.max(to, last);
        points += steps;
        if (Math.abs(distance) > Math.abs(peak)) {
            peak = distance;
            peakStep = last;
        }
    }
}
