package io.tiltmeter.correlate;

import io.tiltmeter.correlate.FleetRun.Event;
import io.tiltmeter.stats.Tails;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Incidents of several runs within a few minutes of the clock.
 *
 * <p>Runs are their own controls: given that a run has its incident at some time, the chance that it falls into the
 * minutes after another run's is those minutes over the time that it ran, or, where that is more, the share of all
 * incidents of the kind that came at such an age of a run. So sweeps that are started together and stumble at the same
 * age make no pattern of time. Every incident opens one window; all of them count as tests.
 *
 * @param chance mean chance of the other affected runs to fall into the window
 * @param others how many other affected runs could have
 */
record TimeClaim(
        Kind kind,
        long fromMicros,
        long toMicros,
        BitSet hits,
        BitSet exposed,
        double chance,
        int others,
        double pValue,
        double qValue)
        implements Claim {
    /** Trouble of storage, network or power lasts minutes; monitoring of clusters looks over 5 to 15. */
    static final long WINDOW_MICROS = Duration.ofMinutes(10).toNanos() / 1000;
    /** Windows with more incidents come first; beyond so many nobody reads on. */
    private static final int MOST_WINDOWS = 200;

    TimeClaim withQ(double q) {
        return new TimeClaim(kind, fromMicros, toMicros, hits, exposed, chance, others, pValue, q);
    }

    /** Number of incidents whose time is known: each opens a window. */
    static int windows(Kind kind) {
        return (int) kind.first().values().stream()
                .filter(event -> event.timeMicros() != FleetRun.NO_TIME)
                .count();
    }

    private record Timed(int run, long time, long age) {}

    /** Disjoint windows with enough incidents, the fullest first. */
    static List<TimeClaim> of(Kind kind, List<FleetRun> runs, int fewest) {
        List<Timed> timed = new ArrayList<>();
        for (Map.Entry<Integer, Event> entry : kind.first().entrySet()) {
            FleetRun run = runs.get(entry.getKey());
            long time = entry.getValue().timeMicros();
            if (time != FleetRun.NO_TIME && run.firstMicros() != FleetRun.NO_TIME) {
                timed.add(new Timed(entry.getKey(), time, time - run.firstMicros()));
            }
        }
        timed.sort(Comparator.comparingLong(Timed::time).thenComparingInt(Timed::run));
        long[] ages = timed.stream().mapToLong(Timed::age).sorted().toArray();
        int[] end = ends(timed);
        List<Integer> anchors = new ArrayList<>();
        for (int i = 0; i < timed.size(); i++) {
            if (end[i] - i >= fewest) {
                anchors.add(i);
            }
        }
        anchors.sort(
                Comparator.comparingInt((Integer i) -> end[i] - i).reversed().thenComparing(i -> i));
        boolean[] taken = new boolean[timed.size()];
        List<TimeClaim> claims = new ArrayList<>();
        for (int i : anchors) {
            if (!taken[i] && !taken[end[i] - 1] && claims.size() < MOST_WINDOWS) {
                Arrays.fill(taken, i, end[i], true);
                claims.add(claim(kind, timed, i, end[i], ages, runs));
            }
        }
        return claims;
    }

    private static int[] ends(List<Timed> timed) {
        int[] end = new int[timed.size()];
        int to = 0;
        for (int i = 0; i < end.length; i++) {
            while (to < end.length && timed.get(to).time() - timed.get(i).time() <= WINDOW_MICROS) {
                to++;
            }
            end[i] = to;
        }
        return end;
    }

    private static TimeClaim claim(Kind kind, List<Timed> timed, int from, int to, long[] ages, List<FleetRun> runs) {
        long start = timed.get(from).time();
        BitSet hits = new BitSet();
        timed.subList(from, to).forEach(t -> hits.set(t.run()));
        double sum = 0;
        int others = 0;
        for (Timed each : timed) {
            FleetRun run = runs.get(each.run());
            if (each.run() != timed.get(from).run() && isActive(run, start)) {
                others++;
                sum += chance(run, each, start, ages);
            }
        }
        BitSet exposed = new BitSet();
        for (int r = 0; r < runs.size(); r++) {
            exposed.set(r, hits.get(r) || (kind.population().get(r) && isActive(runs.get(r), start)));
        }
        double chance = others == 0 ? 1 : sum / others;
        return new TimeClaim(
                kind,
                start,
                timed.get(to - 1).time(),
                hits,
                exposed,
                chance,
                others,
                Tails.binomialUpper(others, chance, to - from - 1),
                1);
    }

    private static boolean isActive(FleetRun run, long start) {
        return run.firstMicros() != FleetRun.NO_TIME
                && run.firstMicros() <= start + WINDOW_MICROS
                && run.lastMicros() >= start;
    }

    private static double chance(FleetRun run, Timed own, long start, long[] ages) {
        double uniform = WINDOW_MICROS / (double) Math.max(WINDOW_MICROS, run.lastMicros() - run.firstMicros());
        long from = start - run.firstMicros();
        int within = rank(ages, from + WINDOW_MICROS + 1) - rank(ages, from);
        boolean counted = own.age() >= from && own.age() <= from + WINDOW_MICROS;
        double atThisAge = (within - (counted ? 1 : 0)) / (double) Math.max(1, ages.length - 1);
        return Math.max(uniform, atThisAge);
    }

    /** How many values are below one. */
    private static int rank(long[] sorted, long value) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Override
    public Axis axis() {
        return Axis.TIME;
    }

    @Override
    public String value() {
        Instant from = instant(fromMicros);
        Instant to = instant(toMicros);
        return from.equals(to) ? from.toString() : from + " to " + to;
    }

    private static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).truncatedTo(ChronoUnit.SECONDS);
    }

    @Override
    public boolean isWithinRuns() {
        return false;
    }

    /** What holds for whole runs does not say when; steps and shards do, and their incidents are left out. */
    @Override
    public double given(Claim other) {
        if (!other.isWithinRuns() && other.axis() != Axis.STEP) {
            return pValue;
        }
        BitSet left = (BitSet) hits.clone();
        left.andNot(other.hits());
        int gone = hits.cardinality() - left.cardinality();
        return left.isEmpty() ? 1 : Tails.binomialUpper(Math.max(0, others - gone), chance, left.cardinality() - 1);
    }
}
