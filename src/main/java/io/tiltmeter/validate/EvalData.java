package io.tiltmeter.validate;

import java.util.Map;

/**
 * The data that the trained model will be evaluated on.
 *
 * @param source as the user named it
 * @param fingerprint hash over its files, as the dataset's own
 * @param profile its profile; tokens are lumped as those of the dataset
 * @param damaged names of its files that cannot be read, with the reason; they are left out
 * @param compared what of its rows is compared with the dataset's, {@code ""} if they have no content in common
 */
public record EvalData(
        String source, String fingerprint, DatasetProfile profile, Map<String, String> damaged, String compared)
        implements Dataset.Fact {
    public EvalData {
        damaged = Map.copyOf(damaged);
    }
}
