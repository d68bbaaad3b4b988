package io.tiltmeter.bench;

import io.tiltmeter.train.CaptureTimings;

/**
 * What measuring costs: steps of synchronous training of two workers without capture, with capture at its default budget, and with
 * every detail at every step, the rows written to metric tables. Short stretches with and without capture alternate; the median over the
 * pairs counts, kinds of steps apart, and what the thread that writes computed is added.
 *
 * <pre>./mvnw -Pbench verify -DskipTests -Dbench.main=io.tiltmeter.bench.CaptureBenchmark -Dbench.arguments=90</pre>
 */
public final class CaptureBenchmark {
    private CaptureBenchmark() {}

    /** Arguments: folder for the rows, seconds for each network. */
    public static void main(String[] arguments) throws Exception {
        CaptureTimings.print(arguments[0], Double.parseDouble(arguments[1]));
    }
}
