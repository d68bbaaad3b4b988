package io.tiltmeter.validate;

import io.tiltmeter.validate.checks.UniqueKeysCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;

/**
 * Columns that should have another value in every row.
 *
 * @param columns what was found of each
 * @param pairs rows with the same key
 */
public record UniqueKeys(Map<String, KeyRepeats> columns, List<RowPair> pairs) implements Dataset.Fact {

    /** Names the rows. */
    public static UniqueKeys of(Map<String, KeyRepeats> columns, LongFunction<RowPlace> places) {
        List<RowPair> pairs = new ArrayList<>();
        Map<String, KeyRepeats> sorted = new TreeMap<>(columns);
        sorted.forEach((column, repeats) -> {
            for (int i = 0; i < repeats.pairs().length; i += 2) {
                pairs.add(new RowPair(
                        UniqueKeysCheck.ID,
                        places.apply(repeats.pairs()[i]),
                        places.apply(repeats.pairs()[i + 1]),
                        1,
                        "the same " + column));
            }
        });
        return new UniqueKeys(sorted, List.copyOf(pairs));
    }
}
