package io.tiltmeter.spark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Reads manifests of datasets: a line a shard, its path below the dataset, a comma or tab, and its rows. */
final class ManifestFile {
    private ManifestFile() {}

    static Map<String, Long> load(String file, Configuration configuration) {
        Map<String, Long> rows = new TreeMap<>();
        Path path = new Path(file);
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(path.getFileSystem(configuration).open(path), StandardCharsets.UTF_8))) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                int at = Math.max(line.lastIndexOf(','), line.lastIndexOf('\t'));
                String count = line.substring(at + 1).strip();
                if (at > 0 && count.matches("\\d{1,18}")) {
                    rows.put(line.substring(0, at).strip(), Long.parseLong(count));
                } else if (!line.isBlank() && !line.startsWith("#") && number > 1) {
                    throw new InputException("Cannot read manifest '" + file + "', line " + number + ": '" + line
                            + "', expected a path, a comma or tab, and a number of rows");
                }
            }
        } catch (IOException e) {
            throw new InputException("Cannot read manifest '" + file + "': " + e.getMessage());
        }
        return rows;
    }
}
