package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.FileFacts;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The shards are not those the manifest lists. */
@AutoService(Check.class)
public final class ManifestCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            "manifest",
            "Shards against the manifest",
            "A shard of the manifest is missing, one is there that the manifest has not, or one has another number of rows."
                    + " Judged where validate.manifest names one.",
            Level.ERROR,
            List.of(),
            "Copy the dataset again, or write its manifest anew; a shard left over from an earlier version is read like any"
                    + " other.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(FileFacts.class).filter(facts -> !facts.manifest().isEmpty()).ifPresent(facts -> {
            Map<String, Long> promised = new TreeMap<>(facts.manifest());
            long wrong = 0;
            for (FileFacts.File file : facts.files()) {
                Long rows = promised.remove(file.name());
                if (rows == null) {
                    results.count(this, "", file.name(), 1, 0, "shards", "The manifest has no such shard");
                    wrong++;
                } else if (file.rows() >= 0 && file.rows() != rows) {
                    results.count(
                            this,
                            "",
                            file.name(),
                            Math.abs(file.rows() - rows),
                            0,
                            "rows",
                            String.format(Locale.ROOT, "%,d rows, and %,d by the manifest", file.rows(), rows));
                    wrong++;
                }
            }
            for (String name : promised.keySet()) {
                String text = facts.damaged().containsKey(name)
                        ? "The shard cannot be read"
                        : "The manifest has it, the dataset has not";
                results.count(this, "", name, 1, 0, "shards", text);
                wrong++;
            }
            results.count(
                    this,
                    "",
                    "",
                    wrong,
                    0,
                    "shards",
                    String.format(Locale.ROOT, "%,d shards are not as the manifest says", wrong));
        });
    }
}
