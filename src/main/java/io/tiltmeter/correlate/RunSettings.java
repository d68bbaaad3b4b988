package io.tiltmeter.correlate;

import io.tiltmeter.model.RunRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the attributes of a run say of its settings: the one reading of them, for patterns and for models. */
public final class RunSettings {
    /** The text of a setting that the run left unset: Python writes {@code None}, JSON and YAML write {@code null}. */
    public static final String UNSET = "None";

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

    private RunSettings() {}

    /**
     * Settings of a run by name; those that it left unset are {@link #UNSET}. Without attributes that are empty, seeds,
     * and numbers that are named like results ({@code val_loss}): those are known only afterwards and cause nothing.
     */
    public static Map<String, String> of(RunRecord run) {
        Map<String, String> settings = new HashMap<>();
        run.attributes().forEach((name, value) -> {
            Optional<String> text = text(value);
            if (text.isPresent()
                    && !RunRecord.isSeed(name)
                    && !(number(text.get()).isPresent() && isResult(name))) {
                settings.put(name, text.get());
            }
        });
        // The compact copy: a fleet has a hundred thousand of them.
        return Map.copyOf(settings);
    }

    /** What a cell of the {@code runs} table says beside the attributes; nothing where it is empty or unset. */
    public static Optional<String> known(@Nullable String cell) {
        return text(cell).filter(text -> !text.equals(UNSET));
    }

    private static Optional<String> text(@Nullable String value) {
        String text = value == null ? "" : value.strip();
        if (text.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(text.equals("null") ? UNSET : text);
    }

    private static boolean isResult(String name) {
        List<String> words = RunRecord.words(name);
        return words.stream().anyMatch(RESULTS::contains) && words.stream().noneMatch(SETTINGS::contains);
    }

    /** The finite number that a text is. */
    public static OptionalDouble number(String text) {
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
}
