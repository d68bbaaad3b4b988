package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Severity;
import io.tiltmeter.report.GateReport;
import io.tiltmeter.report.GateSummary;
import io.tiltmeter.report.VerdictJson;
import io.tiltmeter.spark.GateFacts.Side;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Checks;
import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.DatasetProfile;
import io.tiltmeter.validate.EvalData;
import io.tiltmeter.validate.EvalSummary;
import io.tiltmeter.validate.FileFacts;
import io.tiltmeter.validate.Gate;
import io.tiltmeter.validate.Gate.CheckVerdict;
import io.tiltmeter.validate.LabelProbe;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.Status;
import io.tiltmeter.validate.TokenCells;
import io.tiltmeter.validate.UniqueKeys;
import io.tiltmeter.validate.Verdict;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** The gate: one scan of a dataset, its profile, and the verdict whether it may be trained on. */
public final class ValidateJob {
    private static final int ID_CHARACTERS = 16;

    private ValidateJob() {}

    /**
     * What to judge.
     *
     * @param data path of the dataset, or a table of the catalog
     * @param baseline outputs of earlier validations, or one dataset, that the data is compared with; may be empty
     * @param eval path or table of the data that the trained model will be evaluated on, empty without
     * @param output folder for verdict, profile and report
     * @param width columns of the terminal
     */
    public record Request(
            String data,
            List<String> baseline,
            Optional<String> eval,
            String output,
            boolean dryRun,
            int width,
            boolean colour) {
        public Request {
            baseline = List.copyOf(baseline);
        }
    }

