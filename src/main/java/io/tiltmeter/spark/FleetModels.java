package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;

import io.tiltmeter.config.Settings;
import io.tiltmeter.correlate.mining.Archetypes;
import io.tiltmeter.correlate.mining.Combinations;
import io.tiltmeter.correlate.mining.MinedRun;
import io.tiltmeter.correlate.mining.RiskFeatures;
import io.tiltmeter.correlate.mining.RunItems;
import io.tiltmeter.correlate.mining.Signatures;
import io.tiltmeter.correlate.mining.SymptomOrders;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Archetype;
import io.tiltmeter.model.Combination;
import io.tiltmeter.model.CommonTraits;
import io.tiltmeter.model.RiskScore;
import io.tiltmeter.model.SymptomOrder;
import io.tiltmeter.report.FleetReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.classification.ProbabilisticClassificationModel;
import org.apache.spark.ml.clustering.KMeansModel;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Mines and models a judged fleet with MLlib: combinations of settings, archetypes of trouble, orders of symptoms, and the
 * risk of runs still to come. What a fleet is too small for costs nothing, and the report says why it is silent.
 */
final class FleetModels {
    private final SparkSession spark;
    private final FleetReport report;
    private final MetricTables tables;
    private final Settings.Models settings;
    private final List<String> silences = new ArrayList<>();

    private FleetModels(SparkSession spark, FleetReport report, MetricTables tables, Settings.Models settings) {
        this.spark = spark;
        this.report = report;
        this.tables = tables;
        this.settings = settings;
    }

    /**
     * The report with what its runs have in common.
     *
     * @param output folder of all nights: models of earlier ones are read, tonight's written
     */
    static FleetReport add(
            SparkSession spark, FleetReport report, MetricTables tables, Path output, Settings.Models settings) {
        return settings.enabled()
                ? report.withCommon(new FleetModels(spark, report, tables, settings).traits(output))
                : report;
    }

    private CommonTraits traits(Path output) {
        List<MinedRun> fleet = fleet();
        List<MinedRun> decided = fleet.stream().filter(MinedRun::decided).toList();
        // Both are mostly Spark's overhead of small jobs, and neither needs the other.
        CompletableFuture<Optional<RiskTraining.Trained>> training = Background.supply(() -> risk(decided));
        CompletableFuture<List<Combination>> mining = Background.supply(() -> combinations(decided));
        Optional<Groups> groups = groups(decided);
        List<SymptomOrder> orders = SymptomOrders.find(fleet, settings.largestQ());
        if (orders.isEmpty()) {
            silent("Orders of symptoms: no two symptoms come in one order in more runs than chance explains.");
        }
        Optional<RiskTraining.Trained> risk = training.join();
        List<RiskScore> scores = fleet.stream().anyMatch(MinedRun::pending)
                ? ModelStore.newest(spark, output, Optional.of(report.date()))
                        .map(models -> ModelStore.score(models, fleet.stream().filter(MinedRun::pending)))
                        .orElse(List.of())
                : List.of();
        List<Combination> combinations = mining.join();
        save(output, risk, groups);
        silences.sort(null);
        return new CommonTraits(
                combinations,
                groups.map(Groups::largestFirst).orElse(List.of()),
                orders,
                risk.map(RiskTraining.Trained::evaluation),
                scores,
                silences);
    }

    private void silent(String why) {
        synchronized (silences) {
            silences.add(why);
        }
    }

    /** All runs, or of very many a sample that does not change as long as their names do not. */
    private List<MinedRun> fleet() {
        List<FleetReport.RunReport> runs = report.runs();
        if (runs.size() > settings.mostRuns()) {
            silent(String.format(
                    Locale.ROOT, "Of %,d runs a sample of %,d was looked at.", runs.size(), settings.mostRuns()));
            runs = runs.stream()
                    .sorted(Comparator.comparingInt(
                                    (FleetReport.RunReport r) -> r.run().runId().hashCode() * 0x9E3779B1)
                            .thenComparing(r -> r.run().runId()))
                    .limit(settings.mostRuns())
                    .sorted(Comparator.comparing(r -> r.run().runId()))
                    .toList();
        }
        Map<String, Set<String>> hosts = hosts();
        return runs.stream()
                .map(r -> new MinedRun(
                        r.run(),
                        r.summary(),
                        r.coverage(),
                        r.incidents(),
                        hosts.getOrDefault(r.run().runId(), Set.of())))
                .toList();
    }

    /** Machines by run; not read where there are too few incidents for anything to be made of them. */
    private Map<String, Set<String>> hosts() {
        Map<String, Set<String>> hosts = new HashMap<>();
        long troubled =
                report.runs().stream().filter(r -> !r.incidents().isEmpty()).count();
        if (troubled >= settings.fewestIncidents() && tables.has("topology")) {
            tables.read("topology")
                    .ifPresent(frame -> MetricTables.exactly(frame, Schemas.TOPOLOGY)
                            .filter(col("host").isNotNull())
                            .select("run_id", "host")
                            .distinct()
                            .collectAsList()
                            .forEach((Row row) -> hosts.computeIfAbsent(row.getString(0), r -> new HashSet<>())
                                    .add(row.getString(1))));
        }
        return hosts;
    }

