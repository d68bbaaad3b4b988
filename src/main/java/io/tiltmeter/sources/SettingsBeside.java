package io.tiltmeter.sources;

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

    SettingsBeside(List<Recognised> files) {
        for (Recognised each : files) {
            InputFile file = each.file();
            String folder = Texts.folder(file.path());
            String stem = Texts.withoutExtension(Texts.fileName(file.path()));
            if (each.kind() == Recognised.Kind.ONE_SETTING) {
                folder = Texts.folder(folder);
                stem = "";
            }
            if (!each.settings().isEmpty()) {
                byFolder.computeIfAbsent(key(file.input(), folder), k -> new ArrayList<>())
                        .add(new Settings(file.location(), stem, each.settings()));
            }
        }
    }

    /** Says that there is a log at the path, before any call of {@link #of}. */
    void claimStem(int input, String path) {
        stemsOfLogs.add(key(input, Texts.withoutExtension(path)));
    }

    /** The settings of a log, by key; where two files disagree the first by path wins. */
    Map<String, String> of(int input, String path, String folder) {
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

    private void collect(int input, String path, String folder, Map<String, String> merged) {
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

    private static String key(int input, String path) {
        return "" + input + '\n' + path;
    }
}
