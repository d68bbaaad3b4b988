package io.tiltmeter.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** Lists the data files of a folder. */
final class FileListing {
    private FileListing() {}

    /**
     * A file.
     *
     * @param modified milliseconds since the epoch
     */
    record Listed(String path, long length, long modified) implements Serializable {}

    /** All files below a path, but for hidden ones and those Spark writes about itself. */
    static List<Listed> below(Path root, Configuration configuration) {
        List<Listed> files = new ArrayList<>();
        try {
            FileSystem system = root.getFileSystem(configuration);
            Path base = system.makeQualified(root);
            int prefix = base.toString().length();
            for (FileStatus status : statuses(system, root)) {
                String below = status.getPath().toString();
                below = below.length() > prefix
                        ? below.substring(prefix)
                        : status.getPath().getName();
                if (!hidden(below)) {
                    files.add(new Listed(status.getPath().toString(), status.getLen(), status.getModificationTime()));
                }
            }
        } catch (FileNotFoundException e) {
            throw new InputException("Cannot read '" + root + "': no such file or folder");
        } catch (IOException e) {
            throw new InputException("Cannot read '" + root + "': " + e.getMessage());
        }
        files.sort(Comparator.comparing(Listed::path));
        return files;
    }

    private static List<FileStatus> statuses(FileSystem system, Path root) throws IOException {
        List<FileStatus> statuses = new ArrayList<>();
        if (system instanceof LocalFileSystem) {
            // Its recursive listing starts a process a file, for an owner and permissions that nobody asks for.
            for (FileStatus status : system.listStatus(root)) {
                if (status.isDirectory()) {
                    statuses.addAll(statuses(system, status.getPath()));
                } else {
                    statuses.add(status);
                }
            }
        } else {
            RemoteIterator<LocatedFileStatus> all = system.listFiles(root, true);
            while (all.hasNext()) {
                statuses.add(all.next());
            }
        }
        return statuses;
    }

    private static boolean hidden(String below) {
        for (String part : below.split("/", -1)) {
            // A leading underscore is Spark's own (_SUCCESS, _metadata), unless it is a partition column (_a=1).
            if (part.startsWith(".") || part.startsWith("_") && !part.contains("=")) {
                return true;
            }
        }
        return false;
    }
}
