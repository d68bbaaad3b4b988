package io.tiltmeter.train;

import io.tiltmeter.spark.InputException;
import io.tiltmeter.spark.WholeFile;
import io.tiltmeter.train.RunState.Checkpoint;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * Models of a run as they were between segments, in DL4J's own format: {@code step-N.zip} is the state before step N. What
 * counts is what {@value #STATE} names: a model is written first, under a name of its own, then named there, and only then
 * what it replaces is removed. So a crash at any moment leaves a newest checkpoint that can be read.
 */
final class Checkpoints {
    private static final String STATE = "state.json";
    private static final int KEPT = 3;
    private static final Pattern NAME = Pattern.compile("step-\\d+(-\\d+)?\\.zip");

    private final Path folder;
    private final Configuration configuration;
    private @Nullable RunState state;

    /**
     * Opens the checkpoints below a folder, which need not exist.
     *
     * @throws InputException if what is there is damaged
     */
    Checkpoints(Path folder, Configuration configuration) {
        this.folder = folder;
        this.configuration = configuration;
        try (InputStream in = files().open(new Path(folder, STATE))) {
            state = RunState.parse(in.readAllBytes());
        } catch (FileNotFoundException e) {
            state = null;
        } catch (IOException e) {
            throw new InputException("Cannot read '" + new Path(folder, STATE) + "': " + e.getMessage());
        }
    }

    /** What the run knew of itself when it wrote its newest checkpoint. */
    Optional<RunState> state() {
        return Optional.ofNullable(state);
    }

    /** Whether a model lies in the folder, named by a state or not. */
    boolean isEmpty() {
        return state == null && models().isEmpty();
    }

    Checkpoint newest() {
        List<Checkpoint> kept = kept();
        return kept.get(kept.size() - 1);
    }

    /** Newest checkpoint not after a step; the oldest there is if all are later. */
    Checkpoint before(long step) {
        return kept().stream().filter(c -> c.step() <= step).reduce((a, b) -> b).orElse(kept().get(0));
    }

    private List<Checkpoint> kept() {
        RunState known = state;
        return known == null ? List.of() : known.checkpoints();
    }

    /**
     * Keeps a model, in place of what was kept of this step and later ones.
     *
     * @param now what the run knows of itself, but for attempt and checkpoints
     * @param perEpoch batches of a worker in an epoch
     */
    Checkpoint write(RunState now, int attempt, Cursor cursor, int perEpoch, byte[] model) {
        Set<String> taken = kept().stream().map(Checkpoint::file).collect(Collectors.toSet());
        String name = String.format("step-%09d.zip", cursor.step());
        for (int n = 1; taken.contains(name); n++) {
            name = String.format("step-%09d-%d.zip", cursor.step(), n);
        }
        Checkpoint added = new Checkpoint(name, cursor, perEpoch);
        List<Checkpoint> next = new ArrayList<>(
                kept().stream().filter(c -> c.step() < cursor.step()).toList());
        next.add(added);
        // The first stays, too: where all else is spoilt, it is sound.
        while (next.size() > KEPT + 1) {
            next.remove(1);
        }
        try {
            WholeFile.write(path(added), model, configuration);
            RunState changed = now.with(attempt, next);
            WholeFile.write(new Path(folder, STATE), changed.json(), configuration);
            state = changed;
            Set<String> named = next.stream().map(Checkpoint::file).collect(Collectors.toSet());
            for (Path old : models()) {
                if (!named.contains(old.getName())) {
                    files().delete(old, false);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write checkpoint '" + path(added) + "'", e);
        }
        return added;
    }

    byte[] read(Checkpoint checkpoint) {
        try (InputStream in = files().open(path(checkpoint))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read checkpoint '" + path(checkpoint) + "'", e);
        }
    }

    private Path path(Checkpoint checkpoint) {
        return new Path(folder, checkpoint.file());
    }

    private FileSystem files() throws IOException {
        return WholeFile.files(folder, configuration);
    }

    private List<Path> models() {
        try {
            List<Path> models = new ArrayList<>();
            for (FileStatus status : files().listStatus(folder)) {
                if (NAME.matcher(status.getPath().getName()).matches()) {
                    models.add(status.getPath());
                }
            }
            return models;
        } catch (FileNotFoundException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot list '" + folder + "'", e);
        }
    }
}
