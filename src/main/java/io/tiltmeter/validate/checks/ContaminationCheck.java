package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Contamination;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;

/** Evaluation documents stand in longer documents of the dataset. */
@AutoService(Check.class)
public final class ContaminationCheck implements Check {
    public static final String ID = "contamination";
    public static final String SHORTEST = "shortest";
    public static final String LONGEST = "longest";
    public static final String COVERAGE = "coverage";

    private static final String GPT3 = "Brown et al., Language Models are Few-Shot Learners (2020), appendix C: the 5 %"
            + " quantile of the documents' lengths, from 8 to 13 words";
    private static final CheckInfo INFO = new CheckInfo(
            ID,
            "Evaluation text in the dataset",
            "Evaluation documents stand word for word (n-grams of tokens or words) in documents of the dataset, which may be much"
                    + " longer. Judged where --eval names evaluation data; one covered document is reported.",
            Level.ERROR,
            List.of(
                    new Parameter(
                            "share",
                            0.0005,
                            "of documents",
                            "Share of evaluation documents covered by the dataset's n-grams that closes the gate",
                            new Derived("half of the smallest leak that matters here, one document in a thousand")),
                    new Parameter(
                            COVERAGE,
                            0.7,
                            "of units",
                            "Share of a document's tokens or words, lying in n-grams of the dataset, from which it is covered",
                            new Published("Chowdhery et al., PaLM (2022), section 8: 70 % of the 8-grams")),
                    new Parameter(
                            "touched",
                            0.05,
                            "of documents",
                            "Share of evaluation documents with at least one n-gram of the dataset that is reported",
                            new Derived(
                                    "quotations, formulas and templates alone are shared by some per cent of documents, which"
                                            + " Brown et al. (2020) found to be mostly harmless")),
                    new Parameter(SHORTEST, 8, "tokens or words", "Least length of an n-gram", new Published(GPT3)),
                    new Parameter(LONGEST, 13, "tokens or words", "Greatest length of an n-gram", new Published(GPT3))),
            "Remove the listed rows from the dataset, or the listed documents from the evaluation.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(Contamination.class).ifPresent(found -> {
            long judged = found.documents() - found.tooShort();
            String text = String.format(
                    Locale.ROOT,
                    "%,d of %,d documents are covered to %s or more by %d-grams of the dataset, %,d share at least one%s%s",
                    found.covered(),
                    judged,
                    Results.percent(found.coverage()),
                    found.n(),
                    found.shared(),
                    found.tooShort() > 0
                            ? String.format(Locale.ROOT, "; %,d are too short for one", found.tooShort())
                            : "",
                    found.documents() < found.of()
                            ? String.format(
                                    Locale.ROOT,
                                    "; a sample of %,d of %,d (validate.eval-units)",
                                    found.documents(),
                                    found.of())
                            : "");
            if (judged == 0) {
                results.inconclusive(this, found.columns(), text);
                return;
            }
            double share = (double) found.covered() / judged;
            double touched = (double) found.shared() / judged;
            double bound = settings.get("share");
            if (share > bound) {
                results.count(this, found.columns(), "", share, bound, "of documents", text);
            } else if (found.covered() > 0) {
                results.warn(this, found.columns(), "", share, bound, "of documents", text);
            } else if (touched > settings.get("touched")) {
                results.warn(this, found.columns(), "", touched, settings.get("touched"), "of documents", text);
            } else {
                results.count(this, found.columns(), "", share, bound, "of documents", text);
            }
        });
    }
}
