package io.tiltmeter.validate;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What checks look at: the dataset's profile, that of the baseline, and facts about its files and examples. */
public final class Dataset {
    private final ShardProfile all;
    private final DatasetProfile profile;
    private final Optional<DatasetProfile> baseline;
    private final Optional<ShardProfile> baselineAll;
    private final Map<Class<?>, Fact> facts;

    public Dataset(DatasetProfile profile, Optional<DatasetProfile> baseline, Map<Class<?>, Fact> facts) {
        this.profile = profile;
        this.all = profile.all();
        this.baseline = baseline;
        this.baselineAll = baseline.map(DatasetProfile::all);
        this.facts = Map.copyOf(facts);
    }

    /** Something measured beside the profile, e.g. of files or of pairs of examples. */
    public interface Fact {
        /** Pairs of rows that are evidence of it. */
        default List<RowPair> pairs() {
            return List.of();
        }
    }

    public DatasetProfile profile() {
        return profile;
    }

    /** All shards together. */
    public ShardProfile all() {
        return all;
    }

    public Optional<DatasetProfile> baseline() {
        return baseline;
    }

    /** The baseline's shards together. */
    public Optional<ShardProfile> baselineAll() {
        return baselineAll;
    }

    /** The column in the baseline. */
    public Optional<ColumnProfile> baselineOf(String column) {
        return baselineAll.flatMap(shards -> shards.column(column));
    }

    /** What a shard's column is compared with: the baseline's, or without a baseline that of the dataset itself. */
    public Optional<ColumnProfile> referenceOf(String column) {
        return baselineAll.isPresent() ? baselineOf(column) : all.column(column);
    }

    /** A fact of this type, empty if it was not measured. */
    public <T extends Fact> Optional<T> fact(Class<T> type) {
        return Optional.ofNullable(facts.get(type)).map(type::cast);
    }

    /** All facts by their type. */
    public Map<Class<?>, Fact> facts() {
        return facts;
    }

    /** The pairs of all facts, by check. */
    public List<RowPair> pairs() {
        return facts.values().stream()
                .flatMap(fact -> fact.pairs().stream())
                .sorted(RowPair.ORDER)
                .toList();
    }
}
