package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import io.tiltmeter.correlate.PatternFinder;
import io.tiltmeter.detect.Detector;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.detect.Detectors;
import io.tiltmeter.detect.FleetDetector;
import io.tiltmeter.detect.RunSummarizer;
import io.tiltmeter.diagnose.IncidentBuilder;
import io.tiltmeter.model.Chart;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.report.FleetReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What the driver makes of the verdicts on single runs: siblings, patterns, incidents and the report. */
final class FleetAnalysis {
    private static final String METRICS_ONLY = "only metrics outside the steps table were logged";

    private final Map<String, RunRecord> runs;
    private final Settings settings;
    private final Map<String, RunSummary> summaries = new TreeMap<>();
    private final Map<String, List<Finding>> findings = new HashMap<>();
    private final Map<String, List<Coverage>> coverage = new HashMap<>();
    private final Map<String, List<Incident>> incidents = new HashMap<>();
    private List<Pattern> patterns = List.of();

    /** Analyses these runs, ordered by id. */
    FleetAnalysis(Map<String, RunRecord> runs, Settings settings) {
        this.runs = runs;
        this.settings = settings;
    }

    /**
     * Takes the verdicts on all runs with steps, judges the empty ones and all of them against their siblings.
     *
     * @param workerMetrics what was found in metrics outside the steps
     * @param metricsOnly runs that logged metrics, but no step; one that is known to have failed is judged all the same
     */
    void judge(
            List<RunJudging.Judged> withSteps,
            List<WorkerMetrics.Judged> workerMetrics,
            Set<String> metricsOnly,
            WorkerHosts hosts) {
        withSteps.forEach(this::take);
        Set<String> notJudged = new HashSet<>();
        for (RunRecord run : runs.values()) {
            if (!summaries.containsKey(run.runId())) {
                if (metricsOnly.contains(run.runId()) && !"failed".equals(run.status())) {
                    notJudged.add(run.runId());
                    leave(run);
                } else {
                    take(RunJudging.judgeEmpty(run, settings.detectors()));
                }
            }
        }
        workerMetrics.forEach(this::add);
        Map<String, List<FleetDetector.Sibling>> projects = new TreeMap<>();
        summaries.forEach((id, summary) -> {
            if (notJudged.contains(id)) {
                return;
            }
            RunRecord run = runs.getOrDefault(id, RunRecord.of(id, null, Map.of()));
            String project = run.project() == null ? "" : run.project();
            projects.computeIfAbsent(project, p -> new ArrayList<>()).add(new FleetDetector.Sibling(run, summary));
        });
        for (FleetDetector detector : Detectors.ofFleets()) {
            DetectorSettings own = settings(detector.info());
            if (own.enabled()) {
                projects.values()
                        .forEach(siblings -> detector.judge(siblings, own)
                                .forEach(
                                        (id, assessment) -> take(detector.info().id(), id, assessment)));
            }
        }
        findings.replaceAll((id, list) -> list.stream().sorted(Finding.ORDER).toList());
        nameHosts(hosts);
        correlate();
    }

    private DetectorSettings settings(DetectorInfo info) {
        DetectorSettings own = settings.detectors().get(info.id());
        return own == null ? DetectorSettings.defaults(info) : own;
    }

    /** No detector has anything to look at: the run is listed, and neither sound nor empty. */
    private void leave(RunRecord run) {
        summaries.put(run.runId(), new RunSummarizer(run).summary());
        coverage.put(
                run.runId(),
                Detectors.infos().stream()
                        .filter(info -> settings(info).enabled())
                        .map(info -> new Coverage(run.runId(), info.id(), Coverage.Status.NOT_OBSERVABLE, METRICS_ONLY))
                        .toList());
    }

    private void take(RunJudging.Judged judged) {
        summaries.put(judged.runId(), judged.summary());
        findings.put(judged.runId(), new ArrayList<>(judged.findings()));
        coverage.put(judged.runId(), new ArrayList<>(judged.coverage()));
    }