    /**
     * Runs the job.
     *
     * @throws InputException if nothing of the dataset can be read
     */
    public static Outcome run(SparkSession spark, Request request, Settings settings, Progress progress) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        Settings.Validate validate = settings.validate();
        progress.stage("Looking at " + request.data());
        GateSource source = GateSource.open(spark, request.data(), validate);
        Optional<GateSource> eval = request.eval().map(name -> evaluation(spark, name, validate));
        if (request.dryRun()) {
            return dryRun(request, source);
        }
        Optional<VocabularyFile> vocabulary = Optional.of(validate.vocabularyFile())
                .filter(file -> !file.isEmpty())
                .map(file -> VocabularyFile.load(file, configuration));
        Map<String, Long> manifest = manifest(source, validate.manifest(), configuration);
        Optional<DatasetProfile> baseline = baseline(spark, request.baseline(), validate, vocabulary, progress);
        progress.stage(String.format("Reading %,d files", source.files()));
        Set<String> keys = keys(source, validate);
        try (GateScan scan = scan(spark, source, validate, vocabulary, baseline, keys)) {
            FileFacts facts = source.facts(scan.damaged(), manifest);
            if (scan.profile().shards() == 0) {
                throw new InputException("Cannot validate '" + request.data() + "': none of its "
                        + facts.damaged().size() + " files can be read, the first because: "
                        + new TreeMap<>(facts.damaged())
                                .values().stream().findFirst().orElse("there is no row"));
            }
            Map<Class<?>, Dataset.Fact> known = new HashMap<>();
            known.put(FileFacts.class, facts);
            known.put(UniqueKeys.class, UniqueKeys.of(scan.keys(), source::place));
            known.putAll(measured(spark, new Side(source, scan), eval, settings, vocabulary, progress));
            progress.stage(String.format("Judging %,d shards", scan.profile().shards()));
            Dataset data = new Dataset(scan.profile(), baseline, known);
            Results results = Gate.judge(Checks.all(), data, settings.checks());
            results.merge(scan.judge(spark, baseline, settings.checks()));
            List<CheckVerdict> checks = Gate.verdicts(Checks.all(), results, settings.checks());
            Verdict verdict = new Verdict(
                    id(source, data, settings),
                    request.data(),
                    String.join(", ", request.baseline()),
                    source.fingerprint(),
                    validate.fingerprint(),
                    source.files(),
                    scan.profile().shards(),
                    data.all().rows(),
                    source.bytes(),
                    checks,
                    EvalSummary.of(data),
                    data.pairs(),
                    data.fact(LabelProbe.class).map(LabelProbe::listed).orElse(List.of()));
            progress.stage("Writing the verdict");
            Path page = write(spark, new Path(request.output()), verdict, data, scan);
            return outcome(request, verdict, rejections(facts, data), page);
        }
    }

    private static Map<String, Long> manifest(GateSource source, String file, Configuration configuration) {
        if (file.isEmpty()) {
            return Map.of();
        }
        if (source instanceof GateSource.OfTable) {
            throw new InputException("Setting 'validate.manifest' names '" + file
                    + "', expected none for a table: the catalog says which files '" + source.name() + "' has");
        }
        return ManifestFile.load(file, configuration);
    }

    /** Opened before the dataset is read: that it cannot be is known in seconds and not after hours. */
    private static GateSource evaluation(SparkSession spark, String name, Settings.Validate settings) {
        GateSource source = GateSource.open(spark, name, settings);
        Map<String, String> damaged = source.facts(Map.of(), Map.of()).damaged();
        if (damaged.size() >= source.files()) {
            throw noneReadable(source, damaged);
        }
        return source;
    }

    private static InputException noneReadable(GateSource eval, Map<String, String> damaged) {
        return new InputException("Cannot read evaluation data '" + eval.name() + "': none of its " + eval.files()
                + " files can be read"
                + new TreeMap<>(damaged)
                        .values().stream()
                                .findFirst()
                                .map(why -> ", the first because: " + why)
                                .orElse(""));
    }

    /** Facts beside the profile, of the evaluation data too. */
    private static Map<Class<?>, Dataset.Fact> measured(
            SparkSession spark,
            Side train,
            Optional<GateSource> eval,
            Settings settings,
            Optional<VocabularyFile> vocabulary,
            Progress progress) {
        if (eval.isEmpty()) {
            return new GateFacts(spark, train, Optional.empty(), settings, progress).measure();
        }
        GateSource source = eval.get();
        progress.stage("Reading the evaluation data " + source.name());
        Optional<DatasetProfile> reference = Optional.of(train.scan().profile());
        try (GateScan scan = scan(spark, source, settings.validate(), vocabulary, reference, Set.of())) {
            if (scan.profile().shards() == 0) {
                throw noneReadable(
                        source, source.facts(scan.damaged(), Map.of()).damaged());
            }
            return new GateFacts(spark, train, Optional.of(new Side(source, scan)), settings, progress).measure();
        }
    }

    private static GateScan scan(
            SparkSession spark,
            GateSource source,
            Settings.Validate settings,
            Optional<VocabularyFile> vocabulary,
            Optional<DatasetProfile> baseline,
            Set<String> keys) {
        Map<String, TokenCells> cells =
                new TreeMap<>(baseline.map(DatasetProfile::cells).orElse(Map.of()));
        cells.keySet().retainAll(source.tokenColumns());
        if (!cells.keySet().containsAll(source.tokenColumns())) {
            source.sampleCells(spark).forEach(cells::putIfAbsent);
        }
        DataSpec data = new DataSpec(
                GateScan.vocabularies(cells, settings.vocabularySize(), vocabulary, baseline),
                settings.classes(),
                settings.offenders());
        return GateScan.run(
                spark,
                source,
                data,
                cells,
                vocabulary.map(VocabularyFile::fingerprint).orElse(""),
                keys);
    }

    /** The columns that should be unique. */
    private static Set<String> keys(GateSource source, Settings.Validate settings) {
        Set<String> keys = Arrays.stream(settings.uniqueColumns().split(",", -1))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
        for (String key : keys) {
            for (ShardLayout layout : source.layouts()) {
                if (layout.leaves().stream()
                        .noneMatch(leaf -> leaf.spec().name().equals(key) && KeyReader.isKey(leaf.type()))) {
                    throw new InputException("Setting 'validate.unique-columns' names '" + key
                            + "', expected columns of numbers or text that all of '" + source.name()
                            + "' has; it has " + layout.description());
                }
            }
        }
        return keys;
    }

    /** The baseline's profile: read where there is one, several merged, else made of its data. */
    private static Optional<DatasetProfile> baseline(
            SparkSession spark,
            List<String> names,
            Settings.Validate settings,
            Optional<VocabularyFile> vocabulary,
            Progress progress) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        DatasetProfile merged = null;
        for (String name : names) {
            Optional<Path> stored =
                    GateSource.isTable(spark, name) ? Optional.empty() : ProfileStore.find(name, configuration);
            DatasetProfile profile;
            if (stored.isPresent()) {
                profile = ProfileStore.read(spark, stored.get());
            } else {
                progress.stage("Reading the baseline " + name);
                GateSource source = GateSource.open(spark, name, settings);
                try (GateScan scan = scan(spark, source, settings, vocabulary, Optional.ofNullable(merged), Set.of())) {
                    profile = scan.profile();
                }
            }
            try {
                merged = merged == null ? profile : merged.merge(profile);
            } catch (IllegalArgumentException e) {
                throw new InputException("Cannot use baseline '" + name + "': " + e.getMessage());
            }
        }
        return Optional.ofNullable(merged);
    }

    /** The same data under the same settings has the same id. */
    private static String id(GateSource source, Dataset data, Settings settings) {
        MessageDigest digest = ShardSweep.sha256();
        digest.update(source.fingerprint().getBytes(StandardCharsets.UTF_8));
        digest.update(settings.validate().toString().getBytes(StandardCharsets.UTF_8));
        new TreeMap<>(settings.checks()).forEach((id, check) -> digest.update(line(id, check)));
        digest.update(data.profile().vocabulary().getBytes(StandardCharsets.UTF_8));
        data.baseline().ifPresent(each -> digest.update(each.total()));
        data.fact(EvalData.class)
                .ifPresent(eval -> digest.update(eval.fingerprint().getBytes(StandardCharsets.UTF_8)));
        return ShardSweep.hex(digest).substring(0, ID_CHARACTERS);
    }

    private static byte[] line(String id, CheckSettings check) {
        String line = "\n" + id + " " + check.enabled() + " " + check.level() + " " + new TreeMap<>(check.values());
        return line.getBytes(StandardCharsets.UTF_8);
    }

    private static Path write(SparkSession spark, Path output, Verdict verdict, Dataset data, GateScan scan) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        AttemptFolder attempt = AttemptFolder.begin(output, configuration);
        ProfileStore.write(spark, attempt.file("profile"), scan.profile(), scan.shards());
        VerdictTables.write(spark, attempt, verdict, scan);
        String json = VerdictJson.text(verdict);
        String html = GateReport.render(verdict, data);
        AttemptFolder.write(attempt.file(VerdictFile.NAME), json, configuration);
        AttemptFolder.write(attempt.file("report.html"), html, configuration);
        attempt.publish();
        // The same beside the manifest, under names that stay.
        AttemptFolder.write(new Path(output, VerdictFile.NAME), json, configuration);
        Path page = new Path(output, "report.html");
        AttemptFolder.write(page, html, configuration);
        return page;
    }

    /** Files that cannot be read, those of the evaluation data after the dataset's. */
    private static List<Rejection> rejections(FileFacts facts, Dataset data) {
        List<Rejection> rejected = new ArrayList<>();
        new TreeMap<>(facts.damaged())
                .forEach((file, reason) -> rejected.add(new Rejection(file, 0, reason, 1, Rejection.Level.REJECTED)));
        data.fact(EvalData.class)
                .ifPresent(eval -> new TreeMap<>(eval.damaged())
                        .forEach((file, reason) -> rejected.add(
                                new Rejection(eval.source() + "/" + file, 0, reason, 1, Rejection.Level.REJECTED))));
        return rejected;
    }

    private static Outcome outcome(Request request, Verdict verdict, List<Rejection> rejected, Path page) {
        Optional<Severity> worst = verdict.status() == Status.FAIL
                ? Optional.of(Severity.ERROR)
                : verdict.status() == Status.WARN ? Optional.of(Severity.WARNING) : Optional.empty();
        long failing = verdict.checks().stream()
                .filter(check ->
                        check.status().filter(status -> status == Status.FAIL).isPresent())
                .count();
        Optional<String> closed = verdict.passed()
                ? Optional.empty()
                : Optional.of("The gate is closed: " + failing + (failing == 1 ? " check fails" : " checks fail"));
        return new Outcome(
                GateSummary.render(verdict, request.width(), request.colour()),
                worst,
                rejected,
                Optional.of(page.toString()),
                closed);
    }

    private static Outcome dryRun(Request request, GateSource source) {
        List<String> lines = new ArrayList<>();
        lines.add("Dry run: nothing is written.");
        lines.add(String.format("Data     %s: %,d files, %,d bytes", source.name(), source.files(), source.bytes()));
        lines.add("Tokens   "
                + (source.tokenColumns().isEmpty() ? "no column" : String.join(", ", source.tokenColumns())));
        lines.add("Baseline " + (request.baseline().isEmpty() ? "none" : String.join(", ", request.baseline())));
        lines.add("Eval     " + request.eval().orElse("none"));
        source.facts(Map.of(), Map.of())
                .damaged()
                .forEach((file, reason) -> lines.add("Damaged  " + file + ": " + reason));
        lines.add("Output   " + request.output()
                + " (verdict.json, report.html, profile, judgements, offenders, pairs, suspects)");
        return new Outcome(String.join("\n", lines), Optional.empty(), List.of(), Optional.empty());
    }
}
