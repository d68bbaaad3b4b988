package io.tiltmeter.spark;

import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Severity;
import java.util.List;
import java.util.Optional;

/**
 * How a job ended.
 *
 * @param text what to print for a person
 * @param worst gravest finding, empty without any or for jobs that judge nothing
 * @param rejected input that was not taken as it stood
 * @param location where the result lies, empty after a dry run
 * @param failed why the job ends with exit code 1 whatever {@code --fail-on} says; empty if it does not
 */
public record Outcome(
        String text,
        Optional<Severity> worst,
        List<Rejection> rejected,
        Optional<String> location,
        Optional<String> failed) {
    public Outcome {
        rejected = List.copyOf(rejected);
    }

    /** Of a job that does not fail by itself. */
    public Outcome(String text, Optional<Severity> worst, List<Rejection> rejected, Optional<String> location) {
        this(text, worst, rejected, location, Optional.empty());
    }

    /** The same with another text. */
    public Outcome withText(String other) {
        return new Outcome(other, worst, rejected, location, failed);
    }
}
