package io.tiltmeter.validate.checks;

import io.tiltmeter.stats.Estimate;
import io.tiltmeter.stats.Shares;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.checks.DriftCheck.Drift;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Of things that each example has one of, the one whose share of the examples has changed most. */
final class ShareShift {
    private ShareShift() {}

    /**
     * The largest change of a share.
     *
     * @param what names the things, e.g. {@code Class}
     * @param others examples of those not counted one by one
     * @return empty where a side has no example
     */
    static Optional<Drift> of(
            String what, Map<String, Long> here, long others, Map<String, Long> there, long othersThere) {
        double n = total(here) + others;
        double m = total(there) + othersThere;
        if (n == 0 || m == 0) {
            return Optional.empty();
        }
        TreeSet<String> names = new TreeSet<>(there.keySet());
        names.addAll(here.keySet());
        String strongest = "";
        Estimate largest = new Estimate(Double.NEGATIVE_INFINITY, 1, Double.POSITIVE_INFINITY);
        for (String name : names) {
            Estimate change = Shares.increase(here.getOrDefault(name, 0L), n, there.getOrDefault(name, 0L), m);
            Estimate size = new Estimate(Math.abs(change.effect()), change.error(), change.freedom());
            if (size.effect() - 2 * size.error() > largest.effect() - 2 * largest.error()) {
                largest = size;
                strongest = name;
            }
        }
        String text = String.format(
                Locale.ROOT,
                "%s '%s' is %s of %,d examples, reference %s",
                what,
                strongest,
                Results.percent(here.getOrDefault(strongest, 0L) / n),
                (long) n,
                Results.percent(there.getOrDefault(strongest, 0L) / m));
        // Each may rise or fall.
        return Optional.of(new Drift(largest.strongestOf(2 * names.size()), "of examples", text));
    }

    private static double total(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }
}
