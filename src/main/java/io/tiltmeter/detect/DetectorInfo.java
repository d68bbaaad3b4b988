package io.tiltmeter.detect;

import java.util.List;

/**
 * A detector's description, from which report text, documentation table and configuration keys derive.
 *
 * @param id kebab-case, unique; key of its settings {@code detect.<id>.*}
 * @param title a few words for headings
 * @param meaning what a finding means, one or two sentences
 * @param metrics columns it judges
 * @param parameters its settings; the first is the main threshold
 * @param advice what to do about a finding
 */
public record DetectorInfo(
        String id, String title, String meaning, List<String> metrics, List<Parameter> parameters, String advice) {

    public DetectorInfo {
        metrics = List.copyOf(metrics);
        parameters = List.copyOf(parameters);
        if (parameters.isEmpty()) {
            throw new IllegalArgumentException("Detector '" + id + "' has no parameter; it needs a threshold");
        }
    }

    /**
     * One setting of a detector.
     *
     * @param name kebab-case
     * @param value the default
     * @param unit unit of the value, {@code "1"} for pure numbers
     * @param meaning what it does
     * @param source where the default comes from
     */
    public record Parameter(String name, double value, String unit, String meaning, Source source) {}

    /** Origin of a threshold. */
    public sealed interface Source {
        String text();

        /** A publication or a public tool's documented rule. */
        record Published(String citation) implements Source {
            @Override
            public String text() {
                return citation;
            }
        }

        /** Derived by us. */
        record Derived(String reasoning) implements Source {
            @Override
            public String text() {
                return reasoning;
            }
        }
    }
}
