package io.tiltmeter.validate;

import java.io.Serializable;
import java.util.Map;

/**
 * What the scan of a dataset has to know before it starts.
 *
 * @param vocabularies by column of token ids
 * @param classes labels that are numbers are from 0 to {@code classes - 1}; 0 if not known
 * @param offenders most offending rows kept of a rule, column and shard
 */
public record DataSpec(Map<String, Vocabulary> vocabularies, int classes, int offenders) implements Serializable {
    public DataSpec {
        vocabularies = Map.copyOf(vocabularies);
    }

    /** What is known of a column; for one that nothing was said about, one cell for all its tokens. */
    Vocabulary vocabulary(String column) {
        Vocabulary known = vocabularies.get(column);
        return known != null ? known : Vocabulary.of(0, TokenCells.of(new long[0]));
    }
}
