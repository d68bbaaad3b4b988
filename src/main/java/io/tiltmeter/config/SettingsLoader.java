package io.tiltmeter.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException.Parse;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.detect.Detectors;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Checks;
import io.tiltmeter.validate.Level;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads settings: {@code --set} over the file over the defaults. Strict: an unknown key, a value of another type and a
 * number out of range are errors, and a boolean is {@code true} or {@code false}.
 */
public final class SettingsLoader {
    private static final Pattern PARSER_PREFIX = Pattern.compile("^.*?: \\d+: ", Pattern.DOTALL);

    private final List<DetectorInfo> detectors;
    private final List<CheckInfo> checks;
    private final Map<String, SettingKey> keys = new LinkedHashMap<>();

    private SettingsLoader(List<DetectorInfo> detectors, List<CheckInfo> checks) {
        this.detectors = detectors;
        this.checks = checks;
        for (SettingKey key : SettingKey.all(detectors, checks)) {
            keys.put(key.path(), key);
        }
    }

    /** The defaults of every section and every registered detector. */
    public static Settings defaults() {
        return load(Optional.empty(), List.of());
    }

    /**
     * The settings of a job.
     *
     * @param file a HOCON file, as {@code conf/tiltmeter.conf} is
     * @param sets {@code key=value}, later ones win
     * @throws ConfigException if any of it is wrong
     */
    public static Settings load(Optional<Path> file, List<String> sets) {
        return load(file, sets, Detectors.infos());
    }

    static Settings load(Optional<Path> file, List<String> sets, List<DetectorInfo> detectors) {
        SettingsLoader loader = new SettingsLoader(detectors, Checks.infos());
        Map<String, Object> values = new LinkedHashMap<>();
        loader.keys.forEach((path, key) -> values.put(path, key.defaultValue()));
        file.ifPresent(f -> loader.readFile(f, values));
        sets.forEach(set -> loader.readSet(set, values));
        return loader.build(values);
    }

    private void readFile(Path file, Map<String, Object> values) {
        List<Entry> entries = new ArrayList<>();
        collect(parse(file).root(), "", entries);
        entries.sort(Comparator.comparingInt(e -> e.value().origin().lineNumber()));
        for (Entry entry : entries) {
            put(entry.path(), raw(entry.value()), where(entry.value().origin(), file), values);
        }
    }

    private void readSet(String set, Map<String, Object> values) {
        int equals = set.indexOf('=');
        if (equals < 1) {
            throw new ConfigException("Cannot read --set '" + set + "', expected key=value");
        }
        String path = set.substring(0, equals).strip();
        String text = set.substring(equals + 1).strip();
        put(path, typed(text, keys.get(path)), "--set", values);
    }

    private void put(String path, Object raw, String where, Map<String, Object> values) {
        SettingKey key = keys.get(path);
        if (key == null) {
            throw unknown(path, where);
        }
        Object value = key.parse(raw)
                .orElseThrow(() -> new ConfigException(
                        "Setting '" + path + "' is '" + raw + "', expected " + key.wanted() + " (" + where + ")"));
        values.put(path, value);
    }

    private ConfigException unknown(String path, String where) {
        String advice = Nearest.to(path, keys.keySet())
                .map(key -> "did you mean '" + key + "'?")
                .orElse("conf/tiltmeter.conf lists all of them");
        return new ConfigException("Unknown setting '" + path + "' (" + where + "); " + advice);
    }

    private Settings build(Map<String, Object> values) {
        Map<String, Object> sections = new LinkedHashMap<>();
        for (RecordComponent section : SettingKey.sections()) {
            sections.put(section.getName(), SettingKey.build(section, values));
        }
        Map<String, DetectorSettings> byDetector = new LinkedHashMap<>();
        for (DetectorInfo detector : detectors) {
            String prefix = "detect." + detector.id() + ".";
            byDetector.put(
                    detector.id(),
                    new DetectorSettings(
                            Boolean.TRUE.equals(values.get(prefix + "enabled")),
                            parameters(prefix, detector.parameters(), values)));
        }
        Map<String, CheckSettings> byCheck = new LinkedHashMap<>();
        for (CheckInfo check : checks) {
            String prefix = SettingKey.checkSection(check.id()) + ".";
            byCheck.put(
                    check.id(),
                    new CheckSettings(
                            Boolean.TRUE.equals(values.get(prefix + "enabled")),
                            Level.ERROR.text().equals(values.get(prefix + "level")) ? Level.ERROR : Level.WARNING,
                            parameters(prefix, check.parameters(), values)));
        }
        return SettingKey.assemble(sections, byDetector, byCheck);
    }

