package io.tiltmeter.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.tiltmeter.config.TrainConfig.Action;
import io.tiltmeter.config.TrainConfig.FeatureEncoding;
import io.tiltmeter.config.TrainConfig.LabelEncoding;
import io.tiltmeter.config.TrainConfig.Layout;
import io.tiltmeter.detect.Detector;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.detect.Detectors;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the configuration of a training: {@code --set} over the file over the defaults. Strict: an unknown key, a value
 * of another type or out of range and keys that contradict each other are errors.
 */
public final class TrainConfigLoader {
    private static final String ARGUMENTS = "model.arguments";
    private static final String INTERCEPTOR_ARGUMENTS = "training.interceptor-arguments";
    private static final String POLICIES = "sentinel.policies";
    private static final String DETECT = "detect.";
    private static final Pattern RUN_ID = Pattern.compile("[A-Za-z0-9._-]+");
    private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:.*", Pattern.DOTALL);
    private static final Pattern TABLE = Pattern.compile("[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*){0,2}");

    private static final List<DetectorInfo> DETECTORS =
            Detectors.ofRuns().stream().map(Detector::info).toList();

    private final Map<String, TrainKey> keys = TrainKey.all();
    private final Map<String, SettingKey> detectorKeys = new LinkedHashMap<>();
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final Map<String, Object> detectorValues = new LinkedHashMap<>();
    private final Map<String, String> arguments = new TreeMap<>();
    private final Map<String, String> interceptorArguments = new TreeMap<>();
    private final Path file;

    private TrainConfigLoader(Path file) {
        this.file = file;
        for (String kind : kinds()) {
            keys.put(POLICIES + "." + kind, TrainKey.actions(POLICIES + "." + kind));
        }
        SettingKey.all(DETECTORS, List.of()).stream()
                .filter(key -> key.path().startsWith(DETECT))
                .forEach(key -> detectorKeys.put(key.path(), key));
        keys.values().forEach(key -> {
            if (key.defaultValue() != null) {
                values.put(key.path(), key.defaultValue());
            }
        });
        values.put(POLICIES + ".non-finite", List.of(Action.WARN, Action.STOP));
    }

    /**
     * The configuration of a training.
     *
     * @param file a HOCON file, as {@code conf/train-example.conf} is; paths in it start from its folder
     * @param overrides values by key that win over the file's
     * @throws ConfigException if any of it is wrong
     */
    public static TrainConfig load(Path file, Map<String, String> overrides) {
        TrainConfigLoader loader = new TrainConfigLoader(file);
        loader.readFile();
        overrides.forEach((key, text) -> loader.put(key, loader.typed(key, text), "--set"));
        return loader.build();
    }

    /**
     * All keys, but for the free {@code model.arguments.*} and {@code training.interceptor-arguments.*}, and the
     * {@code detect.*} of {@link SettingsLoader}.
     */
    public static List<String> keys() {
        return List.copyOf(new TrainConfigLoader(Path.of("")).keys.keySet());
    }

    /** Kinds of trouble that may have a policy: values that are not finite, and what the detectors find. */
    public static Set<String> kinds() {
        Set<String> kinds = new TreeSet<>(Set.of("non-finite"));
        DETECTORS.forEach(detector -> kinds.add(detector.id()));
        return kinds;
    }

    private void readFile() {
        Config config = SettingsLoader.parse(file);
        List<Map.Entry<String, ConfigValue>> entries = new ArrayList<>();
        collect(config.root(), "", entries);
        entries.sort(Comparator.comparingInt(e -> e.getValue().origin().lineNumber()));
        for (Map.Entry<String, ConfigValue> entry : entries) {
            ConfigValue value = entry.getValue();
            put(entry.getKey(), raw(value), SettingsLoader.where(value.origin(), file));
        }
    }

    private void collect(ConfigObject object, String prefix, List<Map.Entry<String, ConfigValue>> into) {
        object.forEach((name, value) -> {
            String path = prefix + name;
            boolean section = path.equals(ARGUMENTS)
                    || path.equals(INTERCEPTOR_ARGUMENTS)
                    || keys.keySet().stream().anyMatch(key -> key.startsWith(path + "."))
                    || detectorKeys.keySet().stream().anyMatch(key -> key.startsWith(path + "."));
            if (value instanceof ConfigObject child && !keys.containsKey(path) && (section || !child.isEmpty())) {
                collect(child, path + ".", into);
            } else {
                into.add(Map.entry(path, value));
            }
        });
    }

