package io.tiltmeter.sources;

import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds the settings that belong to a log: files of settings in its folder, or in the folder above where its own is only
 * called {@code logs} or the like, and the one-value files of trackers under {@code params/} and {@code tags/}. A file
 * of settings called like one of the logs beside it belongs to that log alone.
 */
final class SettingsBeside {
    private record Settings(String location, String stem, Map<String, String> values) {}

    private final Map<String, List<Settings>> byFolder = new HashMap<>();
    private final Set<String> stemsOfLogs = new HashSet<>();
    private final Set<String> used = new TreeSet<>();

    SettingsBeside(List<IngestPlan.Candidate> files) {
        for (IngestPlan.Candidate file : files) {
            Sample sample = file.sample();
            String folder = Texts.folder(sample.path());
            String stem = Texts.withoutExtension(Texts.fileName(sample.path()));
            Map<String, String> values = ConfigFiles.settings(sample).orElse(Map.of());
            String parent = Texts.fileName(folder);
            if (values.isEmpty() && (parent.equals("params") || parent.equals("tags"))) {
                values = oneValue(sample, parent.equals("tags") ? "tags." : "");
                folder = Texts.folder(folder);
                stem = "";
            }
            if (!values.isEmpty()) {
                byFolder.computeIfAbsent(key(file.input(), folder), k -> new ArrayList<>())
                        .add(new Settings(file.location(), stem, values));
            }
        }
    }

    /** Says that there is a log at the path, before any call of {@link #of}. */
    void claimStem(String input, String path) {
        stemsOfLogs.add(key(input, Texts.withoutExtension(path)));
    }

    /** The settings of a log, by key; where two files disagree the first by path wins. */
    Map<String, String> of(String input, String path, String folder) {
        Map<String, String> merged = new TreeMap<>();
        collect(input, path, folder, merged);
        String name = Texts.fileName(folder).toLowerCase(Locale.ROOT);
        if (merged.isEmpty() && !folder.isEmpty() && RunNaming.isGeneric(name)) {
            collect(input, path, Texts.folder(folder), merged);
        }
        return merged;
    }

    /** Locations of the files whose settings some log has. */
    Set<String> used() {
        return used;
    }

    private void collect(String input, String path, String folder, Map<String, String> merged) {
        String logStem = Texts.withoutExtension(Texts.fileName(path));
        for (Settings settings : byFolder.getOrDefault(key(input, folder), List.of())) {
            boolean anothers = !settings.stem().equals(logStem)
                    && stemsOfLogs.contains(
                            key(input, folder.isEmpty() ? settings.stem() : folder + '/' + settings.stem()));
            if (!anothers) {
                settings.values().forEach((key, value) -> {
                    if (merged.size() < ConfigFiles.MAX_KEYS) {
                        merged.putIfAbsent(key, value);
                    }
                });
                used.add(settings.location());
            }
        }
    }

    private static Map<String, String> oneValue(Sample sample, String prefix) {
        if (!sample.whole() || sample.head().length > ConfigFiles.MAX_VALUE) {
            return Map.of();
        }
        try {
            String value = Utf8.decode(sample.head(), 0, sample.head().length).strip();
            return value.isEmpty() || value.indexOf('\n') >= 0
                    ? Map.of()
                    : Map.of(
                            Texts.clean(prefix + Texts.fileName(sample.path()), ConfigFiles.MAX_VALUE),
                            Texts.clean(value, ConfigFiles.MAX_VALUE));
        } catch (CharacterCodingException e) {
            return Map.of();
        }
    }

    private static String key(String input, String path) {
        return input + '\n' + path;
    }
}
