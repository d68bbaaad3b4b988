package io.tiltmeter.spark;

import io.tiltmeter.spark.DatasetScan.Found;
import io.tiltmeter.spark.DatasetScan.Place;
import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Histogram;
import io.tiltmeter.validate.RowKeys;
import io.tiltmeter.validate.ShardProfile;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/** Merges the sorted parts of a partition: those of one shard into its profile, counts of one chunk into one, keys of one part into what they come to. */
final class ShardMerger implements Iterator<Found> {
    private final Iterator<Tuple2<Place, Found>> parts;
    private final DataSpec data;
    private @Nullable Tuple2<Place, Found> ahead;
    private final Deque<Found> ready = new ArrayDeque<>();

    ShardMerger(Iterator<Tuple2<Place, Found>> parts, DataSpec data) {
        this.parts = parts;
        this.data = data;
        this.ahead = parts.hasNext() ? parts.next() : null;
    }

    @Override
    public boolean hasNext() {
        while (ready.isEmpty() && ahead != null) {
            fill();
        }
        return !ready.isEmpty();
    }

    @Override
    public Found next() {
        if (!hasNext()) {
            throw new java.util.NoSuchElementException("No shard is left");
        }
        return ready.remove();
    }

    private void fill() {
        Tuple2<Place, Found> first = java.util.Objects.requireNonNull(ahead);
        List<Found.Profile> profiles = new ArrayList<>();
        List<Found.Damage> damages = new ArrayList<>();
        Map<String, Histogram> counts = new TreeMap<>();
        Map<String, RowKeys> keys = new TreeMap<>();
        int firstId = 0;
        while (ahead != null
                && ahead._1().group() == first._1().group()
                && ahead._1().shard() == first._1().shard()) {
            Found found = ahead._2();
            if (found instanceof Found.Profile profile) {
                profiles.add(profile);
            } else if (found instanceof Found.Damage damage) {
                damages.add(damage);
            } else if (found instanceof Found.Counts each) {
                firstId = each.first();
                counts.computeIfAbsent(each.column(), c -> new Histogram()).add(0, each.counts());
            } else if (found instanceof Found.Keys some) {
                keys.computeIfAbsent(some.column(), c -> new RowKeys()).addAll(some.keys());
            }
            ahead = parts.hasNext() ? parts.next() : null;
        }
        int from = firstId;
        counts.forEach((column, sum) -> ready.add(new Found.Counts(column, from, sum)));
        keys.forEach((column, all) -> ready.add(new Found.Repeats(column, all.repeats(data.offenders()))));
        if (!damages.isEmpty()) {
            // A shard of which a part is damaged is not judged by the rest.
            ready.add(damages.get(0));
        } else if (profiles.size() == 1) {
            ready.add(profiles.get(0));
        } else if (!profiles.isEmpty()) {
            ShardProfile merged = ShardProfile.decode(profiles.get(0).bytes(), data);
            for (Found.Profile more : profiles.subList(1, profiles.size())) {
                merged.merge(ShardProfile.decode(more.bytes(), data));
            }
            ready.add(new Found.Profile(profiles.get(0).group(), merged.encode()));
        }
    }
}
