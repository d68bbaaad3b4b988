package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.DatasetProfile;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.Tokens;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Signs that data and model do not speak the same vocabulary. */
@AutoService(Check.class)
public final class VocabularyCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            "vocabulary",
            "Another vocabulary",
            "The vocabulary file is not the one of the baseline, or the greatest token id is 32,767 or 65,535 although the"
                    + " vocabulary is larger, as happens to ids stored in 16 bits.",
            Level.ERROR,
            List.of(),
            "Encode the data with the tokenizer of the model; keep the vocabulary file with the dataset.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        String now = data.profile().vocabulary();
        String before = data.baseline().map(DatasetProfile::vocabulary).orElse("");
        if (!now.isEmpty() && !before.isEmpty()) {
            boolean differs = !now.equals(before);
            String text = differs
                    ? "The vocabulary file's fingerprint is " + now + " and was " + before
                    : "The vocabulary file is that of the baseline";
            results.count(this, "", "", differs ? 1 : 0, 0, "changes", text);
        }
        for (ColumnProfile column : data.all().columns()) {
            Optional<Tokens> tokens = column.tokens();
            int size = data.profile()
                            .data()
                            .vocabularies()
                            .containsKey(column.spec().name())
                    ? data.profile()
                            .data()
                            .vocabularies()
                            .get(column.spec().name())
                            .size()
                    : 0;
            if (tokens.isPresent() && size > 0) {
                int greatest = tokens.get().greatest();
                boolean cut = (greatest == Short.MAX_VALUE || greatest == Character.MAX_VALUE) && greatest < size - 1;
                String text = String.format(
                        Locale.ROOT, "The greatest token id is %,d in a vocabulary of %,d", greatest, size);
                results.count(this, column.spec().name(), "", cut ? 1 : 0, 0, "columns", text);
            }
        }
    }
}
