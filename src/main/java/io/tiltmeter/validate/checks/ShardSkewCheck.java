package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.stats.Robust;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.FileFacts;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/** Shards or row groups much larger than the others. */
@AutoService(Check.class)
public final class ShardSkewCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            "shard-skew",
            "Uneven shards",
            "One shard, or one row group, is many times as large as the others, or a shard has no rows: the worker that reads"
                    + " it keeps all others waiting, and its examples are shuffled less.",
            Level.WARNING,
            List.of(new Parameter(
                    "ratio",
                    10,
                    "medians",
                    "Size of the largest shard or row group in medians that is reported",
                    new Derived(
                            "at ten times the median one reader still reads when the others have read ten shards"))),
            "Write shards of about equal numbers of rows.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(FileFacts.class).filter(facts -> !facts.files().isEmpty()).ifPresent(facts -> {
            List<FileFacts.File> files = facts.files();
            largest(files, FileFacts.File::bytes, "bytes", settings, results);
            if (files.stream().allMatch(file -> file.rows() >= 0)) {
                largest(files, FileFacts.File::rows, "rows", settings, results);
                for (FileFacts.File file : files) {
                    if (file.rows() == 0) {
                        results.warn(this, "", file.name(), 1, 0, "shards", "The shard has no rows");
                    }
                }
            }
            if (files.stream().allMatch(file -> file.groups() > 0)) {
                largest(files, FileFacts.File::mostRows, "rows of a row group", settings, results);
            }
        });
    }

    private void largest(
            List<FileFacts.File> files,
            ToLongFunction<FileFacts.File> size,
            String what,
            CheckSettings settings,
            Results results) {
        double median =
                Robust.median(files.stream().mapToDouble(size::applyAsLong).toArray());
        FileFacts.File largest = files.get(0);
        for (FileFacts.File file : files) {
            largest = size.applyAsLong(file) > size.applyAsLong(largest) ? file : largest;
        }
        double ratio = median > 0
                ? size.applyAsLong(largest) / median
                : size.applyAsLong(largest) > 0 ? Double.POSITIVE_INFINITY : 1;
        double bound = settings.get("ratio");
        String text = String.format(
                Locale.ROOT,
                "The largest shard, %s, has %,d %s, the median is %,.0f",
                largest.name(),
                size.applyAsLong(largest),
                what,
                median);
        if (ratio > bound) {
            results.warn(this, "", largest.name(), ratio, bound, "medians", text);
        } else {
            results.count(this, "", "", ratio, bound, "medians", text);
        }
    }
}
