package io.tiltmeter.train;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Models of a run as they were between segments, in DL4J's own format: {@code step-N.zip} is the state before step N. */
final class Checkpoints {
    private static final int KEPT = 3;
    private static final Pattern NAME = Pattern.compile("step-(\\d+)\\.zip");

    private final Path folder;
    private final Configuration configuration;
    private final List<Long> steps = new ArrayList<>();

    /** Opens the checkpoints below a folder, which need not exist. */
    Checkpoints(Path folder, Configuration configuration) {
        this.folder = folder;
        this.configuration = configuration;
        try {
            FileSystem files = folder.getFileSystem(configuration);
            if (files.exists(folder)) {
                for (FileStatus status : files.listStatus(folder)) {
                    Matcher name = NAME.matcher(status.getPath().getName());
                    if (name.matches()) {
                        steps.add(Long.parseLong(name.group(1)));
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot list '" + folder + "'", e);
        }
        steps.sort(Comparator.naturalOrder());
    }

    boolean isEmpty() {
        return steps.isEmpty();
    }

    /** Step of the newest checkpoint. */
    long newest() {
        return steps.get(steps.size() - 1);
    }

    /** Step of the newest checkpoint not after a step; the oldest there is if all are later. */
    long before(long step) {
        return steps.stream().filter(s -> s <= step).reduce((a, b) -> b).orElse(steps.get(0));
    }

    Path path(long step) {
        return new Path(folder, String.format("step-%09d.zip", step));
    }

    /** Keeps a model; complete under its name, or not there at all. */
    void write(long step, byte[] model) {
        Path path = path(step);
        Path unfinished = new Path(folder, "_" + path.getName());
        try {
            FileSystem files = folder.getFileSystem(configuration);
            try (OutputStream out = files.create(unfinished, true)) {
                out.write(model);
            }
            files.delete(path, false);
            if (!files.rename(unfinished, path)) {
                throw new IOException("cannot rename " + unfinished.getName());
            }
            steps.remove(Long.valueOf(step));
            steps.add(step);
            steps.sort(Comparator.naturalOrder());
            // The first stays, too: where all else is spoilt, it is sound.
            while (steps.size() > KEPT + 1) {
                files.delete(path(steps.remove(1)), false);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write checkpoint '" + path + "'", e);
        }
    }

    byte[] read(long step) {
        try (InputStream in = folder.getFileSystem(configuration).open(path(step))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read checkpoint '" + path(step) + "'", e);
        }
    }

    /** Drops checkpoints after a step: the run goes on from there in another way. */
    void dropAfter(long step) {
        try {
            FileSystem files = folder.getFileSystem(configuration);
            for (long later : steps.stream().filter(s -> s > step).toList()) {
                files.delete(path(later), false);
                steps.remove(Long.valueOf(later));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot drop checkpoints below '" + folder + "'", e);
        }
    }
}
