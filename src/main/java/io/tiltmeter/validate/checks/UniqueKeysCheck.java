package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.UniqueKeys;
import java.util.List;
import java.util.Locale;

/** A key is not the only one of its kind. */
@AutoService(Check.class)
public final class UniqueKeysCheck implements Check {
    public static final String ID = "unique-keys";

    private static final CheckInfo INFO = new CheckInfo(
            ID,
            "Keys that several rows have",
            "A column of validate.unique-columns has the same value in several rows: a shard was written twice, or a join"
                    + " made more rows of one.",
            Level.ERROR,
            List.of(new Parameter(
                    "share",
                    0,
                    "of rows",
                    "Share of rows whose key another row has too, above which it is reported",
                    new Derived("A key is there once; rows without one are left to missing-values"))),
            "Look at the listed rows: whether they are copies, and which job wrote both.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(UniqueKeys.class)
                .ifPresent(keys -> keys.columns().forEach((column, repeats) -> {
                    if (repeats.rows() > 0) {
                        String text = String.format(
                                Locale.ROOT,
                                "%,d of %,d rows have a key that another row has too; %,d different keys",
                                repeats.shared(),
                                repeats.rows(),
                                repeats.distinct());
                        double share = (double) repeats.shared() / repeats.rows();
                        results.count(this, column, "", share, settings.get("share"), "of rows", text);
                    }
                }));
    }
}
