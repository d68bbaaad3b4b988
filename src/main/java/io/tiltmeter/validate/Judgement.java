package io.tiltmeter.validate;

import java.io.Serializable;
import java.util.Comparator;

/**
 * What a check says of one metric of the dataset or of one shard.
 *
 * @param check id of the check
 * @param column what it is about, {@code ""} for the rows as such
 * @param shard path below the dataset, {@code ""} for the dataset as a whole
 * @param effect size of the effect, in {@code unit}; for exact counts the count
 * @param bound what it is compared with: that of the failure, or of the warning where it got that far only
 * @param detectable smallest excess over no effect that would be seen 4 times of 5; 0 for exact counts
 * @param unit of effect, bound and detectable effect
 * @param p of an effect at most at the bound for failures; 0 or 1 for exact counts
 * @param warnP the same of the bound for warnings
 * @param text the evidence, one sentence
 */
public record Judgement(
        String check,
        String column,
        String shard,
        Status status,
        double effect,
        double bound,
        double detectable,
        String unit,
        double p,
        double warnP,
        String text)
        implements Serializable {
    /** Gravest first, the dataset before its shards, then by name. */
    public static final Comparator<Judgement> ORDER = Comparator.comparing(Judgement::status)
            .reversed()
            .thenComparing(Judgement::check)
            .thenComparing(Judgement::column)
            .thenComparing(Judgement::shard)
            .thenComparing(Judgement::text);

    /** The same with another status. */
    public Judgement with(Status other) {
        return new Judgement(check, column, shard, other, effect, bound, detectable, unit, p, warnP, text);
    }

    /** Whether it rests on a sample's statistics, and not on an exact count. */
    public boolean isEstimate() {
        return detectable > 0;
    }
}
