package io.tiltmeter.config;

import io.tiltmeter.model.Metric;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads tables of foreign metric names: lines {@code foreign name = metric} or {@code foreign name = metric@unit},
 * with comments from {@code #} to the end of a line that begins with it. The foreign name goes up to the last
 * {@code =}, so it may hold any other character.
 */
public final class MetricNamesFile {
    /** Name of the default table in the jar; it is {@code conf/metric-names.conf}. */
    static final String RESOURCE = "/metric-names.conf";

    /** Columns of the {@code steps} table beside the metrics that a foreign column may stand for. */
    private static final Set<String> COLUMNS = Collections.unmodifiableSet(new java.util.TreeSet<>(Set.of(
            "run_id",
            "attempt",
            "worker",
            "step",
            "time",
            "scope",
            "step_span",
            "grad_norm_kind",
            "batch_hash",
            "parameter_hash")));

    /** What a name in a log may stand for beside the columns: how the log is read. */
    private static final List<String> READING = List.of("split", "cumulative_seconds", "ignored");

    /** Units we know how to bring to the one of the column, by the unit of the column. */
    private static final Map<String, List<String>> UNITS = Map.of(
            "s", List.of("s", "ms", "us", "ns", "min", "h"),
            "tokens", List.of("tokens", "ktokens", "mtokens", "btokens"));

    private static final List<String> TIME_UNITS = List.of("s", "ms", "us", "ns", "iso");

    private MetricNamesFile() {}

    /**
     * The names of the jar, extended and where equal replaced by those of a file.
     *
     * @return foreign name to {@code metric} or {@code metric@unit}, in the order of the files
     * @throws ConfigException if the file cannot be read or a line is wrong
     */
    public static Map<String, String> load(Optional<Path> file) {
        Map<String, String> names = new LinkedHashMap<>(defaults());
        file.ifPresent(f -> names.putAll(read(f)));
        return Collections.unmodifiableMap(names);
    }

    private static Map<String, String> defaults() {
        try (InputStream in = MetricNamesFile.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("The jar has no resource " + RESOURCE);
            }
            return parse(new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)), "conf" + RESOURCE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> read(Path file) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            String got = Files.exists(file) ? "it is not a readable file" : "there is no such file";
            throw new ConfigException("Cannot read metric names '" + file + "': " + got);
        }
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            return parse(reader, file.toString());
        } catch (CharacterCodingException e) {
            throw new ConfigException("Cannot read metric names '" + file + "': it is not UTF-8");
        } catch (IOException e) {
            throw new ConfigException("Cannot read metric names '" + file + "': " + e.getMessage());
        }
    }

    private static Map<String, String> parse(BufferedReader reader, String file) throws IOException {
        Map<String, String> names = new LinkedHashMap<>();
        int number = 0;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            number++;
            String text = line.strip();
            if (text.isEmpty() || text.startsWith("#")) {
                continue;
            }
            String where = " (" + file + ", line " + number + ")";
            int equals = text.lastIndexOf('=');
            if (equals < 1 || equals == text.length() - 1) {
                throw new ConfigException("Cannot read '" + text
                        + "', expected 'foreign name = metric' or 'foreign name = metric@unit'" + where);
            }
            String foreign = text.substring(0, equals).strip();
            String meant = text.substring(equals + 1).strip();
            check(foreign, meant, where);
            String before = names.put(foreign, meant);
            if (before != null) {
                throw new ConfigException("Metric name '" + foreign + "' is given twice, as '" + before + "' and '"
                        + meant + "'" + where);
            }
        }
        return names;
    }

    private static void check(String foreign, String meant, String where) {
        int at = meant.indexOf('@');
        String column = at < 0 ? meant : meant.substring(0, at);
        List<String> units = units(column).orElseThrow(() -> {
            List<String> known = new ArrayList<>();
            for (Metric metric : Metric.values()) {
                known.add(metric.column());
            }
            known.addAll(COLUMNS);
            known.addAll(READING);
            String advice = Nearest.to(column, known)
                    .map(name -> "did you mean '" + name + "'?")
                    .orElse("known are " + String.join(", ", known));
            return new ConfigException(
                    "Metric name '" + foreign + "' stands for unknown metric '" + column + "'" + where + "; " + advice);
        });
        if (at < 0) {
            return;
        }
        String unit = meant.substring(at + 1);
        if (!units.contains(unit)) {
            String wanted = units.isEmpty() ? "none" : "one of " + String.join(", ", units);
            throw new ConfigException("Metric name '" + foreign + "' has unit '" + unit + "', but '" + column
                    + "' takes " + wanted + where);
        }
    }

    /** Units that values of a column may come in, empty for an unknown column. */
    private static Optional<List<String>> units(String column) {
        if (column.equals("time")) {
            return Optional.of(TIME_UNITS);
        }
        if (column.equals("cumulative_seconds")) {
            return Optional.of(UNITS.getOrDefault("s", List.of()));
        }
        if (COLUMNS.contains(column) || READING.contains(column)) {
            return Optional.of(List.of());
        }
        return Metric.byColumn(column).map(metric -> UNITS.getOrDefault(metric.unit(), List.of()));
    }
}
