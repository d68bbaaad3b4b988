package io.tiltmeter.spark;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/** Writes files that are there whole or not at all: whoever is stopped in between leaves what was there before. */
public final class WholeFile {
    private WholeFile() {}

    /** Writes a file, replacing one of that name at once. */
    public static void write(Path file, byte[] bytes, Configuration configuration) throws IOException {
        FileSystem files = files(file, configuration);
        Path unfinished = new Path(file.getParent(), "_" + file.getName() + ".tmp");
        put(files, unfinished, bytes);
        if (!replace(files, unfinished, file, configuration)) {
            // An object store without a FileContext shows a file when it is closed, and not before.
            put(files, file, bytes);
            files.delete(unfinished, false);
        }
    }

    /**
     * Gives a finished file its name; one that has it is replaced at once.
     *
     * @return false, and nothing is done, on a file system that knows no such renaming
     */
    static boolean replace(FileSystem files, Path unfinished, Path file, Configuration configuration)
            throws IOException {
        if (files instanceof RawLocalFileSystem) {
            // POSIX: a file that is there is replaced.
            if (!files.rename(unfinished, file)) {
                throw new IOException("Cannot rename '" + unfinished + "' to '" + file + "'");
            }
            return true;
        }
        try {
            FileContext.getFileContext(files.getUri(), configuration)
                    .rename(unfinished, file, Options.Rename.OVERWRITE);
            return true;
        } catch (UnsupportedFileSystemException e) {
            return false;
        }
    }

    /** The file system of a path; the local one without the checksum files, which are renamed one step later. */
    public static FileSystem files(Path path, Configuration configuration) throws IOException {
        FileSystem files = path.getFileSystem(configuration);
        return files instanceof ChecksumFileSystem checked ? checked.getRawFileSystem() : files;
    }

    private static void put(FileSystem files, Path file, byte[] bytes) throws IOException {
        try (OutputStream out = files.create(file, true)) {
            out.write(bytes);
        }
    }
}