    private void put(String path, Object raw, String where) {
        for (String free : List.of(ARGUMENTS, INTERCEPTOR_ARGUMENTS)) {
            if (path.startsWith(free + ".")) {
                if (raw instanceof Map || raw instanceof List || raw.equals("null")) {
                    throw wrong(path, raw, "text or a number", where);
                }
                (free.equals(ARGUMENTS) ? arguments : interceptorArguments)
                        .put(path.substring(free.length() + 1), raw.toString());
                return;
            }
        }
        SettingKey detectorKey = detectorKeys.get(path);
        if (detectorKey != null) {
            detectorValues.put(
                    path, detectorKey.parse(raw).orElseThrow(() -> wrong(path, raw, detectorKey.wanted(), where)));
            return;
        }
        TrainKey key = keys.get(path);
        if (key == null) {
            Set<String> known = new TreeSet<>(keys.keySet());
            known.addAll(detectorKeys.keySet());
            String advice = Nearest.to(path, known)
                    .map(near -> "did you mean '" + near + "'?")
                    .orElse("conf/train-example.conf lists all of them");
            throw new ConfigException("Unknown setting '" + path + "' (" + where + "); " + advice);
        }
        values.put(path, key.parse(raw).orElseThrow(() -> wrong(path, raw, key.wanted(), where)));
    }

    private static ConfigException wrong(String path, Object raw, String wanted, String where) {
        Object shown = raw instanceof Map ? "{…}" : raw;
        return new ConfigException(
                "Setting '" + path + "' is '" + shown + "', expected " + wanted + " (" + where + ")");
    }

    private static Object raw(ConfigValue value) {
        if (value instanceof ConfigObject) {
            return Map.of();
        }
        if (value instanceof ConfigList list) {
            return list.unwrapped();
        }
        return value.valueType() == ConfigValueType.NULL ? "null" : value.unwrapped();
    }

    /** Text of the command line in the type of its key, or as it is where it does not fit. */
    private Object typed(String path, String text) {
        SettingKey detectorKey = detectorKeys.get(path);
        if (detectorKey != null) {
            return SettingsLoader.typed(text, detectorKey);
        }
        TrainKey key = keys.get(path);
        if (key == null) {
            return text;
        }
        return switch (key.kind()) {
            case TEXT, CHOICE -> text;
            case BOOLEAN -> text.equals("true") ? (Object) true : text.equals("false") ? (Object) false : text;
            case WHOLE, NUMBER -> numberOr(text);
            case TEXTS, CHOICES, WHOLES -> list(text, key.kind() == TrainKey.Kind.WHOLES);
        };
    }

