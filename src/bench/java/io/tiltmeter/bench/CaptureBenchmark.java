package io.tiltmeter.bench;

import io.tiltmeter.train.CaptureTimings;

/**
 * What measuring costs: {@code net.fit} alone, with capture at its default budget, and with every detail at every step, the
 * rows written to metric tables. Stretches of a few steps with and without capture alternate in one JVM; the median over
 * the pairs counts, and what the thread that writes computed is added.
 *
 * <pre>./mvnw -Pbench verify -DskipTests -Dbench.main=io.tiltmeter.bench.CaptureBenchmark -Dbench.arguments=90</pre>
 */
public final class CaptureBenchmark {
    private CaptureBenchmark() {}

    /** Arguments: folder for the rows, seconds for each network. */
    public static void main(String[] arguments) {
        CaptureTimings.print(arguments[0], Double.parseDouble(arguments[1]));
    }
}
