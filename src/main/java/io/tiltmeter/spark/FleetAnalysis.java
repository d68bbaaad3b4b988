package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import io.tiltmeter.correlate.Correlation;
import io.tiltmeter.correlate.FleetRun;
import io.tiltmeter.correlate.PatternFinder;
import io.tiltmeter.cost.FleetCost;
import io.tiltmeter.detect.Detector;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.detect.Detectors;
import io.tiltmeter.detect.FleetDetector;
import io.tiltmeter.detect.RunSummarizer;
import io.tiltmeter.detect.WorkerMapRequest;
import io.tiltmeter.diagnose.IncidentBuilder;
import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Chart;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.DataTrail;
import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.WorkerMap;
import io.tiltmeter.report.FleetReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;

/** What the driver makes of the verdicts on single runs: siblings, patterns, incidents and the report. */
final class FleetAnalysis {
    private static final String METRICS_ONLY = "only metrics outside the steps table were logged";

    /** Most maps of workers drawn of one run. */
    private static final int MAPS_OF_A_RUN = 3;

    private final Map<String, RunRecord> runs;
    private final Settings settings;
    private final Map<String, RunSummary> summaries = new TreeMap<>();
    private final Map<String, List<Finding>> findings = new HashMap<>();
    private final Map<String, List<Coverage>> coverage = new HashMap<>();
    private final Map<String, List<Incident>> incidents = new HashMap<>();
    private final Map<String, RunCost> costs = new HashMap<>();
    /** When the first steps of findings were logged, by run, attempt and step. */
    private final Map<List<Object>, Long> times = new HashMap<>();
    /** When runs logged their first and last step. */
    private final Map<String, long[]> spans = new HashMap<>();

