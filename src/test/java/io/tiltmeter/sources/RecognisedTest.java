package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.sources.Recognised.Kind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class RecognisedTest {
    private static Recognised of(String path, byte[] bytes) {
        InputFile file = new InputFile(0, "in", "in/" + path, path, bytes.length);
        return Recognised.of(
                file, () -> new ByteArrayInputStream(bytes), FormatRegistry.load(), MetricNames.standard());
    }

    private static Recognised of(String path, String text) {
        return of(path, text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return packed.toByteArray();
    }

    @Test
    void tellsWhatAFileIs() {
        assertThat(of("a/metrics.jsonl", "{\"step\": 1, \"loss\": 2}\n").detail())
                .isEqualTo("jsonl");
        assertThat(of("a/metrics.jsonl", " \r\n\t").kind()).isEqualTo(Kind.EMPTY);
        assertThat(of("a/golden.json", "{ }\n").kind()).isEqualTo(Kind.EMPTY);
        assertThat(of("a/golden.json", "{}{}").kind()).isEqualTo(Kind.OTHER);
        assertThat(of("a/config.json", "{\"lr\": 0.5}").settings()).isEqualTo(Map.of("lr", "0.5"));
        assertThat(of("a/params/lr", "0.5").kind()).isEqualTo(Kind.ONE_SETTING);
        assertThat(of("a/README.md", "# Nothing").kind()).isEqualTo(Kind.OTHER);
        assertThat(of("a/x.bin", new byte[] {0, 1, 2, (byte) 0xFF}).kind()).isEqualTo(Kind.OTHER);
    }

    @Test
    void looksThroughGzip() throws IOException {
        assertThat(of("a/metrics.jsonl.gz", gzip("{\"step\": 1, \"loss\": 2}\n"))
                        .detail())
                .isEqualTo("jsonl");
        assertThat(of("a/metrics.jsonl.gz", gzip("")).kind()).isEqualTo(Kind.EMPTY);
        byte[] damaged = gzip("{\"step\": 1, \"loss\": 2}\n");
        damaged[3] = (byte) 0xFF;
        assertThat(of("a/metrics.jsonl.gz", Arrays.copyOf(damaged, 12)).kind()).isEqualTo(Kind.UNREADABLE);
    }

    @Test
    void linesOfALogAreFoundBehindALongPreamble() {
        String preamble = "setting up rank 17 of 512, please wait\n".repeat(20_000);
        assertThat(of("train.log", preamble + "iteration 1/ 10 | lm loss: 3.0 |\n")
                        .detail())
                .isEqualTo("megatron");
        assertThat(of("train.txt", preamble + "step:1/9 loss:3.0\nstep:2/9 loss:3.0\n")
                        .detail())
                .isEqualTo("step-lines");
        assertThat(of("train.log", preamble).kind()).isEqualTo(Kind.OTHER);
        // Behind the furthest look nothing is found.
        String long_ = preamble.repeat(6);
        assertThat(long_.length()).isGreaterThan(Recognised.FURTHEST);
        assertThat(of("train.log", long_ + "iteration 1/ 10 | lm loss: 3.0 |\n").kind())
                .isEqualTo(Kind.OTHER);
    }

    @Test
    void aLineThatTwoWindowsShareIsSeenWhole() {
        String log = "iteration 1/ 10 | lm loss: 3.0 |\n";
        String preamble = ("x".repeat(99) + "\n").repeat(2100);
        for (int window = 1; window <= 3; window++) {
            for (int before = 0; before <= log.length(); before++) {
                String text = preamble.substring(0, window * Sample.MAX_BYTES - before - 1) + "\n" + log + preamble;
                assertThat(of("train.log", text).detail())
                        .as("cut at %d of window %d", before, window)
                        .isEqualTo("megatron");
            }
        }
    }

    @Test
    void aFileThatCannotBeOpenedIsUnreadableAndDoesNotFail() {
        InputFile file = new InputFile(0, "in", "in/a.log", "a.log", 9);
        Recognised lost = Recognised.of(
                file,
                () -> {
                    throw new FileNotFoundException("in/a.log: permission denied");
                },
                FormatRegistry.load(),
                MetricNames.standard());
        assertThat(lost.kind()).isEqualTo(Kind.UNREADABLE);
        assertThat(lost.detail()).isEqualTo("Cannot be read: in/a.log: permission denied");
    }

    @Test
    void aLogComesBackAsAFewHundredBytesHoweverLongItIs() throws IOException {
        Recognised log = of("fleet/team/run-0001/metrics.jsonl", "{\"step\": 1, \"loss\": 2}\n".repeat(100_000));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(log);
            out.flush();
            int first = bytes.size();
            out.writeObject(of("fleet/team/run-0002/metrics.jsonl", "{\"step\": 1, \"loss\": 2}\n".repeat(100_000)));
            out.flush();
            // The names of the classes are written once.
            assertThat(bytes.size() - first).isLessThan(300);
            assertThat(first).isLessThan(1500);
        }
    }

    @Test
    void userNamesCountWhenFormatsAreRecognised() {
        byte[] bytes = "run,objective\na,3.0\nb,2.0\n".getBytes(StandardCharsets.UTF_8);
        InputFile file = new InputFile(0, "in", "in/a.csv", "a.csv", bytes.length);
        MetricNames names = new MetricNames(Map.of("objective", "loss"));
        assertThat(of("a.csv", bytes).kind()).isEqualTo(Kind.OTHER);
        assertThat(Recognised.of(file, () -> new ByteArrayInputStream(bytes), FormatRegistry.load(), names)
                        .detail())
                .isEqualTo("csv-wide");
    }
}
