package io.tiltmeter.detect;

import io.tiltmeter.stats.Innovation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Follows one series and collects its {@link Excursion}s. While one is open the level stays as it was, so that a spike
 * cannot hide its own tail; after {@code adopt} abnormal points in a row the series is taken to have found a new level.
 *
 * <p>Positive series are judged on their logarithm, for noise of losses and gradient norms is proportional to their size
 * while they fall by orders of magnitude. A series that turns out not to be positive is judged as it is, and starts anew.
 */
final class ExcursionTracker {
    /**
     * Points the level is the median of. The median of n values adds π/2n to the variance of an innovation: 5 % here. A
     * longer one lags behind a falling loss.
     */
    static final int LEVEL = 31;
    /**
     * Innovations the scale rests on. A MAD of n values has a relative error of about 1.17/√n: 7 % here; OLMo-core uses
     * 128 for a standard deviation, which is as certain at half the number.
     */
    static final int SCALE = 256;
    /** Innovations after which a prior scale no longer counts: the MAD's relative error is then 15 %. */
    static final int FADE = 64;
    /** A pause of more usual strides than the level has points makes the level stale. */
    static final double STALE = 32;
    /** First points of a run that is seen from its beginning: compilation, warm-up, the steepest fall. */
    static final int EARLY = 10;

    private static final Comparator<Excursion> STRONGEST =
            Comparator.comparingDouble(Excursion::peakScore).reversed().thenComparingLong(Excursion::from);

    /** When an excursion opens and closes. */
    record Rule(double openSigma, double closeSigma, double minRise, double highRise, int adopt, double priorScale) {}

    private final Rule rule;
    private final Innovation innovation;
    private final List<Excursion> closed = new ArrayList<>();
    private long dropped;
    private long count;
    private long firstStep;
    private boolean logarithmic = true;

    private boolean open;
    private int attempt;
    private long from;
    private long last;
    private long peakStep;
    private double peakScore;
    private double level;
    private double peak;
    private double sigma;
    private int abnormal;
    private int high;
    private int longestHigh;

    ExcursionTracker(Rule rule) {
        this.rule = rule;
        this.innovation = new Innovation(LEVEL, SCALE, rule.priorScale(), FADE, STALE);
    }

    /** Takes a finite value. */
    void observe(int ofAttempt, long step, double value) {
        if (logarithmic && value <= 0) {
            logarithmic = false;
            abandon();
            innovation.reset();
        }
        double y = logarithmic ? Math.log(value) : value;
        if (count == 0) {
            firstStep = step;
        }
        innovation.arrive(step);
        boolean mayJudge = innovation.levelSize() >= 1
                && !(count < EARLY && isSeenFromItsBeginning())
                // Without logarithms there is no prior: the scale must be the series' own.
                && (logarithmic || innovation.scaleSize() >= FADE);
        count++;
        if (open) {
            during(step, y);
        } else if (mayJudge
                && innovation.score(y) >= rule.openSigma()
                && y - innovation.level() >= (logarithmic ? rule.minRise() : 0)) {
            begin(ofAttempt, step, y);
        } else {
            innovation.learn(y);
        }
    }

    private void begin(int ofAttempt, long step, double y) {
        open = true;
        attempt = ofAttempt;
        from = step;
        level = innovation.level();
        sigma = innovation.sigma();
        peak = Double.NEGATIVE_INFINITY;
        abnormal = 0;
        high = 0;
        longestHigh = 0;
        during(step, y);
    }

    private void during(long step, double y) {
        double score = (y - level) / sigma;
        if (score < rule.closeSigma() || y - level < rule.minRise() / 2) {
            close(step);
            innovation.learn(y);
            return;
        }
        innovation.learnScale(y);
        abnormal++;
        last = step;
        high = y - level >= rule.highRise() ? high + 1 : 0;
        longestHigh = Math.max(longestHigh, high);
        if (y > peak) {
            peak = y;
            peakStep = step;
            peakScore = score;
        }
        if (abnormal >= rule.adopt()) {
            close(Excursion.OPEN);
            innovation.forgetLevel();
            innovation.learn(y);
        }
    }

    private Excursion current(long recovered) {
        return new Excursion(
                attempt,
                from,
                last,
                recovered,
                peakStep,
                peakScore,
                level,
                peak,
                sigma,
                abnormal,
                longestHigh,
                logarithmic);
    }

    private void close(long recovered) {
        open = false;
        closed.add(current(recovered));
        if (closed.size() >= 2 * Detector.Tracker.MAX_FINDINGS) {
            closed.sort(STRONGEST);
            dropped += closed.size() - Detector.Tracker.MAX_FINDINGS;
            closed.subList(Detector.Tracker.MAX_FINDINGS, closed.size()).clear();
        }
    }

    private void abandon() {
        if (open) {
            close(Excursion.OPEN);
        }
    }

    /** The run starts again, perhaps some steps back, from a checkpoint. */
    void restart() {
        abandon();
        innovation.forgetLevel();
    }

    /** Excursions so far in order of time, the last perhaps open. */
    List<Excursion> excursions() {
        List<Excursion> all = new ArrayList<>(closed);
        if (open) {
            all.add(current(Excursion.OPEN));
        }
        all.sort(Comparator.comparingInt(Excursion::attempt).thenComparingLong(Excursion::from));
        return all;
    }

    /** How many weaker excursions were forgotten to bound memory. */
    long dropped() {
        return dropped;
    }

    /** Number of values seen. */
    long count() {
        return count;
    }

    /** Usual distance between logged steps. */
    double stride() {
        return innovation.usualStride();
    }

    private boolean isSeenFromItsBeginning() {
        return firstStep <= 2 * innovation.usualStride();
    }
}
