package io.tiltmeter.detect;

import io.tiltmeter.stats.Innovation;
import io.tiltmeter.stats.SortedWindow;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Follows a positive loss and finds the stretches (flights) in which it has run away from the lowest smoothed level it had
 * reached.
 *
 * <p>A flight begins when log loss lies above a bar for several points in a row. The bar is the best level plus the rise
 * (or some standard deviations of the run's noise, if more). In a run seen from its beginning it must also give back a
 * share of the fall from the first losses; and there a loss that stays above where it began has lost everything, however
 * little that was, if that lasts a few points longer. A flight ends when the loss is half-way back, when the log
 * pauses for long, or with the attempt.
 */
final class Runaway {
    /** Fewest finite losses to say that nothing ran away. */
    static final int FEWEST = 5;

    private static final int SMOOTH = 5;
    private static final int LATEST = 3;
    private static final int MAX_HOLD = 50;
    private static final int LONG_HOLD = 5;
    private static final int STARTS = 3;
    private static final double PRIOR_SIGMA = 0.08;

    /** A value that was not logged. */
    static final double NONE = Double.NaN;

    /**
     * A stretch of a runaway loss, in the loss's unit.
     *
     * @param peak highest finite value in it, {@link #NONE} where it is non-finite throughout
     * @param worst highest value above which it stayed for some points in a row
     * @param lastValue last finite value in it
     * @param nonFinite non-finite losses at its end, with which the attempt ended
     * @param pausedUntil first step after a long pause of the log that cut it off, or {@link Excursion#OPEN}
     * @param afterPause loss at that step
     */
    record Flight(
            int attempt,
            long from,
            long last,
            long recovered,
            long peakStep,
            double peak,
            double worst,
            double best,
            double lastValue,
            int points,
            int nonFinite,
            long pausedUntil,
            double afterPause) {

        Flight cutOff(long step, double value) {
            return new Flight(
                    attempt, from, last, recovered, peakStep, peak, worst, best, lastValue, points, nonFinite, step,
                    value);
        }
    }

    private final double rise;
    private final double noiseSigmas;
    private final double lostShare;
    private final double holdShare;
    private final double aboveStartMargin;
    private final double nonFinitePoints;

    private final Innovation innovation = new Innovation(
            ExcursionTracker.LEVEL, ExcursionTracker.SCALE, PRIOR_SIGMA, ExcursionTracker.FADE, ExcursionTracker.STALE);
    private final SortedWindow smooth = new SortedWindow(SMOOTH);
    private final SortedWindow latest = new SortedWindow(LATEST);
    private final List<Flight> flights = new ArrayList<>();

    private long count;
    private boolean positive = true;
    private long firstStep;
    private double start = Double.NEGATIVE_INFINITY;
    private double logStart = Double.NEGATIVE_INFINITY;
    private double best = Double.POSITIVE_INFINITY;
    private int nonFiniteInARow;
    private long firstNonFinite;
    private double lastFinite = NONE;
    private int lastAttempt;
    private long lastStep;

    // Points in a row above the first losses, and where that began.
    private long aboveStart;
    private long aboveStartFrom;
    private double aboveStartPeak;
    private long aboveStartPeakStep;

    // A streak of points above the bar; it becomes a flight once it is long enough.
    private int streak;
    private double sureBar;
    private boolean flying;
    private boolean early;
    private int attempt;
    private long from;
    private long last;
    private double lowest;
    private double worst;
    private double peak;
    private long peakStep;
    private double lastValue;
    private int points;

    Runaway(DetectorSettings settings) {
        rise = settings.get("rise");
        noiseSigmas = settings.get("noise-sigmas");
        lostShare = settings.get("lost-share");
        holdShare = settings.get("hold-share");
        aboveStartMargin = settings.get("above-start");
        nonFinitePoints = settings.get("non-finite-points");
    }

    /** Number of finite losses. */
    long count() {
        return count;
    }

    boolean isPositive() {
        return positive;
    }

    /** Loss at the beginning: the highest of the first three. */
    double start() {
        return start;
    }

    void observe(int ofAttempt, long step, double value) {
        lastStep = step;
        if (!Numbers.isUsable(value)) {
            if (nonFiniteInARow++ == 0) {
                firstNonFinite = step;
                lastAttempt = ofAttempt;
            }
            return;
        }
        nonFiniteInARow = 0;
        lastFinite = value;
        count++;
        if (value <= 0 || !positive) {
            positive = false;
            return;
        }
        double y = Math.log(value);
        if (count == 1) {
            firstStep = step;
        }
        if (count <= STARTS) {
            start = Math.max(start, value);
            logStart = Math.max(logStart, y);
        }
        if (innovation.arrive(step)) {
            // What happened in the pause is not known; what was seen is that it did not come back before.
            int before = flights.size();
            if (flying) {
                land(Excursion.OPEN);
            }
            if (flights.size() > before) {
                flights.set(before, flights.get(before).cutOff(step, value));
            }
            smooth.clear();
            latest.clear();
        }
        smooth.add(y);
        latest.add(y);
        watchStart(step, y);
        boolean clearlyBelow = y <= best + rise && y <= logStart;
        if (!clearlyBelow && y > bar()) {
            above(ofAttempt, step, value, y);
        } else {
            below(step, y);
        }
        if (!flying && aboveStart >= Math.max(2 * ExcursionTracker.EARLY, count / 4)) {
            flying = true;
            early = false;
            attempt = ofAttempt;
            from = aboveStartFrom;
            last = step;
            peak = Math.exp(aboveStartPeak);
            peakStep = aboveStartPeakStep;
            lastValue = value;
            worst = start;
            points = (int) Math.min(Integer.MAX_VALUE, aboveStart);
        }
    }

    /**
     * A run of 20 points, and a quarter of all, none of which is as low as the highest of the first three losses: were
     * nothing learned and the noise independent, the chance of it is 1 in C(23, 3) = 1,771, and training should learn. A
     * loss that lingers a trifle above its start has not learned, but it has not run away either.
     */
    private void watchStart(long step, double y) {
        if (y <= logStart + aboveStartMargin || !isSeenFromItsBeginning()) {
            aboveStart = 0;
            return;
        }
        if (aboveStart++ == 0) {
            aboveStartFrom = step;
            aboveStartPeak = y;
            aboveStartPeakStep = step;
        } else if (y > aboveStartPeak) {
            aboveStartPeak = y;
            aboveStartPeakStep = step;
        }
    }

    private boolean isSeenFromItsBeginning() {
        return firstStep <= 2 * innovation.usualStride();
    }

    /** Log loss above which a point counts as run away. */
    private double bar() {
        if (best == Double.POSITIVE_INFINITY) {
            return Double.POSITIVE_INFINITY;
        }
        double sigma = innovation.scale();
        sureBar = best + Math.max(rise, noiseSigmas * sigma);
        if (!isSeenFromItsBeginning()) {
            return sureBar;
        }
        double bestLoss = Math.exp(best);
        sureBar = Math.max(sureBar, Math.log(bestLoss + lostShare * Math.max(0, start - bestLoss)));
        return hasLearned(sigma) ? Math.min(sureBar, logStart + Math.max(sigma, aboveStartMargin)) : sureBar;
    }

    private boolean hasLearned(double sigma) {
        return count > ExcursionTracker.EARLY && logStart - best >= 2 * sigma;
    }

    private int hold() {
        return (int) Math.min(MAX_HOLD, Math.max(2, Math.ceil(holdShare * count)));
    }

    private void above(int ofAttempt, long step, double value, double y) {
        if (streak == 0 && !flying) {
            attempt = ofAttempt;
            from = step;
            early = count <= ExcursionTracker.EARLY && isSeenFromItsBeginning();
            peak = 0;
            points = 0;
            worst = 0;
        }
        lowest = streak == 0 ? y : Math.min(lowest, y);
        streak++;
        points++;
        last = step;
        lastValue = value;
        if (value > peak) {
            peak = value;
            peakStep = step;
        }
        if (streak >= (lowest > sureBar ? hold() : Math.max(LONG_HOLD, hold()))) {
            flying = true;
            worst = Math.max(worst, Math.exp(lowest));
            streak = streak > MAX_HOLD ? 0 : streak;
        }
    }

    private void below(long step, double y) {
        streak = 0;
        if (flying) {
            if (aboveStart > 0) {
                last = step;
                lastValue = Math.exp(y);
                points++;
                return;
            }
            // Back when two of the last three are: a single low value in between is noise.
            double back = best + Math.max(rise, noiseSigmas * innovation.scale()) / 2;
            if (isSeenFromItsBeginning()) {
                double bestLoss = Math.exp(best);
                back = Math.max(back, Math.log(bestLoss + lostShare / 2 * Math.max(0, start - bestLoss)));
            }
            if (latest.median() > back) {
                last = step;
                lastValue = Math.exp(y);
                return;
            }
            land(step);
        }
        innovation.learn(y);
        best = Math.min(best, smooth.median());
    }

    private void land(long recovered) {
        if (flying && isFlight(recovered)) {
            keep(flight(recovered));
        }
        flying = false;
        streak = 0;
    }

    private void keep(Flight flight) {
        if (flights.size() < Detector.Tracker.MAX_FINDINGS) {
            flights.add(flight);
        }
    }

    /**
     * What came back within a few points was a spike; what went up while the run was warming up counts only if it stayed
     * up for long after; and what came back before anything had been learned lost nothing.
     */
    private boolean isFlight(long recovered) {
        if (recovered == Excursion.OPEN) {
            return !early || points >= 3 * ExcursionTracker.EARLY;
        }
        boolean hadLearned = !isSeenFromItsBeginning() || hasLearned(innovation.scale());
        return hadLearned && points >= (early ? 3 * ExcursionTracker.EARLY : LONG_HOLD);
    }

    private Flight flight(long recovered) {
        int nonFinite = recovered == Excursion.OPEN ? nonFiniteInARow : 0;
        return new Flight(
                attempt,
                from,
                nonFinite > 0 ? lastStep : last,
                recovered,
                peakStep,
                peak,
                worst,
                Math.exp(best),
                lastValue,
                points,
                nonFinite,
                Excursion.OPEN,
                NONE);
    }

    /** A new attempt: a flight of the old one ended with it; what had been learned stays known. */
    void restart() {
        landing().ifPresent(this::keep);
        flying = false;
        streak = 0;
        aboveStart = 0;
        nonFiniteInARow = 0;
        smooth.clear();
        latest.clear();
        innovation.forgetLevel();
    }

    /** Flights so far; the last may still be under way. A loss that ends in NaN ran away as well. */
    List<Flight> flights() {
        List<Flight> all = new ArrayList<>(flights);
        landing().ifPresent(all::add);
        return all;
    }

    /** The flight under way where the attempt ends here. */
    private Optional<Flight> landing() {
        boolean endsNonFinite = nonFiniteInARow >= nonFinitePoints && positive && count > 0;
        if ((flying && isFlight(Excursion.OPEN)) || (streak >= 1 && endsNonFinite)) {
            return Optional.of(flight(Excursion.OPEN));
        }
        return endsNonFinite
                ? Optional.of(new Flight(
                        lastAttempt,
                        firstNonFinite,
                        lastStep,
                        Excursion.OPEN,
                        firstNonFinite,
                        NONE,
                        0,
                        Math.exp(best),
                        lastFinite,
                        nonFiniteInARow,
                        nonFiniteInARow,
                        Excursion.OPEN,
                        NONE))
                : Optional.empty();
    }
}
