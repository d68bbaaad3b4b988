package io.tiltmeter.validate;

import io.tiltmeter.detect.DetectorInfo.Parameter;
import java.util.List;

/**
 * A check's description, from which report text, documentation table and configuration keys derive.
 *
 * @param id kebab-case, unique; key of its settings {@code validate.checks.<id>.*}
 * @param title a few words for headings
 * @param meaning what a violation means, one or two sentences
 * @param level what a violation does, unless the settings say otherwise
 * @param parameters its bounds with their origin, maybe none
 * @param advice what to do about a violation
 */
public record CheckInfo(
        String id, String title, String meaning, Level level, List<Parameter> parameters, String advice) {
    public CheckInfo {
        parameters = List.copyOf(parameters);
    }
}