    private List<Pattern> patterns = List.of();
    private DrainList drain = DrainList.NONE;

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
            WorkerHosts hosts,
            FleetExposures exposures) {
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
        correlate(hosts, exposures);
    }

    private DetectorSettings settings(DetectorInfo info) {
        DetectorSettings own = settings.detectors().get(info.id());
        return own == null ? DetectorSettings.defaults(info) : own;
    }

    /** No detector has anything to look at: the run is listed, and neither sound nor empty. */
    private void leave(RunRecord run) {
        summaries.put(run.runId(), new RunSummarizer(run).summary());
        costs.put(run.runId(), RunCost.notObservable(run.runId(), METRICS_ONLY));
        coverage.put(
                run.runId(),
                Detectors.infos().stream()
                        .filter(info -> settings(info).enabled())
                        .map(info -> new Coverage(run.runId(), info.id(), Coverage.Status.NOT_OBSERVABLE, METRICS_ONLY))
                        .toList());
    }

    private void take(RunJudging.Judged judged) {
        summaries.put(judged.runId(), judged.summary());
        costs.put(judged.runId(), judged.cost());
        findings.put(judged.runId(), new ArrayList<>(judged.findings()));
        coverage.put(judged.runId(), new ArrayList<>(judged.coverage()));
        spans.put(judged.runId(), new long[] {judged.firstTime(), judged.lastTime()});
        for (int i = 0; i < judged.findings().size(); i++) {
            Finding finding = judged.findings().get(i);
            times.put(moment(finding), judged.findingTimes().get(i));
        }
    }

    private static List<Object> moment(Finding finding) {
        return List.of(finding.runId(), finding.attempt(), finding.stepFrom());
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

    private void correlate(WorkerHosts hosts, FleetExposures exposures) {
        Map<String, String> advice =
                Detectors.infos().stream().collect(Collectors.toMap(DetectorInfo::id, DetectorInfo::advice));
        IncidentBuilder builder = new IncidentBuilder(advice);
        List<PatternFinder.JudgedRun> judged = summaries.entrySet().stream()
                .map(run -> new PatternFinder.JudgedRun(run.getValue(), findings.getOrDefault(run.getKey(), List.of())))
                .toList();
        patterns = exposures.explain(
                Correlation.find(advice, judged, fleetRuns(builder, hosts, exposures)),
                summaries.values().stream().collect(Collectors.toMap(RunSummary::runId, RunSummary::points)));
        // Patterns of one run's finding: most runs have none, so look only where the run takes part.
        Map<String, List<Pattern>> byRun = new HashMap<>();
        patterns.forEach(pattern -> pattern.runs()
                .forEach(id -> byRun.computeIfAbsent(id, r -> new ArrayList<>()).add(pattern)));
        summaries.forEach((id, summary) -> {
            List<Pattern> mine = byRun.getOrDefault(id, List.of());
            incidents.put(
                    id,
                    builder.build(
                            summary,
                            findings.getOrDefault(id, List.of()),
                            finding -> PatternFinder.covers(mine, finding)));
        });
        drain = drain(hosts, exposures);
    }

    /** Machines whose runs go wrong there more often than chance makes them. */
    private DrainList drain(WorkerHosts hosts, FleetExposures exposures) {
        Map<String, List<Pattern>> byRun = new HashMap<>();
        patterns.forEach(pattern -> pattern.runs()
                .forEach(id -> byRun.computeIfAbsent(id, r -> new ArrayList<>()).add(pattern)));
        MachineFaults faults = new MachineFaults(hosts);
        summaries.forEach((id, summary) -> faults.add(
                runs.getOrDefault(id, RunRecord.of(id, null, Map.of())),
                summary,
                findings.getOrDefault(id, List.of()),
                byRun.getOrDefault(id, List.of())));
        return faults.any()
                ? faults.list(runs, summaries, spans, exposures.places(), settings.drain())
                : DrainList.NONE;
    }

    /** The runs with their incidents, whether a pattern tells them or not, and what they were exposed to. */
    private List<FleetRun> fleetRuns(IncidentBuilder builder, WorkerHosts hosts, FleetExposures exposures) {
        Map<String, List<Finding>> grave = new HashMap<>();
        List<Finding> all = new ArrayList<>();
        summaries.forEach((id, summary) -> {
            for (Incident incident : builder.build(summary, findings.getOrDefault(id, List.of()))) {
                FleetRun.grave(incident.findings()).ifPresent(finding -> {
                    grave.computeIfAbsent(id, r -> new ArrayList<>()).add(finding);
                    all.add(finding);
                });
            }
        });
        boolean anyKind = all.stream()
                .collect(Collectors.groupingBy(
                        Finding::detector, Collectors.mapping(Finding::runId, Collectors.toSet())))
                .values()
                .stream()
                .anyMatch(runsOfKind -> runsOfKind.size() >= PatternFinder.FEWEST_RUNS);
        if (!anyKind) {
            return List.of();
        }
        Map<String, List<FleetRun.Place>> places = exposures.places();
        List<Map<String, FleetRun.Reading>> shards = exposures.shards(all);
        Map<String, List<FleetRun.Event>> events = new HashMap<>();
        for (int i = 0; i < all.size(); i++) {
            Finding finding = all.get(i);
            FleetRun.event(
                            List.of(finding),
                            times.getOrDefault(moment(finding), FleetRun.NO_TIME),
                            hosts.place(finding).orElse(null),
                            shards.get(i))
                    .ifPresent(event -> events.computeIfAbsent(finding.runId(), r -> new ArrayList<>())
                            .add(event));
        }
        return summaries.entrySet().stream()
                .map(entry -> fleetRun(
                        entry.getKey(),
                        entry.getValue(),
                        events.getOrDefault(entry.getKey(), List.of()),
                        places.getOrDefault(entry.getKey(), List.of())))
                .toList();
    }

    private FleetRun fleetRun(String id, RunSummary summary, List<FleetRun.Event> events, List<FleetRun.Place> places) {
        long[] span = spans.getOrDefault(id, new long[] {FleetRun.NO_TIME, FleetRun.NO_TIME});
        return new FleetRun(
                runs.getOrDefault(id, RunRecord.of(id, null, Map.of())),
                summary,
                coverage.getOrDefault(id, List.of()).stream()
                        .filter(c -> c.status() == Coverage.Status.OBSERVED)
                        .map(Coverage::detector)
                        .collect(Collectors.toSet()),
                events,
                places,
                span[0],
                span[1]);
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

    /** Maps of workers for the gravest incidents of these runs that compare workers. */
    List<WorkerMapRequest> mapsToDraw(Set<String> drawn) {
        return drawn.stream()
                .sorted()
                .flatMap(id -> incidents.getOrDefault(id, List.of()).stream()
                        .sorted(Comparator.comparing(Incident::severity).reversed())
                        .flatMap(incident ->
                                WorkerMapRequest.of(incident, Objects.requireNonNull(summaries.get(id))).stream())
                        .limit(MAPS_OF_A_RUN))
                .toList();
    }

    private <T> Map<String, T> ofIncidents(String runId, Map<String, T> byIncident) {
        Map<String, T> own = new HashMap<>();
        for (Incident incident : incidents.getOrDefault(runId, List.of())) {
            Optional.ofNullable(byIncident.get(incident.id())).ifPresent(value -> own.put(incident.id(), value));
        }
        return own;
    }

    /** Where the data of the spikes of these runs came from, by incident. */
    Map<String, DataTrail> trails(
            SparkSession spark, MetricTables tables, Map<AttemptId, AttemptRecord> attempts, Set<String> drawn) {
        return new DataTrails(spark, tables, runs, summaries, incidents, attempts).of(drawn);
    }

    private Severity worst(String runId) {
        return incidents.getOrDefault(runId, List.of()).stream()
                .map(Incident::severity)
                .max(Severity::compareTo)
                .orElse(Severity.INFO);
    }

    /**
     * The report, with the curves of the runs to draw.
     *
     * @param maps of workers, by incident
     * @param trails of data, by incident
     */
    FleetReport report(
            String date,
            String source,
            List<RunJudging.Judged> drawn,
            Map<String, WorkerMap> maps,
            Map<String, DataTrail> trails,
            List<Rejection> rejected) {
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
                charts.getOrDefault(id, List.of()),
                ofIncidents(id, maps),
                ofIncidents(id, trails))));
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
                                .toList())
                .withCost(cost())
                .withDrain(drain);
    }

    /** What the runs cost. It is settled run by run: findings against siblings and in other metrics change none of it. */
    private FleetCost cost() {
        List<FleetCost.Entry> entries = new ArrayList<>();
        costs.forEach((id, cost) ->
                entries.add(new FleetCost.Entry(runs.getOrDefault(id, RunRecord.of(id, null, Map.of())), cost)));
        return FleetCost.of(
                entries, settings.cost().workerHourPrice(), settings.cost().currency());
    }
}