    private static Object numberOr(String text) {
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException notANumber) {
            return text;
        }
    }

    /** {@code [a, b]} or {@code a,b}. */
    private static Object list(String text, boolean numbers) {
        if (text.startsWith("[")) {
            try {
                return ConfigFactory.parseString("list = " + text)
                        .getList("list")
                        .unwrapped();
            } catch (com.typesafe.config.ConfigException notAList) {
                return text;
            }
        }
        List<Object> list = new ArrayList<>();
        for (String each : text.split(",", -1)) {
            list.add(numbers ? numberOr(each.strip()) : each.strip());
        }
        return list;
    }

    private TrainConfig build() {
        String runId = required("run-id");
        if (!RUN_ID.matcher(runId).matches()) {
            throw new ConfigException(
                    "Setting 'run-id' is '" + runId + "', expected letters, digits, dots, underscores and dashes only");
        }
        if (!interceptorArguments.isEmpty()) {
            needs("training.interceptor", true, INTERCEPTOR_ARGUMENTS);
        }
        TrainConfig.Training training = new TrainConfig.Training(
                required("training.way"),
                whole("training.workers"),
                whole("training.batch"),
                whole("training.epochs"),
                (Long) values.get("training.max-steps"),
                whole("training.segment-steps"),
                whole("training.averaging-frequency"),
                required("training.shuffle"),
                (String) values.get("training.interceptor"),
                interceptorArguments);
        TrainConfig.Capture capture = new TrainConfig.Capture(
                required("capture.layers"),
                required("capture.budget"),
                whole("capture.every-steps"),
                required("capture.flush-seconds"));
        return new TrainConfig(
                runId,
                (String) values.get("project"),
                (String) values.get("owner"),
                this.<Long>required("seed"),
                model(),
                data(),
                training,
                capture,
                sentinel(),
                detect());
    }

    /** Of the detectors that the file or the command line says something about. */
    private Map<String, DetectorSettings> detect() {
        Map<String, DetectorSettings> settings = new TreeMap<>();
        for (DetectorInfo detector : DETECTORS) {
            String prefix = DETECT + detector.id() + ".";
            if (detectorValues.keySet().stream().noneMatch(key -> key.startsWith(prefix))) {
                continue;
            }
            Map<String, Double> parameters = new TreeMap<>();
            detector.parameters()
                    .forEach(p -> parameters.put(
                            p.name(), (Double) detectorValues.getOrDefault(prefix + p.name(), p.value())));
            boolean enabled = !Boolean.FALSE.equals(detectorValues.get(prefix + "enabled"));
            if (!enabled && values.containsKey(POLICIES + "." + detector.id())) {
                throw new ConfigException("Setting '" + POLICIES + "." + detector.id() + "' is set, but '" + prefix
                        + "enabled' is false; expected only one of them");
            }
            settings.put(detector.id(), new DetectorSettings(enabled, parameters));
        }
        return settings;
    }

    private TrainConfig.Model model() {
        String path = (String) values.get("model.file");
        String factory = (String) values.get("model.factory");
        if ((path == null) == (factory == null)) {
            throw new ConfigException((path == null ? "Neither" : "Both") + " 'model.file' "
                    + (path == null ? "nor" : "and") + " 'model.factory' " + (path == null ? "is" : "are") + " set in '"
                    + file + "', expected exactly one of them");
        }
        if (factory == null && !arguments.isEmpty()) {
            throw new ConfigException("Setting '" + ARGUMENTS + "."
                    + arguments.keySet().iterator().next()
                    + "' is set, but arguments go to a factory: expected 'model.factory' instead of 'model.file'");
        }
        return new TrainConfig.Model(path == null ? null : resolved(path, false), factory, arguments);
    }

    private TrainConfig.Data data() {
        FeatureEncoding features = required("data.feature-encoding");
        LabelEncoding labels = required("data.label-encoding");
        Layout layout = required("data.layout");
        boolean sequences = values.containsKey("data.sequence-length");
        needs("data.feature-classes", features == FeatureEncoding.ONE_HOT, "data.feature-encoding = one-hot");
        needs("data.label-classes", labels != LabelEncoding.VALUES, "data.label-encoding = class or one-hot-sequence");
        if (labels != LabelEncoding.VALUES
                && this.<List<?>>required("data.labels").size() != 1) {
            throw new ConfigException("Setting 'data.labels' has "
                    + this.<List<?>>required("data.labels").size()
                    + " columns, expected one with data.label-encoding = " + TrainConfig.written(labels));
        }
        if (layout == Layout.SEQUENCE || labels == LabelEncoding.ONE_HOT_SEQUENCE) {
            required("data.sequence-length");
        }
        if (layout == Layout.FLAT && labels == LabelEncoding.ONE_HOT_SEQUENCE) {
            throw new ConfigException("Setting 'data.label-encoding' is 'one-hot-sequence' with data.layout = flat,"
                    + " expected data.layout = sequence");
        }
        for (String key : List.of("data.sequence-length", "data.feature-mask", "data.label-mask")) {
            if (values.containsKey(key) && (layout == Layout.FLAT || !sequences)) {
                throw new ConfigException("Setting '" + key + "' is set, but is for sequences: expected"
                        + " data.sequence-length, and data.layout = sequence or auto");
            }
        }
        List<Long> shape = required("data.shape");
        if (!shape.isEmpty() && (layout == Layout.SEQUENCE || sequences)) {
            throw new ConfigException("Setting 'data.shape' is " + shape + ", but examples are sequences: expected"
                    + " data.layout = flat");
        }
        String evaluation = (String) values.get("data.evaluation");
        double holdout = this.<Double>required("data.holdout");
        return new TrainConfig.Data(
                resolved(required("data.train"), true),
                required("data.format"),
                required("data.features"),
                features,
                optionalWhole("data.feature-classes"),
                required("data.labels"),
                labels,
                optionalWhole("data.label-classes"),
                layout,
                optionalWhole("data.sequence-length"),
                shape.stream().map(Math::toIntExact).toList(),
                (String) values.get("data.feature-mask"),
                (String) values.get("data.label-mask"),
                evaluation == null ? holdout : 0,
                evaluation == null ? null : resolved(evaluation, true));
    }

    private void needs(String key, boolean needed, String where) {
        if (needed) {
            required(key);
        } else if (values.containsKey(key)) {
            throw new ConfigException("Setting '" + key + "' is " + values.get(key) + ", but is only for " + where);
        }
    }

    private TrainConfig.Sentinel sentinel() {
        Map<String, List<Action>> policies = new TreeMap<>();
        for (String kind : kinds()) {
            if (values.containsKey(POLICIES + "." + kind)) {
                policies.put(kind, required(POLICIES + "." + kind));
            }
        }
        return new TrainConfig.Sentinel(
                policies,
                (Double) values.get("sentinel.clip-norm"),
                required("sentinel.rollback-learning-rate-factor"),
                whole("sentinel.max-rollbacks"));
    }

    /** The value of a key, which has the type that its {@link TrainKey} gave it. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private <T> T required(String key) {
        Object value = values.get(key);
        if (value == null) {
            TrainKey known = keys.get(key);
            throw new ConfigException("Setting '" + key + "' is not set in '" + file + "', expected "
                    + (known == null ? "a value" : known.wanted()));
        }
        return (T) value;
    }

    private int whole(String key) {
        return Math.toIntExact(this.<Long>required(key));
    }

    private @Nullable Integer optionalWhole(String key) {
        return values.containsKey(key) ? (Integer) whole(key) : null;
    }

    /** A relative path from the file's folder; a name that is no file there and may be a table stays as it is. */
    private String resolved(String path, boolean mayBeTable) {
        if (SCHEME.matcher(path).matches()) {
            return path;
        }
        Path folder = file.toAbsolutePath().normalize().getParent();
        Path whole = folder == null ? Path.of(path) : folder.resolve(path).normalize();
        boolean table = mayBeTable && TABLE.matcher(path).matches() && !Files.exists(whole);
        if (table || Path.of(path).isAbsolute()) {
            return path;
        }
        // With its scheme, as the file is on this machine, whatever file system is Spark's default.
        return "file:" + whole;
    }
}
