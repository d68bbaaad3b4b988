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

/** Shards of different schemas. */
@AutoService(Check.class)
public final class SchemaMixCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            "schema-mix",
            "Shards of different schemas",
            "Some shards have other columns or types than most: a reader takes the schema of the first file it sees for that"
                    + " of all, and fills what is missing with nothing.",
            Level.ERROR,
            List.of(),
            "Write the shards of the rarer schemas anew.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(FileFacts.class).filter(facts -> !facts.schemas().isEmpty()).ifPresent(facts -> {
            FileFacts.Schema usual = facts.schemas().get(0);
            int others = facts.schemas().size() - 1;
            String text = String.format(Locale.ROOT, "%,d shards have %s", usual.shards(), usual.columns());
            results.count(this, "", "", others, 0, "schemas", text);
            for (FileFacts.Schema schema :
                    facts.schemas().subList(1, facts.schemas().size())) {
                for (String example : schema.examples()) {
                    results.count(
                            this,
                            "",
                            example,
                            schema.shards(),
                            0,
                            "shards",
                            String.format(
                                    Locale.ROOT,
                                    "%,d shards, as this one, have %s",
                                    schema.shards(),
                                    schema.columns()));
                }
            }
        });
    }
}
