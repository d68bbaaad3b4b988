package io.tiltmeter.detect;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * Values of a detector's {@linkplain DetectorInfo.Parameter parameters}: the defaults, with what the user set.
 *
 * @param enabled whether the detector runs at all
 */
public record DetectorSettings(boolean enabled, Map<String, Double> values) implements java.io.Serializable {

    public DetectorSettings {
        values = Map.copyOf(values);
    }

    /** The defaults of a detector. */
    public static DetectorSettings defaults(DetectorInfo info) {
        Map<String, Double> values = new LinkedHashMap<>();
        info.parameters().forEach(p -> values.put(p.name(), p.value()));
        return new DetectorSettings(true, values);
    }

    /**
     * Value of a parameter.
     *
     * @throws IllegalArgumentException if the detector declares none of this name
     */
    public double get(String parameter) {
        Double value = values.get(parameter);
        if (value == null) {
            throw new IllegalArgumentException(
                    "Detector has no parameter '" + parameter + "', only " + new TreeSet<>(values.keySet()));
        }
        return value;
    }
}
