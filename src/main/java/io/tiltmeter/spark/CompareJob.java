package io.tiltmeter.spark;

import io.tiltmeter.compare.ComparedSet;
import io.tiltmeter.compare.Comparison;
import io.tiltmeter.compare.Comparison.SetReport;
import io.tiltmeter.compare.Configurations;
import io.tiltmeter.compare.Ladder;
import io.tiltmeter.compare.Ladders;
import io.tiltmeter.compare.RunSet;
import io.tiltmeter.compare.Verdicts;
import io.tiltmeter.config.Nearest;
import io.tiltmeter.config.Settings;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import io.tiltmeter.report.ComparisonHtml;
import io.tiltmeter.report.ComparisonJson;
import io.tiltmeter.report.ComparisonText;
import io.tiltmeter.report.Formats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** Compares chosen runs with one another: where they part, who leaves the band of its seeds, what transfers in scale. */
public final class CompareJob {
    private CompareJob() {}

    /**
     * What to compare and where to write.
     *
     * @param metrics path of the metric tables, or a table or schema of the catalog
     * @param runs runs to compare with one another; without any the runs of each configuration are compared
     * @param project only runs of this project
     * @param sizes settings that make a size; without any the {@linkplain Ladders#SIZES usual ones}
     * @param ignored settings that do not matter
     * @param names foreign column names, see {@code conf/metric-names.conf}
     */
    public record Request(
            String metrics,
            String output,
            List<String> runs,
            Optional<String> project,
            Set<String> sizes,
            Set<String> ignored,
            Map<String, String> names,
            boolean dryRun) {
        public Request {
            runs = List.copyOf(runs);
            sizes = Set.copyOf(sizes);
            ignored = Set.copyOf(ignored);
            names = Map.copyOf(names);
        }
    }

    /**
     * Runs the job.
     *
     * @throws InputException if there is nothing readable to compare, or a run or project is not there
     */
    public static Outcome run(SparkSession spark, Request request, Settings settings, Progress progress) {
        progress.stage("Looking at " + request.metrics());
        MetricTables tables = MetricTables.open(spark, request.metrics(), new ColumnMapping(request.names()));
        CompareRows rows = new CompareRows(spark, tables);
        List<RunSet> sets = sets(request, runs(request, tables, rows));
        if (request.dryRun()) {
            return dryRun(request, sets, tables);
        }
        long runs = sets.stream().mapToLong(set -> set.runs().size()).sum();
        progress.stage(String.format("Comparing %,d runs in %,d sets", runs, sets.size()));
        List<ComparedSet> compared = rows.compare(sets, settings.report().chartPoints());
        progress.stage("Writing the report");
        Comparison comparison = comparison(request, sets, compared, tables);
        write(spark, new Path(request.output()), comparison, settings.report().maxCharts());
        return new Outcome(
                ComparisonText.render(comparison),
                comparison.worst(),
                comparison.rejected(),
                Optional.of(new Path(request.output(), "report.html").toString()));
    }

    /** The runs that are asked for; a run may have steps and no row of its own. */
    private static List<RunRecord> runs(Request request, MetricTables tables, CompareRows rows) {
        Map<String, RunRecord> known = RunTables.runs(tables);
        boolean allNamed = known.keySet().containsAll(request.runs());
        if (request.runs().isEmpty() || !allNamed) {
            rows.runsWithSteps().forEach(id -> known.computeIfAbsent(id, i -> RunRecord.of(i, null, Map.of())));
        }
        for (String id : request.runs()) {
            if (!known.containsKey(id)) {
                throw new InputException("Cannot compare run '" + id + "': '" + request.metrics()
                        + "' has no run of this name" + suggestion(id, known.keySet()));
            }
        }
        String project = request.project().orElse("");
        List<RunRecord> chosen = known.values().stream()
                .filter(run -> request.runs().isEmpty() || request.runs().contains(run.runId()))
                .filter(run -> request.project().isEmpty() || project.equals(run.project()))
                .toList();
        if (chosen.isEmpty()) {
            List<String> projects = known.values().stream()
                    .map(run -> run.project() == null ? "" : run.project())
                    .distinct()
                    .toList();
            throw new InputException("Cannot compare project '" + project + "': '" + request.metrics()
                    + "' has no run of it" + suggestion(project, projects));
        }
        return chosen;
    }

    private static String suggestion(String name, Collection<String> known) {
        return Nearest.to(name, known)
                .map(nearest -> "; did you mean '" + nearest + "'?")
                .orElse("");
    }

    private static List<RunSet> sets(Request request, List<RunRecord> runs) {
        return request.runs().isEmpty()
                ? Configurations.group(runs, request.ignored())
                : List.of(Configurations.together(runs, request.ignored()));
    }

    private static Comparison comparison(
            Request request, List<RunSet> sets, List<ComparedSet> compared, MetricTables tables) {
        List<SetReport> reports = new ArrayList<>();
        List<Ladders.Ended> ended = new ArrayList<>();
        for (int i = 0; i < sets.size(); i++) {
            reports.add(Verdicts.of(sets.get(i), compared.get(i)));
            for (int run = 0; run < sets.get(i).runs().size(); run++) {
                ended.add(new Ladders.Ended(
                        sets.get(i).runs().get(run), compared.get(i).ends().get(run)));
            }
        }
        // The sort is stable: sets of equal gravity stay in the order of their names, single runs last.
        reports.sort(Comparator.comparingInt((SetReport report) ->
                        report.worst().map(Severity::ordinal).orElse(-1))
                .reversed()
                .thenComparing(report -> report.set().runs().size() < 2));
        List<Ladder> ladders = Ladders.find(ended, request.sizes(), request.ignored());
        return new Comparison(request.metrics(), reports, ladders, Verdicts.ofLadders(ladders), tables.rejected());
    }

    private static void write(SparkSession spark, Path output, Comparison comparison, int maxCharts) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        AttemptFolder attempt = AttemptFolder.begin(output, configuration);
        StringBuilder json = new StringBuilder();
        try {
            ComparisonJson.write(comparison, json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String html = ComparisonHtml.render(comparison, maxCharts);
        AttemptFolder.write(attempt.file("findings.json"), json.toString(), configuration);
        AttemptFolder.write(attempt.file("report.html"), html, configuration);
        CompareTables.write(spark, attempt.folder(), comparison);
        attempt.publish();
        // The same beside the manifest, under names that stay.
        AttemptFolder.write(new Path(output, "findings.json"), json.toString(), configuration);
        AttemptFolder.write(new Path(output, "report.html"), html, configuration);
    }

    private static Outcome dryRun(Request request, List<RunSet> sets, MetricTables tables) {
        List<String> lines = new ArrayList<>();
        lines.add("Dry run: nothing is written.");
        lines.add("Metrics  " + request.metrics() + ": " + String.join(", ", tables.names()));
        long single = sets.stream().filter(set -> set.runs().size() < 2).count();
        lines.add(
                String.format("Plan     compare %,d sets of runs; %,d runs stand alone", sets.size() - single, single));
        sets.stream()
                .filter(set -> set.runs().size() > 1)
                .forEach(set -> lines.add(
                        "  " + Formats.text(set.name()) + ": " + set.runs().size() + " runs"));
        lines.add("Output   " + request.output() + " (report.html, findings.json, tables)");
        return new Outcome(String.join("\n", lines), Optional.empty(), tables.rejected(), Optional.empty());
    }
}
