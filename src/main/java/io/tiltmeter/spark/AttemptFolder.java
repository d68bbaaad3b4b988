package io.tiltmeter.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Staged output: everything is written into a new folder {@code attempt-NNNNNN}, which becomes visible when {@code
 * manifest.json} names it. A job that dies leaves the last good attempt in place; object stores, which cannot rename a
 * folder, need no rename. The attempt before the visible one is kept for readers that are still at it, older ones go.
 */
final class AttemptFolder {
    private static final String MANIFEST = "manifest.json";
    private static final Pattern NAME = Pattern.compile("attempt-(\\d{6,})");
    private static final Pattern CURRENT = Pattern.compile("\"attempt\"\\s*:\\s*\"(attempt-\\d+)\"");

    private final Path root;
    private final Path folder;
    private final FileSystem files;

    private AttemptFolder(Path root, Path folder, FileSystem files) {
        this.root = root;
        this.folder = folder;
        this.files = files;
    }

    /** Begins a new attempt below {@code root}. */
    static AttemptFolder begin(Path root, Configuration configuration) {
        try {
            FileSystem files = root.getFileSystem(configuration);
            long next = 1;
            if (files.exists(root)) {
                for (FileStatus status : files.listStatus(root)) {
                    Matcher name = NAME.matcher(status.getPath().getName());
                    if (name.matches()) {
                        next = Math.max(next, Long.parseLong(name.group(1)) + 1);
                    }
                }
            }
            Path folder = new Path(root, String.format("attempt-%06d", next));
            files.mkdirs(folder);
            return new AttemptFolder(root, folder, files);
        } catch (IOException e) {
            throw new InputException("Cannot write to '" + root + "': " + e.getMessage());
        }
    }

    /** Folder of the visible attempt below {@code root}, empty when there is none. */
    static Optional<Path> current(Path root, Configuration configuration) {
        Path manifest = new Path(root, MANIFEST);
        try (InputStream in = manifest.getFileSystem(configuration).open(manifest)) {
            Matcher match = CURRENT.matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            if (!match.find()) {
                throw new InputException(
                        "Manifest '" + manifest + "' names no attempt; expected {\"attempt\":\"attempt-…\"}");
            }
            return Optional.of(new Path(root, match.group(1)));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new InputException("Cannot read '" + manifest + "': " + e.getMessage());
        }
    }

    /** Where this attempt writes. */
    Path folder() {
        return folder;
    }

    Path file(String name) {
        return new Path(folder, name);
    }

    /** Writes a text file into the attempt, or, once it is visible, beside it. */
    static void write(Path file, String text, Configuration configuration) {
        try (OutputStream out = file.getFileSystem(configuration).create(file, true)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write '" + file + "'", e);
        }
    }

    /** Makes this attempt the visible one and drops those before the last. */
    void publish() {
        try {
            Optional<Path> previous = current(root, files.getConf());
            write(
                    new Path(root, MANIFEST),
                    "{\"schema\":" + Schemas.VERSION + ",\"attempt\":\"" + folder.getName() + "\"}\n",
                    files.getConf());
            for (FileStatus status : files.listStatus(root)) {
                Path path = status.getPath();
                boolean keep = path.getName().equals(folder.getName())
                        || previous.isPresent()
                                && path.getName().equals(previous.get().getName());
                if (!keep && NAME.matcher(path.getName()).matches()) {
                    files.delete(path, true);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot publish '" + folder + "'", e);
        }
    }

    /** Drops what was written; the visible attempt stays. */
    void abandon() {
        delete(folder);
    }

    /** Drops a file or folder of this attempt. */
    void remove(String name) {
        delete(file(name));
    }

    private void delete(Path path) {
        try {
            files.delete(path, true);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot remove '" + path + "'", e);
        }
    }
}
