package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.ShardProfile;
import java.util.List;
import java.util.Locale;

/** Lines of CSV or JSON that are no rows. */
@AutoService(Check.class)
public final class MalformedRowsCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            ShardProfile.MALFORMED,
            "Lines that are no rows",
            "A line of a CSV or JSON file cannot be read as a row of the dataset's columns: a quote that is not closed, a"
                    + " value of another type, a line cut off.",
            Level.ERROR,
            List.of(CountCheck.NONE_ALLOWED),
            "Look the lines up; mend what writes the file, or write Parquet, which keeps types.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        count(data.all(), "", settings, results);
    }

    @Override
    public void judgeShard(ShardProfile shard, Dataset data, CheckSettings settings, Results results) {
        if (shard.malformed() > 0) {
            count(shard, shard.name(), settings, results);
        }
    }

    private void count(ShardProfile profile, String shard, CheckSettings settings, Results results) {
        String text = String.format(
                Locale.ROOT, "%,d lines are no rows, among %,d that are", profile.malformed(), profile.rows());
        results.count(this, "", shard, profile.malformed(), settings.get("allowed"), "lines", text);
    }
}
