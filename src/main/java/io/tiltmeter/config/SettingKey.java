package io.tiltmeter.config;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Level;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One key of the settings, derived from the records of {@link Settings} and the descriptions of the detectors.
 *
 * @param section record component of {@link Settings} in kebab-case, {@code detect.<id>} or {@code validate.checks.<id>}
 * @param name last part of the key
 * @param type {@code boolean}, {@code int}, {@code long}, {@code double} or {@link String}
 * @param defaultValue boxed, of that type
 * @param unit {@code "1"} for pure numbers
 * @param meaning comment in the documentation
 * @param origin where the default comes from
 * @param choices the texts allowed, empty where any is
 */
record SettingKey(
        String section,
        String name,
        Class<?> type,
        Object defaultValue,
        double min,
        double max,
        String unit,
        String meaning,
        String origin,
        List<String> choices) {

    /** The key as users write it, e.g. {@code scan.window-steps}. */
    String path() {
        return section + "." + name;
    }

    /** All keys in the order of the documentation. */
    static List<SettingKey> all(List<DetectorInfo> detectors, List<CheckInfo> checks) {
        List<SettingKey> keys = new ArrayList<>();
        for (RecordComponent section : sections()) {
            Object defaults = defaultsOf(section.getType());
            for (RecordComponent component : section.getType().getRecordComponents()) {
                Setting setting = component.getAnnotation(Setting.class);
                if (setting == null) {
                    throw new IllegalStateException("Component '" + component.getName() + "' of "
                            + section.getType().getName() + " has no @Setting");
                }
                keys.add(new SettingKey(
                        kebab(section.getName()),
                        kebab(component.getName()),
                        component.getType(),
                        valueOf(component, defaults),
                        setting.min(),
                        setting.max(),
                        setting.unit(),
                        setting.value(),
                        setting.origin(),
                        List.of(setting.choices())));
            }
        }
        for (DetectorInfo detector : detectors) {
            String section = "detect." + detector.id();
            keys.add(enabled(section, "a detector says itself where it cannot judge"));
            detector.parameters().forEach(parameter -> keys.add(parameter(section, parameter)));
        }
        for (CheckInfo check : checks) {
            String section = checkSection(check.id());
            keys.add(enabled(section, "a check says nothing about columns it does not concern"));
            keys.add(new SettingKey(
                    section,
                    "level",
                    String.class,
                    check.level().text(),
                    Double.NEGATIVE_INFINITY,
                    Double.POSITIVE_INFINITY,
                    "1",
                    "Whether a failure closes the gate (error) or is only reported (warning).",
                    "errors make training fail or learn the wrong thing",
                    Arrays.stream(Level.values()).map(Level::text).toList()));
            check.parameters().forEach(parameter -> keys.add(parameter(section, parameter)));
        }
        return List.copyOf(keys);
    }

    /** Where the settings of a check are. */
    static String checkSection(String id) {
        return "validate.checks." + id;
    }

    private static SettingKey enabled(String section, String origin) {
        return new SettingKey(
                section,
                "enabled",
                boolean.class,
                true,
                Double.NEGATIVE_INFINITY,
                Double.POSITIVE_INFINITY,
                "1",
                "Whether it runs.",
                origin,
                List.of());
    }

    private static SettingKey parameter(String section, DetectorInfo.Parameter parameter) {
        // A threshold with a positive default means nothing below zero.
        double min = parameter.value() >= 0 ? 0 : Double.NEGATIVE_INFINITY;
        return new SettingKey(
                section,
                parameter.name(),
                double.class,
                parameter.value(),
                min,
                Double.POSITIVE_INFINITY,
                parameter.unit(),
                parameter.meaning(),
                parameter.source().text(),
                List.of());
    }

    /** Components of {@link Settings} that are sections. */
    static List<RecordComponent> sections() {
        return Arrays.stream(Settings.class.getRecordComponents())
                .filter(component -> component.getType().isRecord())
                .toList();
    }

    /** The record of a section with these values, one for each component by its key. */
    static Object build(RecordComponent section, Map<String, Object> values) {
        RecordComponent[] components = section.getType().getRecordComponents();
        Object[] arguments = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            arguments[i] = java.util.Objects.requireNonNull(
                    values.get(kebab(section.getName()) + "." + kebab(components[i].getName())));
            types[i] = components[i].getType();
        }
        return construct(section.getType(), types, arguments);
    }

    /** Settings of these sections, by the name of their component, and of detectors and checks. */
    static Settings assemble(
            Map<String, Object> sections, Map<String, DetectorSettings> detectors, Map<String, CheckSettings> checks) {
        Map<String, Object> all = new LinkedHashMap<>(sections);
        all.put("detectors", detectors);
        all.put("checks", checks);
        RecordComponent[] components = Settings.class.getRecordComponents();
        Object[] arguments = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            arguments[i] = java.util.Objects.requireNonNull(all.get(components[i].getName()));
            types[i] = components[i].getType();
        }
        return (Settings) construct(Settings.class, types, arguments);
    }

    /** {@code windowSteps} as {@code window-steps}. */
    static String kebab(String camel) {
        return camel.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    }

    /** What would be accepted, for messages and documentation. */
    String wanted() {
        if (type == boolean.class) {
            return "true or false";
        }
        if (type == String.class) {
            return choices.isEmpty() ? "text" : String.join(" or ", choices);
        }
        String kind = type == double.class ? "a number" : "a whole number";
        if (Double.isInfinite(min) && Double.isInfinite(max)) {
            return kind;
        }
        if (Double.isInfinite(max)) {
            return kind + ", at least " + plain(min);
        }
        if (Double.isInfinite(min)) {
            return kind + ", at most " + plain(max);
        }
        return kind + " from " + plain(min) + " to " + plain(max);
    }

    /** The boxed value, empty if it is of another type or out of range. */
    Optional<Object> parse(Object raw) {
        if (type == boolean.class) {
            return raw instanceof Boolean ? Optional.of(raw) : Optional.empty();
        }
        if (type == String.class) {
            return raw instanceof String && (choices.isEmpty() || choices.contains(raw))
                    ? Optional.of(raw)
                    : Optional.empty();
        }
        if (!(raw instanceof Number number)) {
            return Optional.empty();
        }
        double value = number.doubleValue();
        if (!Double.isFinite(value) || value < min || value > max) {
            return Optional.empty();
        }
        if (type == double.class) {
            return Optional.of(value);
        }
        BigDecimal exact = new BigDecimal(number.toString());
        try {
            return type == int.class ? Optional.of(exact.intValueExact()) : Optional.of(exact.longValueExact());
        } catch (ArithmeticException fractionOrTooLarge) {
            return Optional.empty();
        }
    }

    /** A number as a person writes it: no exponent unless it is tiny or huge, no needless fraction. */
    static String plain(double value) {
        if (!Double.isFinite(value)) {
            return Double.toString(value);
        }
        BigDecimal exact = BigDecimal.valueOf(value).stripTrailingZeros();
        double size = Math.abs(value);
        boolean readable = size == 0 || (size >= 1e-5 && size < 1e13);
        return readable ? exact.toPlainString() : exact.toString().toLowerCase(Locale.ROOT);
    }

    private static Object defaultsOf(Class<?> section) {
        try {
            return java.util.Objects.requireNonNull(section.getField("DEFAULTS").get(null));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(section.getName() + " has no public constant DEFAULTS", e);
        }
    }

    private static Object valueOf(RecordComponent component, Object record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("Cannot read " + component + " of " + record, e);
        }
    }

    private static Object construct(Class<?> type, Class<?>[] types, Object[] arguments) {
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            return constructor.newInstance(arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException illegal) {
                throw new ConfigException(String.valueOf(illegal.getMessage()));
            }
            throw new IllegalStateException("Cannot build " + type.getName(), e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("Cannot build " + type.getName(), e);
        }
    }
}
