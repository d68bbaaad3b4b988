package io.tiltmeter.corpus;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What is known of the corpus' runs, from {@code corpus-truth.csv} and {@code corpus-extra-faults.csv}. */
public final class CorpusTruth {
    private static final String TRUTH = "/corpus-truth.csv";
    private static final String EXTRA = "/corpus-extra-faults.csv";
    private static final String ALL = "*";

    private CorpusTruth() {}

    /** What a row asks for. */
    public enum Expect {
        /** The run has a finding of one of the detectors that begins within the steps, at least this grave. */
        FOUND,
        /** The project ({@code run}) has exactly one pattern of the detector within the steps, of nearly all runs. */
        PATTERN,
        /** No finding of the detectors is a warning or graver in a report of the single runs. */
        SILENT,
        /** No finding of the detectors is an error. */
        NO_ERROR
    }

    /**
     * One row of the truth.
     *
     * @param run id of the run below the folder, {@code *} for all or with {@code /*} at the end for all below
     * @param detectors ids, or empty for all
     * @param who worker or workers the finding has to name, as {@code worker 3} or in the words of its group; empty for any.
     *     Of a run with such rows no error may name anybody else
     */
    public record Truth(
            String folder,
            String run,
            Expect expect,
            Set<String> detectors,
            long firstStepMin,
            long firstStepMax,
            String minSeverity,
            String who,
            String note) {

        /** Whether it speaks of the run of this id. */
        public boolean isAbout(String runId) {
            if (!runId.startsWith(folder + "/")) {
                return false;
            }
            String below = runId.substring(folder.length() + 1);
            return run.equals(ALL)
                    || below.equals(run)
                    || (run.endsWith("/" + ALL) && below.startsWith(run.substring(0, run.length() - 1)));
        }

        /** Whether it speaks of findings of this detector. */
        public boolean isOf(String detector) {
            return detectors.isEmpty() || detectors.contains(detector);
        }
    }

    /** All rows of the truth. */
    public static List<Truth> rows() {
        return lines(TRUTH).stream().map(CorpusTruth::truth).toList();
    }

    /** Runs with a fault that the corpus' own tables do not list. */
    public static Set<String> extraFaults() {
        return lines(EXTRA).stream().map(line -> line.split(",", 4)[1]).collect(Collectors.toSet());
    }

    private static Truth truth(String line) {
        String[] cells = line.split(",", 9);
        if (cells.length != 9) {
            throw new IllegalArgumentException("Row of " + TRUTH + " has " + cells.length + " cells, not 9: " + line);
        }
        return new Truth(
                cells[0],
                cells[1],
                Expect.valueOf(cells[2].replace('-', '_').toUpperCase(java.util.Locale.ROOT)),
                cells[3].equals(ALL) ? Set.of() : Set.of(cells[3].split("\\|")),
                cells[4].isEmpty() ? 0 : Long.parseLong(cells[4]),
                cells[5].isEmpty() ? Long.MAX_VALUE : Long.parseLong(cells[5]),
                cells[6],
                cells[7],
                cells[8]);
    }

    private static List<String> lines(String resource) {
        InputStream stream = CorpusTruth.class.getResourceAsStream(resource);
        if (stream == null) {
            throw new IllegalStateException("No " + resource + " among the test resources");
        }
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            return reader.lines().skip(1).filter(line -> !line.isBlank()).toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
