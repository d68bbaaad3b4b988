package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Duplicates;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;

/** Rows are copies of other rows. */
@AutoService(Check.class)
public final class ExactDuplicatesCheck implements Check {
    public static final String ID = "exact-duplicates";

    private static final CheckInfo INFO = new CheckInfo(
            ID,
            "Equal rows",
            "Rows have the same tokens, words or features as an earlier row: they weigh as often in the loss as they are"
                    + " there, and are learned by heart. Text is compared by its words, without case, punctuation and white space.",
            Level.WARNING,
            List.of(new Parameter(
                    "share",
                    0.01,
                    "of rows",
                    "Share of rows that are copies of earlier ones that is reported",
                    new Published(
                            "Lee et al., Deduplicating Training Data Makes Language Models Better (2022), find 1 % of"
                                    + " their models' output copied word for word from duplicated text"))),
            "Keep one of each; where rows are repeated on purpose, repeat them by a weight or disable the check.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(Duplicates.class).filter(found -> found.rows() > 0).ifPresent(found -> {
            double share = (double) found.copies() / found.rows();
            String text = String.format(
                    Locale.ROOT,
                    "%,d of %,d rows are equal to an earlier one; %,d different contents",
                    found.copies(),
                    found.rows(),
                    found.contents());
            results.count(this, found.columns(), "", share, settings.get("share"), "of rows", text);
        });
    }
}
