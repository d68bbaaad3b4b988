package io.tiltmeter.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.model.GateStatus;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * A verdict that the gate has written.
 *
 * @param fingerprint of the data that was judged
 * @param fingerprintOf what of files it is made of
 */
public record VerdictFile(String id, boolean passed, String fingerprint, String fingerprintOf) {
    public static final String NAME = "verdict.json";

    /**
     * Reads a verdict.
     *
     * @param path the file, or the folder that the gate wrote to
     * @throws InputException if there is none
     */
    public static VerdictFile read(SparkSession spark, String path) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        Path file = path.endsWith(".json") ? new Path(path) : new Path(path, NAME);
        try (InputStream in = file.getFileSystem(configuration).open(file)) {
            JsonNode json = new ObjectMapper().readTree(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            JsonNode data = json.path("data");
            if (!json.path("id").isTextual() || !json.path("passed").isBoolean()) {
                throw new InputException("Cannot read verdict '" + file
                        + "': it has no id or no result, expected a file" + " written by jobs/validate");
            }
            return new VerdictFile(
                    json.path("id").asText(),
                    json.path("passed").asBoolean(),
                    data.path("fingerprint").asText(),
                    data.path("fingerprint_of").asText());
        } catch (JsonProcessingException e) {
            throw new InputException("Cannot read verdict '" + file + "': " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new InputException("Cannot read verdict '" + file + "': " + e.getMessage());
        }
    }

    /**
     * Makes sure that data has passed and is still what it was; looks at its files, not at their rows.
     *
     * @throws InputException if not
     */
    public void require(SparkSession spark, String data) {
        if (!passed) {
            throw new InputException("Cannot train on '" + data + "': verdict " + id
                    + " says FAIL, expected one that passed (--require-verdict)");
        }
        String now = fingerprintNow(spark, data);
        if (!now.equals(fingerprint)) {
            throw new InputException("Cannot train on '" + data + "': its fingerprint is " + now + ", and verdict " + id
                    + " was given for " + fingerprint + "; validate the data again (--require-verdict)");
        }
    }

    /** How data stands to this verdict now. */
    public GateStatus status(SparkSession spark, String data) {
        if (!passed) {
            return GateStatus.FAILED;
        }
        return fingerprintNow(spark, data).equals(fingerprint) ? GateStatus.PASSED : GateStatus.CHANGED;
    }

    private String fingerprintNow(SparkSession spark, String data) {
        return GateSource.fingerprint(spark, data, fingerprintOf);
    }
}
