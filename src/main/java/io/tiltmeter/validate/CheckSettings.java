package io.tiltmeter.validate;

import io.tiltmeter.detect.DetectorInfo.Parameter;
import java.io.Serializable;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Settings of one check: its defaults, with what the user set.
 *
 * @param enabled whether it runs at all
 * @param level what a violation does
 * @param values values of its {@linkplain CheckInfo#parameters() parameters}
 */
public record CheckSettings(boolean enabled, Level level, Map<String, Double> values) implements Serializable {
    public CheckSettings {
        values = Map.copyOf(values);
    }

    /** The defaults of a check. */
    public static CheckSettings defaults(CheckInfo info) {
        return new CheckSettings(
                true,
                info.level(),
                info.parameters().stream().collect(Collectors.toMap(Parameter::name, Parameter::value)));
    }

    /**
     * Value of a parameter.
     *
     * @throws IllegalArgumentException if the check declares none of this name
     */
    public double get(String parameter) {
        Double value = values.get(parameter);
        if (value == null) {
            throw new IllegalArgumentException(
                    "Check has no parameter '" + parameter + "', only " + new TreeSet<>(values.keySet()));
        }
        return value;
    }
}
