package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.spark.InputException;
import io.tiltmeter.train.RunState.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {
    private static final Map<String, String> IDENTITY = Map.of("seed", "3", "training.batch", "16");

    @TempDir
    java.nio.file.Path folder = java.nio.file.Path.of("");

    /** The local file system, of a process that dies before one of its changes. */
    public static final class Dying extends RawLocalFileSystem {
        private static int left = Integer.MAX_VALUE;

        private static void change() throws IOException {
            if (left == 0) {
                throw new IOException("Died");
            }
            left--;
        }

        @Override
        public URI getUri() {
            return URI.create("file:///");
        }

        @Override
        public FSDataOutputStream create(
                Path file,
                FsPermission permission,
                boolean overwrite,
                int buffer,
                short replication,
                long block,
                Progressable progress)
                throws IOException {
            change();
            return super.create(file, permission, overwrite, buffer, replication, block, progress);
        }

        @Override
        public FSDataOutputStream create(
                Path file, boolean overwrite, int buffer, short replication, long block, Progressable progress)
                throws IOException {
            change();
            return super.create(file, overwrite, buffer, replication, block, progress);
        }

        @Override
        public boolean rename(Path from, Path to) throws IOException {
            change();
            return super.rename(from, to);
        }

        @Override
        public boolean delete(Path file, boolean recursive) throws IOException {
            change();
            return super.delete(file, recursive);
        }
    }

    private Checkpoints open() {
        return open(new Configuration());
    }

    private Checkpoints open(Configuration configuration) {
        return new Checkpoints(new Path(folder.toString(), "checkpoints"), configuration);
    }

    private static RunState state() {
        return RunState.beginning(IDENTITY, 1_000_000, List.of(0, 1));
    }

    private static byte[] model(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Cursor at(long step) {
        return Cursor.START.at(step, 10, 32);
    }

    private static String text(Checkpoints checkpoints, Checkpoint checkpoint) {
        return new String(checkpoints.read(checkpoint), StandardCharsets.UTF_8);
    }

    private List<String> files() throws IOException {
        try (Stream<java.nio.file.Path> all = Files.list(folder.resolve("checkpoints"))) {
            return all.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void keepsTheFirstAndTheThreeNewest() throws IOException {
        Checkpoints checkpoints = open();
        assertThat(checkpoints.isEmpty()).isTrue();
        for (int step = 0; step <= 50; step += 10) {
            checkpoints.write(state(), 0, at(step), 10, model("m" + step));
        }

        assertThat(files())
                .containsExactly(
                        "state.json",
                        "step-000000000.zip",
                        "step-000000030.zip",
                        "step-000000040.zip",
                        "step-000000050.zip");
        assertThat(text(checkpoints, checkpoints.before(44))).isEqualTo("m40");
        assertThat(text(checkpoints, checkpoints.before(29))).isEqualTo("m0");
    }

    @Test
    void whatAnotherProcessReadsIsWhatWasWritten() {
        RunState state = state().without(0).rolledBack(0.5).rolledBack(0.5);
        open().write(state, 4, at(23), 10, model("m"));
        Checkpoints later = open();

        Checkpoint kept = new Checkpoint("step-000000023.zip", new Cursor(23, 736, 2, 3), 10);
        assertThat(later.state())
                .hasValue(new RunState(
                        1, new java.util.TreeMap<>(IDENTITY), 1_000_000, 4, List.of(1), true, 2, 0.25, List.of(kept)));
        assertThat(text(later, later.newest())).isEqualTo("m");
        assertThat(state.changes(Map.of("seed", "4", "training.batch", "16", "data.holdout", "0.2")))
                .containsExactly("'data.holdout' was not set, is 0.2", "'seed' was 3, is 4");
    }

    /** A rollback to step 10 takes the place of what was there and of all later ones, at once. */
    @Test
    void goingBackReplacesInOneStroke() throws IOException {
        Checkpoints checkpoints = open();
        for (int step = 0; step <= 30; step += 10) {
            checkpoints.write(state(), 0, at(step), 10, model("m" + step));
        }
        checkpoints.write(state().rolledBack(0.5), 1, at(10), 10, model("slower"));

        assertThat(text(open(), open().newest())).isEqualTo("slower");
        assertThat(files()).containsExactly("state.json", "step-000000000.zip", "step-000000010-1.zip");
    }

    @Test
    void aCrashAtAnyMomentLeavesANewestThatCanBeRead() throws IOException {
        Configuration dying = new Configuration(false);
        dying.set("fs.file.impl", Dying.class.getName());
        dying.setBoolean("fs.file.impl.disable.cache", true);
        Dying.left = Integer.MAX_VALUE;
        open(dying).write(state(), 0, at(0), 10, model("m0"));
        open(dying).write(state(), 0, at(10), 10, model("m10"));
        boolean done = false;
        int crashes = 0;
        for (int changes = 0; !done; changes++) {
            Checkpoints checkpoints = open(dying);
            Dying.left = changes;
            try {
                checkpoints.write(state().rolledBack(0.5), 1, at(10), 10, model("slower"));
                done = true;
            } catch (UncheckedIOException e) {
                crashes++;
            }
            Dying.left = Integer.MAX_VALUE;
            Checkpoints found = open(dying);
            assertThat(found.newest().step()).isEqualTo(10);
            boolean switched = found.state().orElseThrow().rollbacks() == 1;
            assertThat(text(found, found.newest())).isEqualTo(switched ? "slower" : "m10");
        }
        // Two files are each begun and renamed, one is removed.
        assertThat(crashes).isGreaterThanOrEqualTo(4);
        assertThat(text(open(dying), open(dying).newest())).isEqualTo("slower");
    }

    @Test
    void modelsWithoutAStateAreNoted() throws IOException {
        Files.createDirectories(folder.resolve("checkpoints"));
        Files.writeString(folder.resolve("checkpoints/step-000000100.zip"), "old");

        assertThat(open().isEmpty()).isFalse();
        assertThat(open().state()).isEmpty();

        Files.writeString(folder.resolve("checkpoints/state.json"), "{ \"schema\": 1 ");
        assertThatThrownBy(this::open)
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("Cannot read '")
                .hasMessageContaining("state.json'");
    }
}
