package io.tiltmeter.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files of this repository, from wherever the tests are started. */
public final class Repository {
    private static final Path ROOT = Path.of(System.getProperty("basedir", "")).toAbsolutePath();

    private Repository() {}

    /** The folder with the {@code pom.xml}. */
    public static Path root() {
        return ROOT;
    }

    /** A file by its path below the root. */
    public static Path file(String path) {
        return ROOT.resolve(path);
    }

    /** What a file says. */
    public static String text(String path) {
        try {
            return Files.readString(file(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