    /** What one detector says of more metrics: its findings are added, and where it saw something it is no more blind. */
    private void add(WorkerMetrics.Judged more) {
        if (!summaries.containsKey(more.runId())) {
            return;
        }
        List<Finding> all = new ArrayList<>(findings.getOrDefault(more.runId(), List.of()));
        all.addAll(more.findings());
        findings.put(more.runId(), all);
        if (more.coverage().status() == Coverage.Status.OBSERVED) {
            coverage.put(
                    more.runId(),
                    new ArrayList<>(coverage.getOrDefault(more.runId(), List.of()).stream()
                            .map(own -> own.detector().equals(more.coverage().detector()) ? more.coverage() : own)
                            .toList()));
        }
    }

    private void take(String detector, String runId, Detector.Assessment assessment) {
        findings.computeIfAbsent(runId, id -> new ArrayList<>()).addAll(assessment.findings());
        coverage.computeIfAbsent(runId, id -> new ArrayList<>())
                .add(new Coverage(runId, detector, assessment.status(), assessment.reason()));
    }

    private void nameHosts(WorkerHosts hosts) {
        List<Finding> all = findings.values().stream().flatMap(List::stream).toList();
        Map<String, List<Finding>> named = hosts.name(all).stream().collect(Collectors.groupingBy(Finding::runId));
        findings.replaceAll((id, list) -> named.getOrDefault(id, List.of()));
    }

    private void correlate() {
        Map<String, String> advice =
                Detectors.infos().stream().collect(Collectors.toMap(DetectorInfo::id, DetectorInfo::advice));
        patterns = new PatternFinder(advice)
                .find(summaries.entrySet().stream()
                        .map(run -> new PatternFinder.JudgedRun(
                                run.getValue(), findings.getOrDefault(run.getKey(), List.of())))
                        .toList());
        // Patterns of one run's finding: most runs have none, so look only where the run takes part.
        Map<String, List<Pattern>> byRun = new HashMap<>();
        patterns.forEach(pattern -> pattern.runs()
                .forEach(id -> byRun.computeIfAbsent(id, r -> new ArrayList<>()).add(pattern)));
        IncidentBuilder builder = new IncidentBuilder(advice);
        summaries.forEach((id, summary) -> {
            List<Pattern> mine = byRun.getOrDefault(id, List.of());
            incidents.put(
                    id,
                    builder.build(
                            summary,
                            findings.getOrDefault(id, List.of()),
                            finding -> PatternFinder.covers(mine, finding)));
        });
    }

    /** Runs whose curves the report shows: the gravest, and one of each pattern. */
    List<String> runsToDraw() {
        Set<String> drawn = new LinkedHashSet<>();
        patterns.forEach(pattern -> pattern.runs().stream().findFirst().ifPresent(drawn::add));
        summaries.keySet().stream()
                .filter(id -> !incidents.getOrDefault(id, List.of()).isEmpty())
                .sorted(Comparator.comparing(this::worst).reversed().thenComparing(Comparator.naturalOrder()))
                .forEach(drawn::add);
        return drawn.stream().limit(settings.report().maxCharts()).toList();
    }

    private Severity worst(String runId) {
        return incidents.getOrDefault(runId, List.of()).stream()
                .map(Incident::severity)
                .max(Severity::compareTo)
                .orElse(Severity.INFO);
    }

    /** The report, with the curves of the runs to draw. */
    FleetReport report(String date, String source, List<RunJudging.Judged> drawn, List<Rejection> rejected) {
        Map<String, List<Chart>> charts =
                drawn.stream().collect(Collectors.toMap(RunJudging.Judged::runId, RunJudging.Judged::charts));
        List<FleetReport.RunReport> reports = new ArrayList<>();
        summaries.forEach((id, summary) -> reports.add(new FleetReport.RunReport(
                runs.getOrDefault(id, RunRecord.of(id, null, Map.of())),
                summary,
                coverage.getOrDefault(id, List.of()).stream()
                        .sorted(Comparator.comparing(Coverage::detector))
                        .toList(),
                incidents.getOrDefault(id, List.of()),
                charts.getOrDefault(id, List.of()))));
        Set<String> enabled = new HashSet<>();
        Detectors.infos().stream().filter(info -> settings(info).enabled()).forEach(info -> enabled.add(info.id()));
        return new FleetReport(
                date,
                source,
                reports,
                patterns,
                rejected,
                Detectors.infos().stream()
                        .filter(info -> enabled.contains(info.id()))
                        .toList());
    }
}
