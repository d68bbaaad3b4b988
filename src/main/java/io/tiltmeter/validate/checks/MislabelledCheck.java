package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.LabelProbe;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;

/** Labels that a simple model contradicts. */
@AutoService(Check.class)
public final class MislabelledCheck implements Check {
    public static final String ID = "mislabelled";

    private static final CheckInfo INFO = new CheckInfo(
            ID,
            "Labels likely wrong",
            "A logistic regression, trained on the other rows, is confident that a row is of another class than its label says"
                    + " (confident learning). The rows are listed, the most suspect first.",
            Level.WARNING,
            List.of(
                    new Parameter(
                            "share",
                            0.01,
                            "of rows",
                            "Share of the probed rows whose labels are likely wrong that is reported",
                            new Published(
                                    "Northcutt, Athalye and Mueller, Pervasive Label Errors in Test Sets (2021), find at"
                                            + " least 3.3 % wrong labels on average over ten datasets; a third of that")),
                    new Parameter(
                            "accuracy",
                            0.8,
                            "of rows",
                            "Share of rows the model must be right on to be believed",
                            new Derived(
                                    "a model that is wrong on one row in five contradicts more labels than can be wrong"))),
            "Look at the listed rows with their data; label them anew. Where the classes overlap by nature, raise the share.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(LabelProbe.class).ifPresent(probe -> {
            if (!probe.obstacle().isEmpty()) {
                results.inconclusive(this, probe.columns(), "No model was trained: " + probe.obstacle());
                return;
            }
            String text = String.format(
                    Locale.ROOT,
                    "%,d of %,d rows (of %,d with a label, drawn at random) have a label that is likely wrong; the model is"
                            + " right on %s, the most frequent of %d classes is %s",
                    probe.suspects(),
                    probe.rows(),
                    probe.of(),
                    Results.percent(probe.accuracy()),
                    probe.classes(),
                    Results.percent(probe.majority()));
            double share = (double) probe.suspects() / probe.rows();
            // Of one class in all, a model that always says it is right too.
            boolean believed =
                    probe.accuracy() >= settings.get("accuracy") && 1 - probe.accuracy() < (1 - probe.majority()) / 2;
            if (believed) {
                results.count(this, probe.columns(), "", share, settings.get("share"), "of rows", text);
            } else {
                results.inconclusive(this, probe.columns(), text + ": too weak to contradict a label");
            }
        });
    }
}
