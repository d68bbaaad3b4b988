package io.tiltmeter.detect;

import io.tiltmeter.stats.Innovation;
import io.tiltmeter.stats.SortedWindow;
import java.util.ArrayList;
import java.util.List;

/** Follows a positive loss and finds where it runs away from the lowest level it had reached. */
final class Runaway {
    /** Fewest finite losses to say that nothing ran away. */
    static final int FEWEST = 5;

    private static final int SMOOTH = 5;
    private static final int MAX_HOLD = 50;
    private static final int LONG_HOLD = 5;
    private static final int STARTS = 3;
    private static final double PRIOR_SIGMA = 0.08;

    /**
     * A stretch of a runaway loss, in the loss's unit.
     *
     * @param worst highest level that was held
     * @param lastLevel smoothed loss at its end
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
            double lastLevel,
            int points,
            boolean endsNonFinite) {}

    private final double rise;
    private final double noiseSigmas;
    private final double lostShare;
    private final double holdShare;

    private final Innovation innovation = new Innovation(
            ExcursionTracker.LEVEL, ExcursionTracker.SCALE, PRIOR_SIGMA, ExcursionTracker.FADE, ExcursionTracker.STALE);
    private final SortedWindow smooth = new SortedWindow(SMOOTH);
    private final List<Flight> flights = new ArrayList<>();

    private long count;
    private boolean positive = true;
    private double start = Double.NEGATIVE_INFINITY;
    private double best = Double.POSITIVE_INFINITY;
    private int nonFiniteInARow;
    private long firstNonFinite;
    private int lastAttempt;
    private long lastStep;

    // A streak of points above the bar; it becomes a flight once it is long enough.
    private int streak;
    private double bar;
    private double sureBar;
    private boolean flying;
    private int attempt;
    private long from;
    private long last;
    private double lowest;
    private double worst;
    private double peak;
    private long peakStep;
    private int points;

    Runaway(DetectorSettings settings) {
        rise = settings.get("rise");
        noiseSigmas = settings.get("noise-sigmas");
        lostShare = settings.get("lost-share");
        holdShare = settings.get("hold-share");
    }

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
        count++;
        if (value <= 0 || !positive) {
            positive = false;
            return;
        }
        if (count <= STARTS) {
            start = Math.max(start, value);
        }
        double y = Math.log(value);
        innovation.arrive(step);
        smooth.add(y);
        if (y > updateBar() && count > 1) {
            above(ofAttempt, step, value, y);
        } else {
            below(step, y);
        }
    }

    /** Log loss above which a point counts as run away. */
    private double updateBar() {
        if (best == Double.POSITIVE_INFINITY) {
            return Double.POSITIVE_INFINITY;
        }
        double bestLoss = Math.exp(best);
        double byNoise = best + Math.max(rise, noiseSigmas * innovation.sigma());
        double byShare = Math.log(bestLoss + lostShare * Math.max(0, start - bestLoss));
        bar = Math.max(byNoise, byShare);
        sureBar = bar;
        // Above where it began everything is lost, however little that was; noise is told by a longer streak.
        double toStart = Math.log(start);
        if (count >= ExcursionTracker.EARLY && toStart - best >= 2 * innovation.sigma()) {
            bar = Math.min(bar, toStart + innovation.sigma());
        }
        return bar;
    }

    private int hold() {
        return (int) Math.min(MAX_HOLD, Math.max(2, Math.ceil(holdShare * count)));
    }

    private void above(int ofAttempt, long step, double value, double y) {
        if (streak == 0 && !flying) {
            attempt = ofAttempt;
            from = step;
            peak = 0;
            points = 0;
            worst = 0;
            lowest = Double.POSITIVE_INFINITY;
        }
        streak++;
        points++;
        last = step;
        lowest = Math.min(streak == 1 ? Double.POSITIVE_INFINITY : lowest, y);
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
            // Back only when the smoothed loss is: a single low value in between is noise.
            double back = best + Math.max(rise, noiseSigmas * innovation.sigma()) / 2;
            double backShare = Math.log(Math.exp(best) + lostShare / 2 * Math.max(0, start - Math.exp(best)));
            if (smooth.median() <= Math.max(back, backShare)) {
                flights.add(flight(step));
                flying = false;
            } else {
                return;
            }
        }
        innovation.learn(y);
        best = Math.min(best, smooth.median());
    }

    private Flight flight(long recovered) {
        boolean nonFinite = recovered == Excursion.OPEN && nonFiniteInARow > 0;
        return new Flight(
                attempt,
                from,
                nonFinite ? lastStep : last,
                recovered,
                peakStep,
                peak,
                worst,
                Math.exp(best),
                Math.exp(smooth.median()),
                points,
                nonFinite);
    }

    /** A new attempt: a flight of the old one ended with it, and the level starts anew; what had been learned stays known. */
    void restart() {
        if (flying) {
            flights.add(flight(Excursion.OPEN));
        }
        flying = false;
        streak = 0;
        nonFiniteInARow = 0;
        smooth.clear();
        innovation.forgetLevel();
    }

    /** Flights so far; the last may still be under way. */
    List<Flight> flights() {
        List<Flight> all = new ArrayList<>(flights);
        if (flying || (streak >= 1 && nonFiniteInARow >= 2)) {
            all.add(flight(Excursion.OPEN));
        } else if (nonFiniteInARow >= 2 && positive && count > 0) {
            all.add(new Flight(
                    lastAttempt,
                    firstNonFinite,
                    lastStep,
                    Excursion.OPEN,
                    firstNonFinite,
                    Math.exp(smooth.max()),
                    0,
                    Math.exp(best),
                    Math.exp(smooth.median()),
                    nonFiniteInARow,
                    true));
        }
        return all;
    }
}
