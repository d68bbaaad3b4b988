package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.FileFacts;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/** Files that cannot be read. */
@AutoService(Check.class)
public final class UnreadableShardsCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            "unreadable-shards",
            "Shards that cannot be read",
            "A file is empty, cut off, no file of its format, or damaged inside. A reader either stops there, at the step"
                    + " where the shard's turn comes, or leaves it out without saying so.",
            Level.ERROR,
            List.of(new Parameter(
                    "allowed",
                    0,
                    "files",
                    "Unreadable files that are let pass",
                    new Derived("a file that lies in the dataset is meant to be read"))),
            "Write the listed files anew or remove them from the dataset.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(FileFacts.class).ifPresent(facts -> {
            int damaged = facts.damaged().size();
            int all = damaged + facts.files().size();
            double allowed = settings.get("allowed");
            String text = String.format(Locale.ROOT, "%,d of %,d files cannot be read", damaged, all);
            results.count(this, "", "", damaged, allowed, "files", text);
            if (damaged > allowed) {
                new TreeMap<>(facts.damaged())
                        .forEach((file, reason) -> results.count(this, "", file, 1, 0, "files", reason));
            }
        });
    }
}
