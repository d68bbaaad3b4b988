package io.tiltmeter.spark;

import io.tiltmeter.spark.DatasetScan.Found;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Checks;
import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.DatasetProfile;
import io.tiltmeter.validate.Gate;
import io.tiltmeter.validate.Histogram;
import io.tiltmeter.validate.KeyRepeats;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.ShardProfile;
import io.tiltmeter.validate.TokenCells;
import io.tiltmeter.validate.Vocabulary;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * A scanned dataset: the profiles of its shards, where they were made, and their sum.
 *
 * @param damaged shards that turned out to be damaged while they were read
 * @param keys of the columns that should be unique
 */
record GateScan(JavaRDD<Found> found, DatasetProfile profile, Map<String, String> damaged, Map<String, KeyRepeats> keys)
        implements AutoCloseable {

    /**
     * Reads every row once.
     *
     * @param cells how tokens are lumped, by column
     * @param vocabulary fingerprint of the vocabulary file, {@code ""} without one
     * @param keyColumns columns that should be unique
     */
    static GateScan run(
            SparkSession spark,
            GateSource source,
            DataSpec data,
            Map<String, TokenCells> cells,
            String vocabulary,
            Set<String> keyColumns) {
        JavaRDD<Found> found = source.scan(spark, data, keyColumns).persist(StorageLevel.MEMORY_AND_DISK_SER());
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<DataSpec> shared = context.broadcast(data);
        TreeMap<Integer, byte[]> groups = new TreeMap<>();
        Map<String, Histogram> histograms = new TreeMap<>();
        Map<String, String> damaged = new TreeMap<>();
        Map<String, KeyRepeats> keys = new TreeMap<>();
        keyColumns.forEach(column -> keys.put(column, KeyRepeats.NONE));
        long shards = 0;
        for (Sum sum : found.mapPartitions(new Summing(shared)).collect()) {
            groups.putAll(sum.groups());
            sum.counts()
                    .forEach(each -> histograms
                            .computeIfAbsent(each.column(), column -> new Histogram())
                            .add(each.first(), each.counts()));
            sum.damages().forEach(damage -> damaged.put(damage.shard(), damage.reason()));
            sum.repeats()
                    .forEach(each -> keys.merge(each.column(), each.repeats(), (a, b) -> a.plus(b, data.offenders())));
            shards += sum.shards();
        }
        ShardProfile whole = new ShardProfile("", data);
        groups.values().forEach(bytes -> whole.merge(ShardProfile.decode(bytes, data)));
        DatasetProfile profile = new DatasetProfile(whole.encode(), data, shards, histograms, cells, vocabulary);
        return new GateScan(found, profile, damaged, keys);
    }

    /** What is known of token ids before the scan. */
    static Map<String, Vocabulary> vocabularies(
            Map<String, TokenCells> cells, int size, Optional<VocabularyFile> file, Optional<DatasetProfile> baseline) {
        Map<String, Vocabulary> vocabularies = new TreeMap<>();
        cells.forEach((column, lumping) -> {
            BitSet seen = new BitSet();
            Histogram counts =
                    baseline.map(profile -> profile.histograms().get(column)).orElse(null);
            for (int id = 0; counts != null && id < counts.size(); id++) {
                seen.set(id, counts.count(id) > 0);
            }
            int known = size > 0 ? size : file.map(VocabularyFile::size).orElse(0);
            BitSet empties = file.map(VocabularyFile::empties).orElse(new BitSet());
            vocabularies.put(column, new Vocabulary(known, lumping, empties, seen, counts != null));
        });
        return vocabularies;
    }

    /** What the checks say of every shard. */
    Results judge(SparkSession spark, Optional<DatasetProfile> baseline, Map<String, CheckSettings> settings) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<DatasetProfile> shared = context.broadcast(profile);
        Broadcast<List<DatasetProfile>> sharedBaseline =
                context.broadcast(baseline.stream().toList());
        Results all = new Results();
        Map<String, CheckSettings> copy = new HashMap<>(settings);
        found.mapPartitions(new Judging(shared, sharedBaseline, copy)).collect().forEach(all::merge);
        return all;
    }

    /** Profiles of the sound shards. */
    JavaRDD<byte[]> shards() {
        return found.filter(each -> each instanceof Found.Profile).map(each -> ((Found.Profile) each).bytes());
    }

    @Override
    public void close() {
        found.unpersist();
    }

    /** What a partition comes to. */
    private record Sum(
            Map<Integer, byte[]> groups,
            List<Found.Counts> counts,
            List<Found.Damage> damages,
            List<Found.Repeats> repeats,
            long shards)
            implements java.io.Serializable {}

    /** Adds up a partition, group by group. */
    private static final class Summing implements FlatMapFunction<Iterator<Found>, Sum> {
        private static final long serialVersionUID = 1L;

        private final Broadcast<DataSpec> data;

        Summing(Broadcast<DataSpec> data) {
            this.data = data;
        }

        @Override
        public Iterator<Sum> call(Iterator<Found> found) {
            Map<Integer, ShardProfile> groups = new TreeMap<>();
            List<Found.Counts> counts = new ArrayList<>();
            List<Found.Damage> damages = new ArrayList<>();
            List<Found.Repeats> repeats = new ArrayList<>();
            long shards = 0;
            while (found.hasNext()) {
                Found each = found.next();
                if (each instanceof Found.Profile profile) {
                    shards++;
                    groups.computeIfAbsent(profile.group(), group -> new ShardProfile("", data.value()))
                            .merge(ShardProfile.decode(profile.bytes(), data.value()));
                } else if (each instanceof Found.Counts some) {
                    counts.add(some);
                } else if (each instanceof Found.Damage damage) {
                    damages.add(damage);
                } else if (each instanceof Found.Repeats some) {
                    repeats.add(some);
                }
            }
            Map<Integer, byte[]> encoded = new TreeMap<>();
            groups.forEach((group, profile) -> encoded.put(group, profile.encode()));
            return List.of(new Sum(encoded, counts, damages, repeats, shards)).iterator();
        }
    }

    /** Judges the shards of a partition. */
    private static final class Judging implements FlatMapFunction<Iterator<Found>, Results> {
        private static final long serialVersionUID = 1L;

        private final Broadcast<DatasetProfile> profile;
        private final Broadcast<List<DatasetProfile>> baseline;
        private final Map<String, CheckSettings> settings;

        Judging(
                Broadcast<DatasetProfile> profile,
                Broadcast<List<DatasetProfile>> baseline,
                Map<String, CheckSettings> settings) {
            this.profile = profile;
            this.baseline = baseline;
            this.settings = settings;
        }

        @Override
        public Iterator<Results> call(Iterator<Found> found) {
            Results results = new Results();
            List<Check> checks = Checks.all();
            Dataset data =
                    new Dataset(profile.value(), baseline.value().stream().findFirst(), Map.of());
            while (found.hasNext()) {
                if (found.next() instanceof Found.Profile shard) {
                    ShardProfile decoded =
                            ShardProfile.decode(shard.bytes(), profile.value().data());
                    Gate.judgeShard(checks, decoded, data, settings, results);
                }
            }
            return List.of(results).iterator();
        }
    }
}