    private List<Combination> combinations(List<MinedRun> decided) {
        Map<String, Integer> kinds = Combinations.kinds(decided);
        List<String> enough = kinds.entrySet().stream()
                .filter(kind -> kind.getValue() >= settings.fewestIncidents())
                .map(Map.Entry::getKey)
                .toList();
        if (enough.isEmpty()) {
            silent("Combinations of settings: no kind of incident has " + settings.fewestIncidents() + " runs"
                    + kinds.entrySet().stream()
                            .max(Map.Entry.<String, Integer>comparingByValue()
                                    .thenComparing(Map.Entry.comparingByKey(Comparator.reverseOrder())))
                            .map(kind -> " (the most common, " + kind.getKey() + ", has " + kind.getValue() + ")")
                            .orElse("")
                    + ".");
            return List.of();
        }
        RunItems items = RunItems.of(decided, settings.namesLeftOut());
        if (items.labels().size() < 2) {
            silent("Combinations of settings: the runs are not known to differ in two settings.");
            return List.of();
        }
        if (!items.leftOut().isEmpty()) {
            silent("Combinations of settings: of "
                    + (RunItems.MOST_ATTRIBUTES + items.leftOut().size())
                    + " settings that differ, the " + RunItems.MOST_ATTRIBUTES
                    + " that divide the fleet most evenly were looked at, not "
                    + String.join(", ", items.leftOut()) + ".");
        }
        List<List<Integer>> candidates = CombinationMining.frequent(spark, items);
        Combinations combinations = new Combinations(settings.largestQ());
        for (String kind : enough) {
            Combinations.Population population = Combinations.Population.of(kind, items, decided);
            candidates.forEach(candidate -> combinations.add(population, candidate));
        }
        List<Combination> real = combinations.real();
        if (real.isEmpty()) {
            silent(String.format(
                    Locale.ROOT,
                    "Combinations of settings: %,d were tested for %s, none goes with it more than its parts do.",
                    combinations.tested(),
                    String.join(", ", enough)));
        }
        return real;
    }

    /**
     * Archetypes of the night.
     *
     * @param inOrder in the order of the centres
     */
    private record Groups(ArchetypeClustering.Clustering clustering, Signatures signatures, List<Archetype> inOrder) {
        List<Archetype> largestFirst() {
            return inOrder.stream()
                    .sorted(Comparator.comparingInt((Archetype a) -> -a.runs().size())
                            .thenComparing(Archetype::name))
                    .toList();
        }

        ModelStore.ArchetypeDescription description() {
            return new ModelStore.ArchetypeDescription(
                    inOrder.stream().map(Archetype::name).toList(), clustering.silhouette(), signatures.scaling());
        }
    }

    private Optional<Groups> groups(List<MinedRun> decided) {
        Signatures signatures = Signatures.of(decided);
        int troubled = signatures.runs().size();
        if (troubled < settings.fewestIncidents()) {
            silent("Archetypes: " + troubled + " runs have warnings or errors, grouping them needs "
                    + settings.fewestIncidents() + ".");
            return Optional.empty();
        }
        Optional<ArchetypeClustering.Clustering> best = ArchetypeClustering.best(spark, signatures);
        if (best.isEmpty() || best.get().silhouette() < settings.silhouette()) {
            silent(String.format(
                    Locale.ROOT,
                    "Archetypes: the %d runs with warnings or errors fall into no clear groups (silhouette %.2f at best,"
                            + " %.2f needed).",
                    troubled,
                    best.map(ArchetypeClustering.Clustering::silhouette).orElse(0.0),
                    settings.silhouette()));
            return Optional.empty();
        }
        Map<String, String> titles =
                report.detectors().stream().collect(Collectors.toMap(DetectorInfo::id, DetectorInfo::title));
        return best.map(clustering ->
                new Groups(clustering, signatures, Archetypes.describe(signatures, clustering.centres(), titles)));
    }

    private Optional<RiskTraining.Trained> risk(List<MinedRun> decided) {
        int unstable = (int) decided.stream().filter(MinedRun::unstable).count();
        int fewer = Math.min(unstable, decided.size() - unstable);
        if (decided.size() < settings.riskRuns() || fewer < settings.riskUnstable()) {
            silent(String.format(
                    Locale.ROOT,
                    "Risk: %,d runs with a known outcome, %,d of them unstable; a model needs %,d, and %,d of each"
                            + " outcome.",
                    decided.size(),
                    unstable,
                    settings.riskRuns(),
                    settings.riskUnstable()));
            return Optional.empty();
        }
        Set<String> leaveOut = settings.namesLeftOut();
        if (RiskFeatures.learn(decided.stream().map(MinedRun::run).toList(), leaveOut)
                .columns()
                .isEmpty()) {
            silent("Risk: the runs are not known to differ in any setting.");
            return Optional.empty();
        }
        return Optional.of(RiskTraining.train(spark, decided, settings.riskProjects(), leaveOut));
    }

    private void save(Path output, Optional<RiskTraining.Trained> risk, Optional<Groups> groups) {
        if (risk.isEmpty() && groups.isEmpty()) {
            return;
        }
        Optional<ProbabilisticClassificationModel<Vector, ?>> useful =
                risk.filter(trained -> trained.evaluation().useful()).map(RiskTraining.Trained::model);
        Optional<KMeansModel> archetypes = groups.map(g -> g.clustering().model());
        ModelStore.Description description = ModelStore.describe(
                report.date(),
                risk.map(trained -> new ModelStore.RiskDescription(
                                trained.evaluation(), trained.features(), trained.calibration()))
                        .orElse(null),
                groups.map(Groups::description).orElse(null));
        ModelStore.save(spark, output, new ModelStore.Models(description, useful, archetypes));
    }
}
