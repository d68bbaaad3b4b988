package io.tiltmeter.correlate.mining;

import io.tiltmeter.correlate.RunSettings;
import io.tiltmeter.model.RunRecord;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is known of a run before it starts. */
public final class Attributes {
    private Attributes() {}

    /**
     * Settings of a run by name ({@link RunSettings}), and the columns of the {@code runs} table that describe data, code and
     * machine. Without names in {@code leaveOut} and what was left unset: to models that is a setting that a run lacks.
     */
    public static Map<String, String> of(RunRecord run, Set<String> leaveOut) {
        Map<String, String> known = new TreeMap<>();
        put(known, "dataset", run.dataset());
        put(known, "dataset version", run.datasetVersion());
        put(known, "tokenizer", run.tokenizer());
        put(known, "framework", run.framework());
        put(known, "code version", run.codeVersion());
        put(known, "hardware", run.hardware());
        put(
                known,
                "planned steps",
                run.plannedSteps() == null ? null : run.plannedSteps().toString());
        RunSettings.of(run).forEach((name, value) -> put(known, name, value));
        known.keySet().removeAll(leaveOut);
        return known;
    }

    private static void put(Map<String, String> known, String name, @Nullable String value) {
        RunSettings.known(value).ifPresent(text -> known.put(name, text));
    }

    /** A number with four significant digits, as people write settings. */
    static String text(double value) {
        if (value == 0) {
            return "0";
        }
        BigDecimal rounded = new BigDecimal(value).round(new MathContext(4)).stripTrailingZeros();
        double size = Math.abs(value);
        if (size >= 1e-3 && size < 1e7) {
            return rounded.toPlainString();
        }
        int exponent = rounded.precision() - rounded.scale() - 1;
        return rounded.movePointLeft(exponent).toPlainString() + "e" + exponent;
    }
}
