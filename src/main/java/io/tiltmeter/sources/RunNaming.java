package io.tiltmeter.sources;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Names runs after the folders their logs lie in. A run's id is the input's own name and the path below it without
 * extension; a log with a name that says nothing ({@code metrics.jsonl}, {@code train.log}) and no other log beside it
 * is named after its folder. Names stay as they are, whatever they contain, except for control characters: they are
 * data, never paths.
 */
public final class RunNaming {
    private static final int MAX_ID = 1000;
    private static final Set<String> GENERIC = Set.of(
            "metrics",
            "metric",
            "train",
            "training",
            "log",
            "logs",
            "main",
            "trainer_state",
            "stdout",
            "stderr",
            "output",
            "out",
            "console",
            "history",
            "events",
            "progress",
            "results",
            "scalars",
            "train_log",
            "training_log",
            "trainlog",
            "nohup",
            "run",
            "debug",
            "checkpoints");

    /**
     * Where a log lies.
     *
     * @param file the log
     * @param runFolder folder below the input that is the run where several files make one (empty where it is the input
     *     itself), else null
     */
    public record Place(InputFile file, @Nullable String runFolder) {
        private String path() {
            return file.path();
        }

        private String input() {
            return file.inputName();
        }

        /** Tells folders of different inputs apart. */
        private String key(String folder) {
            return "" + file.input() + '\n' + folder;
        }
    }

    /** A run's id and the project it belongs to. */
    public record Name(String runId, String project) {}

    private RunNaming() {}

    /** Names for all logs, in the given order; equal only for logs that share a run folder. */
    public static List<Name> name(List<Place> logs) {
        Map<String, Integer> logsInFolder = new HashMap<>();
        for (Place log : logs) {
            logsInFolder.merge(log.key(Texts.folder(log.path())), 1, Integer::sum);
        }
        List<Integer> order = IntStream.range(0, logs.size())
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> logs.get(i).input())
                        .thenComparing(i -> logs.get(i).path())
                        .thenComparing(i -> logs.get(i).file().location())
                        .thenComparing(i -> i))
                .toList();
        Map<String, Set<String>> pathsOfId = new HashMap<>();
        for (Place log : logs) {
            if (log.runFolder() == null) {
                pathsOfId
                        .computeIfAbsent(plain(log, logsInFolder), id -> new HashSet<>())
                        .add(log.path());
            }
        }
        Set<String> taken = new HashSet<>();
        Map<String, Name> byFolder = new HashMap<>();
        List<Name> names = new ArrayList<>(Collections.nCopies(logs.size(), new Name("", "")));
        for (int i : order) {
            Place log = logs.get(i);
            String runFolder = log.runFolder();
            if (runFolder == null) {
                String id = plain(log, logsInFolder);
                boolean pathTells = pathsOfId.getOrDefault(id, Set.of()).size() > 1;
                String clear = pathTells ? join(log.input(), log.path()) : id;
                names.set(i, named(unique(clear, taken), id));
            } else {
                names.set(i, byFolder.computeIfAbsent(log.key(runFolder), key -> {
                    String id = join(log.input(), runFolder);
                    return named(unique(id, taken), id);
                }));
            }
        }
        return names;
    }

    /** Whether a folder or file of this name (without extension) says nothing about the run. */
    static boolean isGeneric(String name) {
        return GENERIC.contains(name.toLowerCase(Locale.ROOT));
    }

    private static String plain(Place log, Map<String, Integer> logsInFolder) {
        if (log.path().isEmpty()) {
            return Texts.withoutExtension(log.input());
        }
        String folder = Texts.folder(log.path());
        String name = Texts.withoutExtension(Texts.fileName(log.path()));
        boolean alone = logsInFolder.getOrDefault(log.key(folder), 0) == 1;
        return alone && isGeneric(name) ? join(log.input(), folder) : join(join(log.input(), folder), name);
    }

    private static Name named(String id, String idWithoutSuffix) {
        String project = Texts.folder(idWithoutSuffix);
        return new Name(Texts.clean(id, MAX_ID), Texts.clean(project.isEmpty() ? idWithoutSuffix : project, MAX_ID));
    }

    private static String unique(String id, Set<String> taken) {
        String free = id;
        for (int n = 2; !taken.add(Texts.clean(free, MAX_ID)); n++) {
            // The number stays within the length that ids are cut to.
            free = Texts.clean(id, MAX_ID - 12) + "~" + n;
        }
        return free;
    }

    private static String join(String folder, String name) {
        return name.isEmpty() ? folder : folder.isEmpty() ? name : folder + '/' + name;
    }
}
