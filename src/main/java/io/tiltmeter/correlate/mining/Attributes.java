package io.tiltmeter.correlate.mining;

import io.tiltmeter.model.RunRecord;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is known of a run before it starts. */
public final class Attributes {
    /** Words in the name of a number that is a result, not a setting. */
    private static final Set<String> RESULTS = Set.of(
            "loss",
            "losses",
            "accuracy",
            "acc",
            "error",
            "perplexity",
            "ppl",
            "score",
            "elapsed",
            "runtime",
            "duration",
            "result",
            "results",
            "time",
            "wallclock");
    /** Words that make a setting of such a name: the scale of a loss, the weight of a term, a limit of time. */
    private static final Set<String> SETTINGS = Set.of(
            "scale",
            "scaling",
            "scaler",
            "weight",
            "coef",
            "coefficient",
            "fn",
            "function",
            "type",
            "limit",
            "max",
            "chunk",
            "step");

    private Attributes() {}

    /**
     * Settings of a run by name: its attributes, and the columns of the {@code runs} table that describe data, code and
     * machine. Without empty values, seeds, numbers that are named like results ({@code val_loss}), and names in {@code leaveOut}.
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
        run.attributes().forEach((name, value) -> put(known, name, value));
        known.keySet().removeAll(leaveOut);
        known.entrySet()
                .removeIf(e -> (isResult(e.getKey()) || RunRecord.isSeed(e.getKey()))
                        && number(e.getValue()).isPresent());
        return known;
    }

    private static void put(Map<String, String> known, String name, @Nullable String value) {
        if (value != null && !value.isBlank() && !value.equals("null") && !value.equals("None")) {
            known.put(name, value.strip());
        }
    }

    static boolean isResult(String name) {
        List<String> words = Arrays.asList(name.replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ")
                .toLowerCase(Locale.ROOT)
                .split("[^a-z0-9]+"));
        return words.stream().anyMatch(RESULTS::contains) && words.stream().noneMatch(SETTINGS::contains);
    }

    /** The finite number that a text is. */
    static OptionalDouble number(String text) {
        if (text.isEmpty() || !isNumberStart(text.charAt(0)) || text.length() > 40) {
            return OptionalDouble.empty();
        }
        try {
            double value = Double.parseDouble(text);
            boolean plain = "0123456789.".indexOf(text.charAt(text.length() - 1)) >= 0;
            return plain && Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
        } catch (NumberFormatException notANumber) {
            return OptionalDouble.empty();
        }
    }

    private static boolean isNumberStart(char c) {
        return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.';
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
