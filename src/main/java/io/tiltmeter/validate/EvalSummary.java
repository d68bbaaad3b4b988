package io.tiltmeter.validate;

import java.util.Optional;

/**
 * The evaluation data beside the dataset, in numbers.
 *
 * @param compared columns whose rows were compared with the dataset's, {@code ""} if none are in common
 * @param duplicates its rows found in the dataset, empty if they were not looked for
 * @param contamination its text found in the dataset, empty if it was not looked for
 */
public record EvalSummary(
        String source,
        String fingerprint,
        long shards,
        long rows,
        String compared,
        Optional<Duplicates.Eval> duplicates,
        Optional<Contamination> contamination) {

    /** The summary of a dataset that is judged beside evaluation data; empty without such. */
    public static Optional<EvalSummary> of(Dataset data) {
        return data.fact(EvalData.class)
                .map(eval -> new EvalSummary(
                        eval.source(),
                        eval.fingerprint(),
                        eval.profile().shards(),
                        eval.profile().all().rows(),
                        eval.compared(),
                        data.fact(Duplicates.class).map(Duplicates::eval),
                        data.fact(Contamination.class)));
    }
}
