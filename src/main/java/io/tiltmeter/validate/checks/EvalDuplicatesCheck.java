package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Duplicates;
import io.tiltmeter.validate.EvalData;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Rows of the evaluation data are in the dataset. */
@AutoService(Check.class)
public final class EvalDuplicatesCheck implements Check {
    public static final String ID = "eval-duplicates";

    private static final CheckInfo INFO = new CheckInfo(
            ID,
            "Evaluation rows in the dataset",
            "Rows of the evaluation data are in the dataset, equal or nearly equal: the evaluation measures what was learned by"
                    + " heart. Judged where --eval names evaluation data; one such row is reported.",
            Level.ERROR,
            List.of(new Parameter(
                    "share",
                    0.0005,
                    "of evaluation rows",
                    "Share of evaluation rows found in the dataset that closes the gate",
                    new Derived("half of the smallest leak that matters here, one evaluation row in a thousand"))),
            "Remove the listed rows from the dataset, and split by document, user or time before anything is copied or cut.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(EvalData.class).ifPresent(eval -> {
            if (eval.compared().isEmpty()) {
                results.inconclusive(
                        this, "", "Dataset and evaluation data have no column of tokens, text or features in common");
            }
            if (!eval.damaged().isEmpty()) {
                Map.Entry<String, String> first = new TreeMap<>(eval.damaged()).firstEntry();
                String text = String.format(
                        Locale.ROOT,
                        "%,d files of the evaluation data cannot be read and were not looked for, the first '%s': %s",
                        eval.damaged().size(),
                        first.getKey(),
                        first.getValue());
                results.warn(this, "", "", eval.damaged().size(), 0, "files", text);
            }
        });
        data.fact(Duplicates.class).filter(found -> found.eval().rows() > 0).ifPresent(found -> {
            Duplicates.Eval eval = found.eval();
            long leaked = eval.copies() + eval.near();
            double share = (double) leaked / eval.rows();
            String text = String.format(
                    Locale.ROOT,
                    "%,d of %,d evaluation rows equal a row of the dataset, and %,d of %,d contents nearly equal one",
                    eval.copies(),
                    eval.rows(),
                    eval.near(),
                    eval.contents());
            if (leaked > 0 && share <= settings.get("share")) {
                results.warn(this, found.columns(), "", share, settings.get("share"), "of evaluation rows", text);
            } else {
                results.count(this, found.columns(), "", share, settings.get("share"), "of evaluation rows", text);
            }
        });
    }
}
