package io.tiltmeter.train;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.nd4j.linalg.factory.Nd4j;

/** What a pre-flight check says of itself, whatever it finds. */
record CheckSpec(String id, String meaning, String advice, String source) {
    /** Runs a check; what it throws becomes its failure. Dropout and the like begin from the seed in each. */
    PreflightReport.Check run(long seed, Supplier<PreflightReport.Check> body) {
        try {
            Nd4j.getRandom().setSeed(seed);
            return body.get();
        } catch (RuntimeException e) {
            String message = e.getMessage() == null ? e.getClass().getName() : e.getMessage();
            String line = message.lines().findFirst().orElse(message);
            return new PreflightReport.Check(
                    id,
                    PreflightReport.Level.FAIL,
                    "could not run: " + line,
                    "runs",
                    meaning,
                    advice,
                    source,
                    new TreeMap<>());
        }
    }

    PreflightReport.Check result(
            PreflightReport.Level level, String measured, String expected, Map<String, Double> numbers) {
        SortedMap<String, Double> sorted = new TreeMap<>(numbers);
        return new PreflightReport.Check(id, level, measured, expected, meaning, advice, source, sorted);
    }

    PreflightReport.Check notApplicable(String why) {
        return result(PreflightReport.Level.NOT_APPLICABLE, why, "nothing", Map.of());
    }
}
