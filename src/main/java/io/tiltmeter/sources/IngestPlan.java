package io.tiltmeter.sources;

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
 * files hold settings, and which are passed over. Made of the files' beginnings alone, so a driver can plan and workers
 * read. Deterministic: everything is ordered by input and path.
 *
 * @param logs files to read
 * @param emptyRuns runs whose log is there but holds no point
 * @param settings locations of files whose settings became attributes of runs
 * @param skipped files that are none of these
 */
public record IngestPlan(List<Log> logs, List<EmptyRun> emptyRuns, List<String> settings, List<Skipped> skipped)
        implements Serializable {

    /**
     * A file of an input.
     *
     * @param input name of the input (root folder or file) without its path; begins the run ids
     * @param location path as the user gave it; opens the file and stands in messages
     * @param length in bytes
     * @param sample its beginning; {@link Sample#path()} is the path below the input
     */
    public record Candidate(String input, String location, long length, Sample sample) implements Serializable {}

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
            return Runs.record(runId, project, attributes).withStatus(Runs.EMPTY);
        }
    }

    /** A file that is not read, and why. */
    public record Skipped(String location, String reason) implements Serializable {}

    public IngestPlan {
        logs = List.copyOf(logs);
        emptyRuns = List.copyOf(emptyRuns);
        settings = List.copyOf(settings);
        skipped = List.copyOf(skipped);
    }

    /** The plan for these files, each of the format that fits it best. */
    public static IngestPlan of(List<Candidate> files, FormatRegistry formats) {
        return plan(files, formats, null);
    }

    /** The plan for these files when the user said which format they have: what it does not recognise is skipped. */
    public static IngestPlan of(List<Candidate> files, LogFormat only) {
        return plan(files, FormatRegistry.of(List.of(only)), only);
    }

    private record Found(Candidate file, @Nullable LogFormat format, String runFolder) {
        String path() {
            return file.sample().path();
        }

        /** The folder whose settings are the run's. */
        String settingsFolder() {
            return runFolder.isEmpty() ? Texts.folder(path()) : runFolder;
        }
    }

    private static IngestPlan plan(List<Candidate> files, FormatRegistry formats, @Nullable LogFormat only) {
        List<Candidate> sorted = new ArrayList<>(files);
        sorted.sort(Comparator.comparing(Candidate::input)
                .thenComparing(file -> file.sample().path())
                .thenComparing(Candidate::location));
        List<Found> logs = new ArrayList<>();
        List<Candidate> others = new ArrayList<>();
        Map<String, Set<String>> namesByInput = new HashMap<>();
        Map<String, Set<String>> extensionsByInput = new HashMap<>();
        for (Candidate file : sorted) {
            Sample sample = Gzip.plain(file.sample());
            Optional<LogFormat> format = EmptyLogs.isEmpty(sample) ? Optional.empty() : formats.recognise(sample);
            if (format.isEmpty()) {
                others.add(new Candidate(file.input(), file.location(), file.length(), sample));
                continue;
            }
            logs.add(new Found(
                    file, format.get(), format.get().runFolder(sample.path()).orElse("")));
            namesByInput.computeIfAbsent(file.input(), key -> new HashSet<>()).add(Texts.fileName(sample.path()));
            extensionsByInput
                    .computeIfAbsent(file.input(), key -> new HashSet<>())
                    .add(Texts.extension(sample.path()));
        }
        List<Candidate> rest = new ArrayList<>();
        for (Candidate file : others) {
            boolean emptyLog = EmptyLogs.isEmpty(file.sample())
                    && EmptyLogs.isLog(
                            file.sample().path(),
                            namesByInput.getOrDefault(file.input(), Set.of()),
                            extensionsByInput.getOrDefault(file.input(), Set.of()));
            if (emptyLog) {
                logs.add(new Found(file, null, ""));
            } else {
                rest.add(file);
            }
        }
        return assemble(logs, rest, only);
    }

    private static IngestPlan assemble(List<Found> found, List<Candidate> rest, @Nullable LogFormat only) {
        found.sort(Comparator.comparing((Found log) -> log.file().input()).thenComparing(Found::path));
        SettingsBeside settings = new SettingsBeside(rest);
        for (Found log : found) {
            settings.claimStem(log.file().input(), log.path());
        }
        List<RunNaming.Name> names = RunNaming.name(found.stream()
                .map(log -> new RunNaming.Place(log.file().input(), log.path(), log.runFolder()))
                .toList());
        List<Log> logs = new ArrayList<>();
        List<EmptyRun> emptyRuns = new ArrayList<>();
        Set<String> announced = new HashSet<>();
        for (int i = 0; i < found.size(); i++) {
            Found log = found.get(i);
            RunNaming.Name name = names.get(i);
            Map<String, String> attributes = settings.of(log.file().input(), log.path(), log.settingsFolder());
            if (log.format() == null) {
                emptyRuns.add(new EmptyRun(log.file().location(), name.runId(), name.project(), attributes));
            } else {
                logs.add(new Log(
                        log.file().location(),
                        log.format().id(),
                        name.runId(),
                        name.project(),
                        attributes,
                        log.file().length(),
                        announced.add(name.runId())));
            }
        }
        List<Skipped> skipped = new ArrayList<>();
        for (Candidate file : rest) {
            if (!settings.used().contains(file.location())) {
                skipped.add(new Skipped(file.location(), reason(file.sample(), only)));
            }
        }
        return new IngestPlan(logs, emptyRuns, new ArrayList<>(settings.used()), skipped);
    }

    private static String reason(Sample sample, @Nullable LogFormat only) {
        if (EmptyLogs.isEmpty(sample)) {
            return "Empty, and not called like a log beside it";
        }
        return only == null ? "Not a log of a known format" : "Not a log of format '" + only.id() + "'";
    }
}
