package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Lengths;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.ShardProfile;
import java.util.List;
import java.util.Locale;

/** Arrays of features whose lengths differ. */
@AutoService(Check.class)
public final class RaggedFeaturesCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            ColumnProfile.RAGGED,
            "Feature arrays of different length",
            "Arrays of features are not all of the length that most have: a network with inputs of one size cannot take"
                    + " them, or takes them cut and padded without saying so.",
            Level.ERROR,
            List.of(CountCheck.NONE_ALLOWED),
            "Look the rows up in the table of offenders; leave them out or mend them. Where arrays are sequences of any"
                    + " length, disable the check.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        for (ColumnProfile column : data.all().columns()) {
            if (isFeatures(column)) {
                count(column, column.lengths().mostFrequent(), "", settings, results);
            }
        }
    }

    @Override
    public void judgeShard(ShardProfile shard, Dataset data, CheckSettings settings, Results results) {
        for (ColumnProfile column : shard.columns()) {
            if (isFeatures(column)) {
                long usual = data.all()
                        .column(column.spec().name())
                        .map(all -> all.lengths().mostFrequent())
                        .orElse(-1L);
                if (others(column, usual) > 0) {
                    count(column, usual, shard.name(), settings, results);
                }
            }
        }
    }

    private static boolean isFeatures(ColumnProfile column) {
        return column.spec().kind() == ColumnKind.NUMBERS
                && column.spec().isFractional()
                && column.lengths().count() > 0;
    }

    /** Arrays of another length. Lengths beyond those counted one by one are told apart by their cell and the greatest. */
    private static long others(ColumnProfile column, long usual) {
        Lengths lengths = column.lengths();
        long same = usual <= Lengths.EXACT ? lengths.at((int) usual) : lengths.atMostFrequent();
        return lengths.count() - same;
    }

    private void count(ColumnProfile column, long usual, String shard, CheckSettings settings, Results results) {
        long others = others(column, usual);
        String text = String.format(
                Locale.ROOT,
                "%,d of %,d arrays are not %,d numbers long, as most of the dataset are",
                others,
                column.lengths().count(),
                usual);
        results.count(this, column.spec().name(), shard, others, settings.get("allowed"), "arrays", text);
    }
}
