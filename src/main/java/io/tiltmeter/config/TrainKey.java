package io.tiltmeter.config;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One key of a training's configuration.
 *
 * @param kind what its values are
 * @param defaultValue null if there is none
 * @param choices of a {@link Kind#CHOICE} or {@link Kind#CHOICES}
 */
record TrainKey(
        String path,
        Kind kind,
        @Nullable Object defaultValue,
        double min,
        double max,
        List<? extends Enum<?>> choices) {

    /** What the values of a key are. */
    enum Kind {
        TEXT,
        TEXTS,
        WHOLE,
        WHOLES,
        NUMBER,
        BOOLEAN,
        CHOICE,
        CHOICES
    }

    /** Below this, floats hold every whole number exactly. */
    private static final int MOST_CLASSES = 1 << 24;

    private static final int MANY = Integer.MAX_VALUE;

    /** The fixed keys, by path, in the order of the example. */
    static Map<String, TrainKey> all() {
        List<TrainKey> keys = new ArrayList<>();
        keys.add(text("run-id"));
        keys.add(text("project"));
        keys.add(text("owner"));
        // Beyond this a number of a HOCON file may have lost digits.
        keys.add(whole("seed", 1L, -(1L << 53), 1L << 53));
        keys.add(text("model.file"));
        keys.add(text("model.factory"));
        keys.add(text("data.train"));
        keys.add(choice("data.format", TrainConfig.Format.AUTO));
        keys.add(of("data.features", Kind.TEXTS, null));
        keys.add(choice("data.feature-encoding", TrainConfig.FeatureEncoding.VALUES));
        keys.add(whole("data.feature-classes", null, 1, MOST_CLASSES));
        keys.add(of("data.labels", Kind.TEXTS, null));
        keys.add(choice("data.label-encoding", TrainConfig.LabelEncoding.VALUES));
        keys.add(whole("data.label-classes", null, 2, MOST_CLASSES));
        keys.add(choice("data.layout", TrainConfig.Layout.AUTO));
        keys.add(whole("data.sequence-length", null, 1, 1_000_000));
        keys.add(new TrainKey("data.shape", Kind.WHOLES, List.of(), 1, MANY, List.of()));
        keys.add(text("data.feature-mask"));
        keys.add(text("data.label-mask"));
        // The greatest double below 1: not everything may be held out.
        keys.add(number("data.holdout", 0.1, 0, Math.nextDown(1.0)));
        keys.add(text("data.evaluation"));
        keys.add(choice("training.way", TrainConfig.Way.SYNCHRONOUS));
        keys.add(whole("training.workers", 2L, 1, 10_000));
        keys.add(whole("training.batch", 32L, 1, 10_000_000));
        keys.add(whole("training.epochs", 1L, 1, MANY));
        keys.add(whole("training.max-steps", null, 1, 1L << 53));
        keys.add(whole("training.segment-steps", 500L, 1, MANY));
        keys.add(whole("training.averaging-frequency", 1L, 1, MANY));
        keys.add(of("training.shuffle", Kind.BOOLEAN, true));
        keys.add(text("training.interceptor"));
        keys.add(of("capture.layers", Kind.BOOLEAN, true));
        keys.add(number("capture.budget", 0.02, 1e-6, 1));
        keys.add(whole("capture.every-steps", 0L, 0, MANY));
        keys.add(number("capture.flush-seconds", 30.0, 0.1, 86_400));
        keys.add(number("sentinel.clip-norm", null, Double.MIN_NORMAL, Double.POSITIVE_INFINITY));
        keys.add(number("sentinel.rollback-learning-rate-factor", 0.5, Double.MIN_NORMAL, 1));
        keys.add(whole("sentinel.max-rollbacks", 3L, 0, 1000));
        Map<String, TrainKey> byPath = new LinkedHashMap<>();
        keys.forEach(key -> byPath.put(key.path(), key));
        return byPath;
    }

    static TrainKey text(String path) {
        return of(path, Kind.TEXT, null);
    }

    static TrainKey actions(String path) {
        return new TrainKey(path, Kind.CHOICES, null, 0, 0, List.of(TrainConfig.Action.values()));
    }

    private static TrainKey of(String path, Kind kind, @Nullable Object value) {
        return new TrainKey(path, kind, value, 0, 0, List.of());
    }

    private static TrainKey whole(String path, @Nullable Long value, long min, long max) {
        return new TrainKey(path, Kind.WHOLE, value, min, max, List.of());
    }

    private static TrainKey number(String path, @Nullable Double value, double min, double max) {
        return new TrainKey(path, Kind.NUMBER, value, min, max, List.of());
    }

    private static TrainKey choice(String path, Enum<?> value) {
        List<? extends Enum<?>> choices =
                Arrays.asList(value.getDeclaringClass().getEnumConstants());
        return new TrainKey(path, Kind.CHOICE, value, 0, 0, choices);
    }

    /** What would be accepted. */
    String wanted() {
        String range = "from " + SettingKey.plain(min) + " to " + SettingKey.plain(max);
        if (Double.isInfinite(max)) {
            range = "above 0";
        } else if (max == Math.nextDown(1.0)) {
            range = "from 0 to less than 1";
        }
        String names = choices.stream().map(TrainConfig::written).collect(Collectors.joining(", "));
        return switch (kind) {
            case TEXT -> "text that is not empty";
            case TEXTS -> "a list of at least one text, each once, as [a, b]";
            case WHOLE -> "a whole number " + range;
            case WHOLES -> "a list of whole numbers, at least 1, as [1, 28, 28]";
            case NUMBER -> "a number " + range;
            case BOOLEAN -> "true or false";
            case CHOICE -> "one of " + names;
            case CHOICES -> "a list of " + names + ", each at most once";
        };
    }

    /** The value in the type of this key, empty if it is of another type or out of range. */
    Optional<Object> parse(Object raw) {
        return switch (kind) {
            case TEXT -> one(raw instanceof String text && !text.isBlank(), raw);
            case TEXTS ->
                many(raw, each -> one(each instanceof String text && !text.isBlank(), each))
                        .filter(list -> !list.isEmpty()
                                && list.size() == list.stream().distinct().count())
                        .map(list -> (Object) list);
            case BOOLEAN -> one(raw instanceof Boolean, raw);
            case WHOLE -> whole(raw);
            case WHOLES -> many(raw, this::whole).map(list -> (Object) list);
            case NUMBER -> number(raw);
            case CHOICE -> chosen(raw);
            case CHOICES ->
                many(raw, this::chosen)
                        .filter(list -> list.size() == list.stream().distinct().count())
                        .map(list -> (Object) list);
        };
    }

    private static Optional<Object> one(boolean good, Object raw) {
        return good ? Optional.of(raw) : Optional.empty();
    }

    private static Optional<List<Object>> many(Object raw, java.util.function.Function<Object, Optional<Object>> of) {
        if (!(raw instanceof List<?> list)) {
            return Optional.empty();
        }
        List<Object> values = new ArrayList<>();
        for (Object each : list) {
            Optional<Object> value = each == null ? Optional.empty() : of.apply(each);
            if (value.isEmpty()) {
                return Optional.empty();
            }
            values.add(value.get());
        }
        return Optional.of(values);
    }

    private Optional<Object> chosen(Object raw) {
        for (Enum<?> choice : choices) {
            if (TrainConfig.written(choice).equals(raw)) {
                return Optional.of(choice);
            }
        }
        return Optional.empty();
    }

    private Optional<Object> number(Object raw) {
        if (!(raw instanceof Number number)) {
            return Optional.empty();
        }
        double value = number.doubleValue();
        return one(Double.isFinite(value) && value >= min && value <= max, value);
    }

    private Optional<Object> whole(Object raw) {
        if (number(raw).isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new BigDecimal(raw.toString()).longValueExact());
        } catch (ArithmeticException fraction) {
            return Optional.empty();
        }
    }
}
