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

/** Equal or nearly equal rows have different labels. */
@AutoService(Check.class)
public final class ConflictingLabelsCheck implements Check {
    public static final String ID = "conflicting-labels";

    private static final CheckInfo INFO = new CheckInfo(
            ID,
            "Equal rows with different labels",
            "Rows of equal or nearly equal content have different labels: at most one of them is right, and no network can learn"
                    + " both.",
            Level.WARNING,
            List.of(new Parameter(
                    "share",
                    0.01,
                    "of groups",
                    "Share of contents with several labelled rows, and of nearly equal pairs, whose labels differ that is"
                            + " reported",
                    new Published(
                            "Northcutt, Athalye and Mueller, Pervasive Label Errors in Test Sets (2021), find at least 3.3 % wrong"
                                    + " labels on average over ten datasets; a third of that"))),
            "Look at the listed pairs; label them anew, or leave both out.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(Duplicates.class)
                .filter(found -> found.labels().compared() > 0)
                .ifPresent(found -> {
                    Duplicates.Labels labels = found.labels();
                    double share = (double) labels.conflicting() / labels.compared();
                    String text = String.format(
                            Locale.ROOT,
                            "In %,d of %,d groups of equal rows and pairs of nearly equal ones the labels differ",
                            labels.conflicting(),
                            labels.compared());
                    results.count(this, found.columns(), "", share, settings.get("share"), "of groups", text);
                });
    }
}
