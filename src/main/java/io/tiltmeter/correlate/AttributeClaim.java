package io.tiltmeter.correlate;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A value that exposed runs have: a host, a shard, a setting.
 *
 * @param detail what else is known of it, in words; may be empty
 * @param aliases other values that exactly the same runs have
 */
record AttributeClaim(
        Kind kind,
        Strata strata,
        Exposure exposure,
        BitSet hits,
        Strata.Outcome outcome,
        String detail,
        List<Exposure> aliases,
        double pValue,
        double leastP,
        double qValue)
        implements Claim {

    AttributeClaim withQ(double q) {
        return new AttributeClaim(kind, strata, exposure, hits, outcome, detail, aliases, pValue, leastP, q);
    }

    /** The same, with one more value that exactly the same runs have. */
    AttributeClaim and(Exposure alias) {
        List<Exposure> more = new ArrayList<>(aliases);
        more.add(alias);
        return with(more);
    }

    AttributeClaim with(List<Exposure> newAliases) {
        return new AttributeClaim(
                kind, strata, exposure, hits, outcome, detail, List.copyOf(newAliases), pValue, leastP, qValue);
    }

    @Override
    public Axis axis() {
        return exposure.axis();
    }

    @Override
    public String value() {
        return exposure.value();
    }

    @Override
    public BitSet exposed() {
        return exposure.asSet();
    }

    @Override
    public boolean isWithinRuns() {
        return exposure.isWithinRuns();
    }

    /**
     * Between runs that do not differ in the other one, where that is a matter of whole runs (each stratum is cut in two);
     * without the incidents that the other one explains, where it is a matter of parts of runs.
     */
    @Override
    public double given(Claim other) {
        Strata left = other.isWithinRuns() || axis() == Axis.SHARD
                ? strata.without(other.hits())
                : strata.splitBy(other.exposed());
        return left.test(exposure, hits, 1).pValue();
    }
}
