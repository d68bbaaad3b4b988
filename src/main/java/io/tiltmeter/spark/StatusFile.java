package io.tiltmeter.spark;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Writes {@code status.json} into a job's output: how the last job there ended. It is the only place that has the
 * exit code where the driver runs on a cluster.
 */
public final class StatusFile {
    public static final String NAME = "status.json";

    private StatusFile() {}

    /**
     * How a job ended.
     *
     * @param command e.g. {@code nightly}
     * @param reason one line
     * @param rejected rows or lines not taken
     * @param location where the result lies, empty if there is none
     */
    public record Status(String command, int exitCode, String reason, long rejected, Optional<String> location) {
        /** As written. */
        String json() {
            return "{\"schema\":1,\"command\":" + quote(command) + ",\"exit_code\":" + exitCode + ",\"reason\":"
                    + quote(reason) + ",\"rejected\":" + rejected + ",\"location\":"
                    + location.map(StatusFile::quote).orElse("null") + "}\n";
        }
    }

    /** Writes, replacing what was there. */
    public static void write(SparkSession spark, String output, Status status) throws IOException {
        Path file = new Path(output, NAME);
        FileSystem files = file.getFileSystem(spark.sparkContext().hadoopConfiguration());
        // No hidden checksum file beside it on a local disk.
        FileSystem raw = files instanceof ChecksumFileSystem checked ? checked.getRawFileSystem() : files;
        try (OutputStream out = raw.create(file, true)) {
            out.write(status.json().getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String quote(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < 0x20 || Character.isSurrogate(c) || c == 0x2028 || c == 0x2029) {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
