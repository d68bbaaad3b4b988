package io.tiltmeter.correlate;

import io.tiltmeter.model.Pattern;
import io.tiltmeter.stats.Tails;
import java.util.BitSet;
import java.util.Map;
import java.util.Objects;

/** A pattern of the axis of steps beside the claims of the other axes. */
record StepClaim(Pattern pattern, BitSet hits, BitSet exposed) implements Claim {

    /** @param numbers numbers of the runs by their ids */
    static StepClaim of(Pattern pattern, Map<String, Integer> numbers) {
        BitSet hits = new BitSet();
        pattern.runs().stream().map(numbers::get).filter(Objects::nonNull).forEach(hits::set);
        return new StepClaim(pattern, hits, hits);
    }

    @Override
    public Axis axis() {
        return Axis.STEP;
    }

    @Override
    public String value() {
        return pattern.value();
    }

    @Override
    public boolean isWithinRuns() {
        return false;
    }

    @Override
    public double qValue() {
        return pattern.qValue();
    }

    @Override
    public double pValue() {
        return left(new BitSet());
    }

    /** What holds for whole runs does not say at which step; times and shards do, and their incidents are left out. */
    @Override
    public double given(Claim other) {
        return other.axis() == Axis.TIME || other.isWithinRuns() ? left(other.hits()) : pValue();
    }

    private double left(BitSet without) {
        BitSet left = (BitSet) hits.clone();
        left.andNot(without);
        int gone = hits.cardinality() - left.cardinality();
        double chance = pattern.runs().size() / (pattern.exposed() * pattern.lift());
        return Tails.binomialUpper(pattern.exposed() - gone, chance, left.cardinality());
    }
}
