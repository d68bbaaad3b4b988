package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Classes;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One class has far more examples than another. */
@AutoService(Check.class)
public final class ClassImbalanceCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            "class-imbalance",
            "Rare classes",
            "A class has far fewer examples than the most frequent one, or none although validate.classes counts it: the loss is"
                    + " lowest where the network never says it.",
            Level.WARNING,
            List.of(
                    new Parameter(
                            "ratio",
                            100,
                            "times",
                            "Examples of the most frequent class for one of the rarest that are reported",
                            new Published(
                                    "Johnson and Khoshgoftaar, Survey on deep learning with class imbalance (2019): high"
                                            + " imbalance is 100:1 to 10,000:1")),
                    new Parameter(
                            "rows",
                            1000,
                            "rows",
                            "Rows from which classes are compared",
                            new Derived("of so many, ten of a class of one in a hundred are expected"))),
            "Weigh the loss by class, draw rare classes more often, or gather more of them; look whether a filter lost them.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        for (ColumnProfile column : data.all().columns()) {
            Classes classes = column.classes();
            long rows = column.rows() - column.missing();
            if (column.spec().kind() == ColumnKind.LABEL
                    && classes.others() == 0
                    && classes.outside() == 0
                    && rows >= settings.get("rows")
                    // Labels that are almost all different are no classes.
                    && classes.counts().size() <= rows / 10) {
                judge(column, classes.counts(), data.profile().data().classes(), settings, results);
            }
        }
    }

    private void judge(
            ColumnProfile column, Map<String, Long> counts, int wanted, CheckSettings settings, Results results) {
        boolean numbers = !column.spec().type().equals("string");
        String rarest = "";
        String greatest = "";
        long fewest = Long.MAX_VALUE;
        long most = 0;
        for (Map.Entry<String, Long> entry : counts.entrySet()) {
            long count = entry.getValue();
            if (count < fewest) {
                fewest = count;
                rarest = entry.getKey();
            }
            if (count > most) {
                most = count;
                greatest = entry.getKey();
            }
        }
        if (numbers && wanted > counts.size()) {
            fewest = 0;
            for (int label = 0; label < wanted; label++) {
                if (!counts.containsKey(Integer.toString(label))) {
                    rarest = Integer.toString(label);
                    break;
                }
            }
        }
        double ratio = fewest == 0 ? Double.POSITIVE_INFINITY : (double) most / fewest;
        String text = String.format(
                Locale.ROOT,
                "Class '%s' has %,d examples, class '%s' %,d; %,d classes occur",
                greatest,
                most,
                rarest,
                fewest,
                counts.size());
        results.count(this, column.spec().name(), "", ratio, settings.get("ratio"), "times", text);
    }
}
