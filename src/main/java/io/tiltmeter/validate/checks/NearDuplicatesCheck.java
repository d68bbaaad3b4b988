package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
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

/** Rows nearly equal other rows. Its parameters are those of the search, for the evaluation data and labels too. */
@AutoService(Check.class)
public final class NearDuplicatesCheck implements Check {
    public static final String ID = "near-duplicates";
    public static final String JACCARD = "jaccard";
    public static final String SHINGLE = "shingle";
    public static final String BANDS = "bands";
    public static final String ROWS = "rows";

    private static final String CURVE =
            "pairs of Jaccard similarity J are found with chance 1 − (1 − J^6)^24: 0.9993 at 0.8,"
                    + " 0.95 at 0.7, 0.31 at 0.5, 0.0015 at 0.2";
    private static final CheckInfo INFO = new CheckInfo(
            ID,
            "Nearly equal rows",
            "Rows share most of their shingles (runs of tokens or words) with an earlier row of other content: the same text"
                    + " with another header, date or footer. Found by MinHash and compared exactly.",
            Level.WARNING,
            List.of(
                    new Parameter(
                            "share",
                            0.03,
                            "of contents",
                            "Share of different contents that nearly equal an earlier one that is reported",
                            new Published(
                                    "Lee et al. (2022) find 3.04 % of the examples of C4, a cleaned corpus, to be near"
                                            + " duplicates")),
                    new Parameter(
                            JACCARD,
                            0.8,
                            "1",
                            "Jaccard similarity of sets of shingles from which rows are nearly equal",
                            new Published("Lee et al. (2022) take pairs from 0.8 on")),
                    new Parameter(
                            SHINGLE,
                            5,
                            "tokens or words",
                            "Length of a shingle; rows of fewer than two of them are compared exactly only",
                            new Published("Lee et al. (2022) take 5")),
                    new Parameter(BANDS, 24, "keys", "Keys of a row by which pairs are found", new Derived(CURVE)),
                    new Parameter(ROWS, 6, "hashes", "Least hashes in a key", new Derived(CURVE))),
            "Keep one of each group, or strip the boilerplate that they share before training.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(Duplicates.class).filter(Duplicates::searchedNear).ifPresent(found -> {
            double share = found.contents() == 0 ? 0 : (double) found.near() / found.contents();
            Duplicates.Search search = found.search();
            String text = String.format(
                    Locale.ROOT,
                    "%,d of %,d different contents nearly equal an earlier one (Jaccard %s or more over %d-shingles;"
                            + " a pair at the bound is found with chance %.4f; %,d pairs compared, %,d left out)",
                    found.near(),
                    found.contents(),
                    Results.number(search.jaccard()),
                    search.shingle(),
                    search.hashing().candidate(search.jaccard()),
                    search.compared(),
                    search.leftOut());
            if (search.leftOut() > search.compared() && share <= settings.get("share")) {
                results.inconclusive(this, found.columns(), text);
            } else {
                results.count(this, found.columns(), "", share, settings.get("share"), "of contents", text);
            }
        });
    }
}
