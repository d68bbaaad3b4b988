package io.tiltmeter.sources;

import io.tiltmeter.model.Rejection;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Files of one input or several, in memory or on disk, imported as the job does it, but without Spark. */
final class Folder {
    private final List<InputFile> files = new ArrayList<>();
    private final Map<String, byte[]> contents = new TreeMap<>();
    private FormatRegistry formats = FormatRegistry.load();

    /** A plan and what reading its logs gave. */
    record Imported(IngestPlan plan, Collected records) {}

    /** All files below a folder on disk. */
    static Folder onDisk(Path root) {
        Folder folder = new Folder();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.filter(Files::isRegularFile).sorted().toList()) {
                folder.files.add(new InputFile(
                        0,
                        root.getFileName().toString(),
                        path.toString(),
                        root.relativize(path).toString(),
                        Files.size(path)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return folder;
    }

    Folder only(String formatId) {
        formats = FormatRegistry.load().select(formatId);
        return this;
    }

    /** A file of the input called {@code in}. */
    Folder file(String path, String text) {
        return file(path, text.getBytes(StandardCharsets.UTF_8));
    }

    Folder file(String path, byte[] bytes) {
        return file(0, "in", "in/" + path, path, bytes);
    }

    Folder file(int input, String inputName, String location, String path, byte[] bytes) {
        files.add(new InputFile(input, inputName, location, path, bytes.length));
        contents.put(location, bytes);
        return this;
    }

    private InputStream open(String location) throws IOException {
        byte[] bytes = contents.get(location);
        return bytes == null ? Files.newInputStream(Path.of(location)) : new ByteArrayInputStream(bytes);
    }

    List<Recognised> recognised() {
        return files.stream()
                .map(file -> Recognised.of(file, () -> open(file.location()), formats, MetricNames.standard()))
                .toList();
    }

    IngestPlan plan() {
        return IngestPlan.of(recognised(), formats);
    }

    Imported read() {
        IngestPlan plan = plan();
        Collected records = new Collected();
        plan.emptyRuns().forEach(run -> records.run(run.toRecord()));
        plan.skipped().forEach(file -> file.toRejection().ifPresent(records::reject));
        for (IngestPlan.Log log : plan.logs()) {
            try {
                formats.byId(log.formatId()).read(log.file(MetricNames.standard(), this::open), records);
            } catch (IOException e) {
                records.reject(
                        new Rejection(log.location(), 0, String.valueOf(e.getMessage()), 1, Rejection.Level.REJECTED));
            }
        }
        return new Imported(plan, records);
    }
}
