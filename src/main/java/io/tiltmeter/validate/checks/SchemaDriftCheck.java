package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.ColumnSpec;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.ShardProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Columns that came, went or changed since the baseline. */
@AutoService(Check.class)
public final class SchemaDriftCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            "schema-drift",
            "Schema unlike the baseline's",
            "A column of the baseline is missing, new, of another type, or may now have missing cells.",
            Level.ERROR,
            List.of(),
            "Bring the data back to the agreed schema; or, where the change is meant, make a new baseline of this data.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        if (data.baselineAll().isEmpty()) {
            return;
        }
        ShardProfile baseline = data.baselineAll().get();
        for (ColumnProfile old : baseline.columns()) {
            Optional<ColumnSpec> now = data.all().column(old.spec().name()).map(ColumnProfile::spec);
            List<String> changes = now.map(spec -> changes(old.spec(), spec)).orElse(List.of("it is missing"));
            String text =
                    changes.isEmpty() ? "As in the baseline" : "Unlike in the baseline, " + String.join(", ", changes);
            results.count(this, old.spec().name(), "", changes.size(), 0, "changes", text);
        }
        for (ColumnProfile now : data.all().columns()) {
            if (baseline.column(now.spec().name()).isEmpty()) {
                results.count(this, now.spec().name(), "", 1, 0, "changes", "The baseline has no such column");
            }
        }
    }

    private static List<String> changes(ColumnSpec old, ColumnSpec now) {
        List<String> changes = new ArrayList<>();
        if (!old.type().equals(now.type())) {
            changes.add("it is " + now.type() + " and was " + old.type());
        }
        if (now.nullable() && !old.nullable()) {
            changes.add("cells may be missing");
        }
        return changes;
    }
}
