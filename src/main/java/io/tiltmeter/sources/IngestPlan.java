package io.tiltmeter.sources;

import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Rejection.Level;
import io.tiltmeter.model.RunRecord;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What to do with the files of the inputs: which are logs, of which format and run, which runs logged nothing, which
 * files hold settings, and which are passed over. Made of what was recognised of each file, so workers look, a driver
 * plans and workers read. Deterministic: everything is ordered by input and path. A file that two inputs share is taken
 * once.
 *
 * @param logs files to read
 * @param emptyRuns runs whose log is there but holds no point
 * @param settings locations of files whose settings became attributes of runs
 * @param skipped files that are none of these
 */
public record IngestPlan(List<Log> logs, List<EmptyRun> emptyRuns, List<String> settings, List<Skipped> skipped)
        implements Serializable {

    /** Opens the file at a location, wherever it lies. */
    @FunctionalInterface
    public interface Opener {
        InputStream open(String location) throws IOException;
    }

    /**
     * A log to read.
     *
     * @param formatId see {@link FormatRegistry#byId}
     * @param announcesRun see {@link LogFile#announcesRun}
     */
    public record Log(
            String location,
            String formatId,
            String runId,
            String project,
            Map<String, String> attributes,
            long length,
            boolean announcesRun)
            implements Serializable {

        /** The log as its format's reader wants it. */
        public LogFile file(MetricNames names, Opener opener) {
            return new PlannedFile(this, names, opener);
        }
    }

    /** A run whose log holds no point. */
    public record EmptyRun(String location, String runId, String project, Map<String, String> attributes)
            implements Serializable {

        /** Its row of the {@code runs} table, with status {@code empty}. */
        public RunRecord toRecord() {
            return Runs.emptied(Runs.record(runId, project, attributes));
        }
    }

    /**
     * A file that is not read, and why.
     *
     * @param level how much that is worth saying; null for files that nobody would take for a log
     */
    public record Skipped(
            String location, String reason, @Nullable Level level) implements Serializable {

        /** The entry of the {@code quarantine} table, if it is worth one. */
        public Optional<Rejection> toRejection() {
            return Optional.ofNullable(level).map(worth -> new Rejection(location, 0, reason, 1, worth));
        }
    }

    public IngestPlan {
        logs = List.copyOf(logs);
        emptyRuns = List.copyOf(emptyRuns);
        settings = List.copyOf(settings);
        skipped = List.copyOf(skipped);
    }

    private record Found(
            InputFile file,
            @Nullable LogFormat format,
            @Nullable String runFolder) {
        /** The folder whose settings are the run's. */
        String settingsFolder() {
            return runFolder == null ? Texts.folder(file.path()) : runFolder;
        }
    }

    /** What logs of one input are called. */
    private record Called(Set<String> names, Set<String> extensions) {
        Called() {
            this(new HashSet<>(), new HashSet<>());
        }

        boolean like(InputFile file) {
            return EmptyLogs.isCalledLikeLog(file.path(), names, extensions);
        }
    }

    /** The plan for these files, which were recognised with the same formats. */
    public static IngestPlan of(List<Recognised> files, FormatRegistry formats) {
        List<Recognised> sorted = new ArrayList<>(files);
        sorted.sort(Comparator.comparing((Recognised each) -> each.file().inputName())
                .thenComparing(each -> each.file().path())
                .thenComparing(each -> each.file().location())
                .thenComparing(each -> each.file().input()));
        List<Found> logs = new ArrayList<>();
        List<Recognised> others = new ArrayList<>();
        Map<Integer, Called> called = new HashMap<>();
        Set<String> locations = new HashSet<>();
        for (Recognised each : sorted) {
            InputFile file = each.file();
            if (!locations.add(file.location())) {
                continue;
            }
            if (each.kind() != Recognised.Kind.LOG) {
                others.add(each);
                continue;
            }
            LogFormat format = formats.byId(each.detail());
            logs.add(new Found(file, format, format.runFolder(file.path()).orElse(null)));
            Called names = called.computeIfAbsent(file.input(), key -> new Called());
            names.names().add(Texts.fileName(file.path()));
            names.extensions().add(Texts.extension(file.path()));
        }
        List<Recognised> rest = new ArrayList<>();
        for (Recognised each : others) {
            InputFile file = each.file();
            if (each.kind() == Recognised.Kind.EMPTY
                    && called.getOrDefault(file.input(), new Called()).like(file)) {
                logs.add(new Found(file, null, runFolder(file, formats)));
            } else {
                rest.add(each);
            }
        }
        addEmptyFolders(logs, rest);
        logs.sort(Comparator.comparing((Found log) -> log.file().inputName())
                .thenComparing(log -> log.file().path())
                .thenComparing(log -> log.file().location()));
        return assemble(logs, rest, formats, called);
    }

    private static @Nullable String runFolder(InputFile file, FormatRegistry formats) {
        return formats.formats().stream()
                .flatMap(format -> format.runFolder(file.path()).stream())
                .findFirst()
                .orElse(null);
    }

    /** Finds runs of which a tracker knows, but no log. */
    private static void addEmptyFolders(List<Found> logs, List<Recognised> rest) {
        Set<String> withLogs = new HashSet<>();
        logs.forEach(log -> withLogs.add("" + log.file().input() + '\n' + log.settingsFolder()));
        for (Recognised each : rest) {
            InputFile file = each.file();
            String folder = Texts.folder(file.path());
            if (Runs.describesRun(each.settings()) && !withLogs.contains("" + file.input() + '\n' + folder)) {
                logs.add(new Found(file, null, folder));
            }
        }
    }

    private static IngestPlan assemble(
            List<Found> found, List<Recognised> rest, FormatRegistry formats, Map<Integer, Called> called) {
        SettingsBeside settings = new SettingsBeside(rest);
        for (Found log : found) {
            if (log.runFolder() == null) {
                settings.claimStem(log.file().input(), log.file().path());
            }
        }
        List<RunNaming.Name> names = RunNaming.name(found.stream()
                .map(log -> new RunNaming.Place(log.file(), log.runFolder()))
                .toList());
        List<Log> logs = new ArrayList<>();
        Set<String> announced = new HashSet<>();
        List<EmptyRun> emptyRuns = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            Found log = found.get(i);
            RunNaming.Name name = names.get(i);
            if (log.format() == null) {
                continue;
            }
            boolean announces = announced.add(name.runId());
            logs.add(new Log(
                    log.file().location(),
                    log.format().id(),
                    name.runId(),
                    name.project(),
                    announces ? attributes(settings, log) : Map.of(),
                    log.file().length(),
                    announces));
        }
        for (int i = 0; i < found.size(); i++) {
            Found log = found.get(i);
            RunNaming.Name name = names.get(i);
            if (log.format() == null && announced.add(name.runId())) {
                emptyRuns.add(
                        new EmptyRun(log.file().location(), name.runId(), name.project(), attributes(settings, log)));
            }
        }
        List<Skipped> skipped = new ArrayList<>();
        for (Recognised each : rest) {
            if (!settings.used().contains(each.file().location())) {
                skipped.add(skipped(each, formats, called));
            }
        }
        return new IngestPlan(logs, emptyRuns, new ArrayList<>(settings.used()), skipped);
    }

    private static Map<String, String> attributes(SettingsBeside settings, Found log) {
        return settings.of(log.file().input(), log.file().path(), log.settingsFolder());
    }

    private static Skipped skipped(Recognised each, FormatRegistry formats, Map<Integer, Called> called) {
        String location = each.file().location();
        String unknown = formats.formats().size() == 1
                ? "Not a log of format '" + formats.formats().get(0).id() + "'"
                : "Not a log of a known format";
        return switch (each.kind()) {
            case UNREADABLE -> new Skipped(location, each.detail(), Level.REJECTED);
            case EMPTY -> new Skipped(location, "Empty, and not called like a log beside it", null);
            case SETTINGS, ONE_SETTING -> new Skipped(location, "Settings, but there is no log beside them", null);
            default -> {
                boolean like =
                        called.getOrDefault(each.file().input(), new Called()).like(each.file());
                yield new Skipped(
                        location,
                        like ? unknown + ", though called like the logs of this input" : unknown,
                        like ? Level.WARNING : null);
            }
        };
    }
}
