package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class BoundedLinesTest {
    private final Rejects rejects = new Rejects(TextLog.of("a.log", ""));

    private List<String> lines(InputStream in, int maxLine) throws IOException {
        List<String> all = new ArrayList<>();
        try (BoundedLines lines = new BoundedLines(in, maxLine, rejects)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                all.add(lines.number() + ":" + line);
            }
        }
        return all;
    }

    private List<String> lines(String text, int maxLine) throws IOException {
        return lines(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), maxLine);
    }

    private List<String> problems() {
        Collected collected = new Collected();
        rejects.handTo(collected);
        return collected.problems();
    }

    @Test
    void endsOfLinesMayBeOfAnySystemAndTheLastOneMissing() throws IOException {
        assertThat(lines("a\r\n\nbä\rc\n\uFEFFd", 100)).containsExactly("1:a", "2:", "3:bä\rc", "4:d");
        assertThat(lines("", 100)).isEmpty();
        assertThat(lines("\n", 100)).containsExactly("1:");
        assertThat(problems()).isEmpty();
    }

    @Test
    void aLineJustAtTheBoundIsReadAndOneByteMoreIsNot() throws IOException {
        assertThat(lines("12345\n123456\n12\n", 5)).containsExactly("1:12345", "3:12");
        assertThat(problems()).containsExactly("rejected line 2 x1: Line has 6 bytes but at most 5 are read");
    }

    @Test
    void bytesThatAreNotUtf8AreRejectedByLine() throws IOException {
        byte[] bytes = {'a', '\n', (byte) 0xFF, 'b', '\n', (byte) 0xC0, (byte) 0x80, '\n', 'c'};
        assertThat(lines(new ByteArrayInputStream(bytes), 100)).containsExactly("1:a", "4:c");
        assertThat(problems()).containsExactly("rejected line 2 x2: Line is not UTF-8 text");
    }

    /** A gigabyte without a line end, and then a good line, made as it is read. */
    private static final class HugeLine extends InputStream {
        private static final byte[] TAIL = "\nlast\n".getBytes(StandardCharsets.US_ASCII);
        private long left = 1L << 30;
        private int tail;

        @Override
        public int read() {
            throw new UnsupportedOperationException("Reads are of blocks");
        }

        @Override
        public int read(byte[] into, int from, int length) {
            if (left > 0) {
                int part = (int) Math.min(left, length);
                Arrays.fill(into, from, from + part, (byte) 'x');
                left -= part;
                return part;
            }
            int part = Math.min(length, TAIL.length - tail);
            System.arraycopy(TAIL, tail, into, from, part);
            tail += part;
            return part == 0 ? -1 : part;
        }
    }

    @Test
    void aLineOfAGigabyteNeedsNoMoreThanTheBound() throws IOException {
        int bound = 1 << 20;
        com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        assertThat(lines(new HugeLine(), bound)).containsExactly("2:last");
        long allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
        // The line's buffer doubles up to the bound, so all of them together are at most twice that.
        assertThat(allocated).isLessThan(4L * bound);
        assertThat(problems())
                .containsExactly("rejected line 1 x1: Line has 1073741824 bytes but at most 1048576 are read");
    }

    @Test
    void compressedDataThatIsCutOffGivesItsLinesAndARejection() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            text.append("step:")
                    .append(i)
                    .append(" loss:")
                    .append(1 + i * 31 % 977)
                    .append('\n');
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(text.toString().getBytes(StandardCharsets.US_ASCII));
        }
        byte[] half = Arrays.copyOf(packed.toByteArray(), packed.size() / 2);
        Collected read = TextLog.of("a.log.gz", half).read(new StepLineFormat());
        assertThat(read.steps.size()).isBetween(5_000, 15_000);
        assertThat(read.runIds()).containsExactly("r");
        assertThat(read.problems())
                .anySatisfy(problem -> assertThat(problem).contains("Compressed data is cut off or damaged"));
        assertThat(TextLog.of("a.log.gz", packed.toByteArray()).read(new StepLineFormat()).steps)
                .hasSize(20_000);
    }
}
