package io.tiltmeter.bench;

import io.tiltmeter.train.CaptureTimings;

/**
 * What measuring costs: {@code net.fit} alone, with capture at its default budget, and with every detail at every step, the
 * rows written to metric tables. The three alternate in one JVM; medians of the rounds count, and what the thread that writes
 * computed is added.
 *
 * <pre>./mvnw -Pbench verify -DskipTests -Dbench.main=io.tiltmeter.bench.CaptureBenchmark -Dbench.arguments="31 1"</pre>
 */
public final class CaptureBenchmark {
    private CaptureBenchmark() {}

    /** Arguments: folder for the rows, rounds, seconds of a round. */
    public static void main(String[] arguments) {
        CaptureTimings.print(arguments[0], Integer.parseInt(arguments[1]), Double.parseDouble(arguments[2]));
    }
}