    private static Map<String, Double> parameters(
            String prefix, List<DetectorInfo.Parameter> parameters, Map<String, Object> values) {
        Map<String, Double> set = new LinkedHashMap<>();
        for (DetectorInfo.Parameter parameter : parameters) {
            set.put(parameter.name(), (Double) values.get(prefix + parameter.name()));
        }
        return set;
    }

    static Config parse(Path file) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            String got = Files.exists(file) ? "it is not a readable file" : "there is no such file";
            throw new ConfigException("Cannot read settings '" + file + "': " + got);
        }
        try {
            return ConfigFactory.parseFile(
                            file.toFile(),
                            ConfigParseOptions.defaults()
                                    .setSyntax(ConfigSyntax.CONF)
                                    .setAllowMissing(false))
                    .resolve(ConfigResolveOptions.defaults());
        } catch (Parse e) {
            ConfigOrigin origin = e.origin();
            String where = origin == null ? file.toString() : where(origin, file);
            throw new ConfigException("Cannot read settings (" + where + "): " + firstLine(e));
        } catch (com.typesafe.config.ConfigException e) {
            throw new ConfigException("Cannot read settings '" + file + "': " + firstLine(e));
        }
    }

    private static String firstLine(com.typesafe.config.ConfigException e) {
        Matcher prefix = PARSER_PREFIX.matcher(String.valueOf(e.getMessage()));
        return prefix.replaceFirst("").lines().findFirst().orElse("it is not valid HOCON");
    }

    /** Leaves of the tree, and objects without any. */
    private void collect(ConfigObject object, String prefix, Collection<Entry> into) {
        object.forEach((name, value) -> {
            String path = prefix.isEmpty() ? name : prefix + "." + name;
            if (value instanceof ConfigObject child && !child.isEmpty() && !keys.containsKey(path)) {
                collect(child, path, into);
            } else if (value instanceof ConfigObject && isSection(path)) {
                // An empty section sets nothing.
                return;
            } else {
                into.add(new Entry(path, value));
            }
        });
    }

    private boolean isSection(String path) {
        return path.equals("detect")
                || path.equals("validate.checks")
                || keys.values().stream().anyMatch(key -> key.section().equals(path));
    }

    private static Object raw(ConfigValue value) {
        if (value instanceof ConfigObject) {
            return "{…}";
        }
        if (value instanceof ConfigList) {
            return "[…]";
        }
        return value.valueType() == ConfigValueType.NULL ? "null" : value.unwrapped();
    }

    /** Text of the command line in the type of its key, or as it is where it does not fit. */
    static Object typed(String text, @org.jspecify.annotations.Nullable SettingKey key) {
        if (key == null || key.type() == String.class) {
            return text;
        }
        if (key.type() == boolean.class) {
            return text.equals("true") ? (Object) true : text.equals("false") ? (Object) false : text;
        }
        try {
            return new java.math.BigDecimal(text);
        } catch (NumberFormatException notANumber) {
            return text;
        }
    }

    static String where(ConfigOrigin origin, Path file) {
        String name = origin.filename() == null
                ? file.toString()
                : Path.of(origin.filename()).toString();
        // The library makes the path absolute; people look for what they typed.
        String shown = Path.of(name).equals(file.toAbsolutePath()) ? file.toString() : name;
        return origin.lineNumber() > 0 ? shown + ", line " + origin.lineNumber() : shown;
    }

    private record Entry(String path, ConfigValue value) {}
}
