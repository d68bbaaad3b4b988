package io.tiltmeter.stats;

/**
 * How far a value lies above what its own recent past lets expect, in robust standard deviations.
 *
 * <p>The expectation is the median of the last {@code level} values. The deviation from it (the innovation) is compared
 * with innovations of the last {@code scale} values: their median and 1.4826 × MAD. A mean and a standard deviation
 * would be drawn by the very peaks that are looked for. Where the past is short, a prior scale takes its place and fades
 * out linearly over the first {@code fade} innovations. A level of k values is uncertain itself: its variance is that of
 * one value times 1/k for k ≤ 2 (where the median is the mean) and π/2k above (a median's asymptotic variance), so that
 * the scale, measured against full levels, is widened while the level is not full.
 *
 * <p>Cost of one value: two insertions into small sorted arrays, and every 8th time one pass for the MAD.
 */
public final class Innovation {
    private static final int REFRESH = 8;
    private static final int STRIDES = 5;

    private final SortedWindow level;
    private final SortedWindow scale;
    private final SortedWindow strides = new SortedWindow(STRIDES);
    private final double priorScale;
    private final int fade;
    private final double staleStrides;

    private long lastStep;
    private boolean started;
    private int sinceRefresh;
    private double centre;
    private double spread;

    /**
     * @param level values that make the level
     * @param scale innovations that make the scale
     * @param priorScale standard deviation assumed before there is a past
     * @param fade innovations after which the prior no longer counts
     * @param staleStrides a pause of more than this many usual distances between logged steps makes the level stale
     */
    public Innovation(int level, int scale, double priorScale, int fade, double staleStrides) {
        this.level = new SortedWindow(level);
        this.scale = new SortedWindow(scale);
        this.priorScale = priorScale;
        this.fade = fade;
        this.staleStrides = staleStrides;
        this.spread = priorScale;
    }

    /**
     * Tells the step of the value that comes next, so that a level from long ago is forgotten.
     *
     * @return whether the pause made the level stale
     */
    public boolean arrive(long step) {
        boolean stale = false;
        if (started) {
            long distance = Math.abs(step - lastStep);
            stale = strides.size() > 0 && distance > staleStrides * usualStride();
            if (stale) {
                level.clear();
            }
            if (step > lastStep) {
                strides.add(distance);
            }
        }
        started = true;
        lastStep = step;
        return stale;
    }

    /** Smallest of the last 5 distances between steps, at least 1: a jump, or several, must not pass for the stride. */
    public double usualStride() {
        return strides.size() == 0 ? 1 : Math.max(1, strides.min());
    }

    /** Number of values the level rests on. */
    public int levelSize() {
        return level.size();
    }

    /** Number of innovations the scale rests on. */
    public int scaleSize() {
        return scale.size();
    }

    /** Expected value, NaN before there is any. */
    public double level() {
        return level.size() == 0 ? Double.NaN : level.median() + centre;
    }

    /** Robust standard deviation of an innovation against a full level, never below a billionth of the prior. */
    public double scale() {
        return spread;
    }

    /** Robust standard deviation of an innovation against the level there is. */
    public double sigma() {
        int k = level.size();
        return k == level.capacity()
                ? spread
                : spread * Math.sqrt((1 + variance(k)) / (1 + variance(level.capacity())));
    }

    private static double variance(int k) {
        return k <= 2 ? 1.0 / Math.max(1, k) : Math.PI / 2 / k;
    }

    /** Deviation of a value from the level in standard deviations; NaN before there is a level. */
    public double score(double value) {
        return (value - level()) / sigma();
    }

    /** Takes a value into the past. */
    public void learn(double value) {
        if (level.size() > 0) {
            scale.add(value - level.median());
            if (++sinceRefresh >= REFRESH || scale.size() <= REFRESH) {
                refresh();
            }
        }
        level.add(value);
    }

    /** Takes an abnormal value into the scale only, so that a run of jumps is in the end seen as this series' nature. */
    public void learnScale(double value) {
        if (level.size() > 0) {
            scale.add(value - level.median());
        }
    }

    /** Forgets the level, not the scale: what comes next is a new start of the same kind of series. */
    public void forgetLevel() {
        level.clear();
        started = false;
    }

    /** Forgets everything. */
    public void reset() {
        level.clear();
        scale.clear();
        strides.clear();
        started = false;
        centre = 0;
        spread = priorScale;
    }

    private void refresh() {
        sinceRefresh = 0;
        int n = scale.size();
        double own = Robust.MAD_TO_SIGMA * scale.mad();
        double prior = Math.max(0, 1 - n / (double) fade);
        // A trend shifts all innovations alike; believe it only once it rests on as many values as the prior needs.
        centre = prior > 0 ? 0 : scale.median();
        spread = Math.max(Math.sqrt(prior * priorScale * priorScale + (1 - prior) * own * own), priorScale * 1e-9);
    }
}
