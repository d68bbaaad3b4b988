package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Checks;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.Contamination;
import io.tiltmeter.validate.Dataset.Fact;
import io.tiltmeter.validate.Document;
import io.tiltmeter.validate.Duplicates;
import io.tiltmeter.validate.EvalData;
import io.tiltmeter.validate.LabelProbe;
import io.tiltmeter.validate.MinHash;
import io.tiltmeter.validate.RowPlace;
import io.tiltmeter.validate.checks.ConflictingLabelsCheck;
import io.tiltmeter.validate.checks.ContaminationCheck;
import io.tiltmeter.validate.checks.EvalDuplicatesCheck;
import io.tiltmeter.validate.checks.ExactDuplicatesCheck;
import io.tiltmeter.validate.checks.MislabelledCheck;
import io.tiltmeter.validate.checks.NearDuplicatesCheck;
import io.tiltmeter.validate.checks.RepeatedBlocksCheck;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/**
 * What is measured of a dataset beside its profile, each in passes of its own over the rows: only what an enabled check asks
 * for and the columns allow.
 */
final class GateFacts {
    /** Pairs and rows listed of a kind, for each offending row that is kept of a rule and shard. */
    private static final int LISTED = 10;

    private final SparkSession spark;
    private final Side train;
    private final Optional<Side> eval;
    private final Settings settings;
    private final Progress progress;

    /** A dataset and what its scan found. */
    record Side(GateSource source, GateScan scan) {
        JavaRDD<Document> documents(SparkSession spark, RowContents contents, boolean eval) {
            return source.documents(spark, contents, eval, scan.damaged().keySet());
        }
    }

    GateFacts(SparkSession spark, Side train, Optional<Side> eval, Settings settings, Progress progress) {
        this.spark = spark;
        this.train = train;
        this.eval = eval;
        this.settings = settings;
        this.progress = progress;
    }

    /** Measures. */
    Map<Class<?>, Fact> measure() {
        long rows = rows(train) + eval.map(GateFacts::rows).orElse(0L);
        return ShufflePartitions.during(spark, rows, this::facts);
    }

    private static long rows(Side side) {
        return side.scan().profile().all().rows();
    }

    private Map<Class<?>, Fact> facts() {
        Map<Class<?>, Fact> facts = new HashMap<>();
        Optional<RowContents> contents = contents();
        eval.ifPresent(side -> facts.put(
                EvalData.class,
                new EvalData(
                        side.source().name(),
                        side.source().fingerprint(),
                        side.scan().profile(),
                        side.source().facts(side.scan().damaged(), Map.of()).damaged(),
                        contents.map(RowContents::text).orElse(""))));
        contents.filter(of -> wantsDuplicates()).ifPresent(of -> {
            progress.stage("Looking for duplicates of " + of.text());
            facts.put(Duplicates.class, duplicates(of));
        });
        contents.filter(of -> of.isSequence() && isEnabled(ContaminationCheck.ID))
                .flatMap(of -> eval.map(side -> {
                    progress.stage("Looking for evaluation text in " + of.text());
                    return contamination(of, side);
                }))
                .ifPresent(found -> facts.put(Contamination.class, found));
        probed().ifPresent(of -> {
            progress.stage("Probing labels by " + of.text());
            facts.put(
                    LabelProbe.class,
                    LabelProbing.run(
                            spark,
                            train.documents(spark, of, false),
                            of,
                            places(),
                            settings.validate().probeRows(),
                            listed()));
        });
        return facts;
    }

    /** What the probe of labels is trained on: numbers, else tokens or text; nothing where there are no labels. */
    private Optional<RowContents> probed() {
        List<ShardLayout> layouts = train.source().layouts();
        boolean labels = layouts.stream()
                .allMatch(layout ->
                        layout.leaves().stream().anyMatch(leaf -> leaf.spec().kind() == ColumnKind.LABEL));
        if (!labels || layouts.isEmpty() || settings.validate().probeRows() == 0 || !isEnabled(MislabelledCheck.ID)) {
            return Optional.empty();
        }
        return RowContents.numbers(layouts).or(() -> RowContents.of(layouts));
    }

    private Optional<RowContents> contents() {
        List<ShardLayout> layouts = new ArrayList<>(train.source().layouts());
        eval.ifPresent(side -> layouts.addAll(side.source().layouts()));
        return RowContents.of(layouts);
    }

    private boolean wantsDuplicates() {
        return Stream.of(
                                ExactDuplicatesCheck.ID,
                                NearDuplicatesCheck.ID,
                                RepeatedBlocksCheck.ID,
                                ConflictingLabelsCheck.ID)
                        .anyMatch(this::isEnabled)
                || eval.isPresent() && isEnabled(EvalDuplicatesCheck.ID);
    }

    private boolean isEnabled(String check) {
        return of(check).enabled();
    }

    private CheckSettings of(String check) {
        return Optional.ofNullable(settings.checks().get(check))
                .orElseGet(() -> Checks.infos().stream()
                        .filter(info -> info.id().equals(check))
                        .map(CheckSettings::defaults)
                        .findFirst()
                        .orElseThrow());
    }

    /** A setting that is a number of things: at least one. */
    private int count(String check, String parameter) {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, of(check).get(parameter)));
    }

    private int listed() {
        return LISTED * settings.validate().offenders();
    }

    private LongFunction<RowPlace> places() {
        return number -> RowPlace.isEval(number)
                ? eval.orElseThrow().source().place(number)
                : train.source().place(number);
    }

    private Duplicates duplicates(RowContents contents) {
        JavaRDD<Document> training = train.documents(spark, contents, false);
        JavaRDD<Document> all = eval.map(side -> training.union(side.documents(spark, contents, true)))
                .orElse(training);
        String near = NearDuplicatesCheck.ID;
        boolean asked = Set.of(near, ConflictingLabelsCheck.ID).stream().anyMatch(this::isEnabled)
                || eval.isPresent() && isEnabled(EvalDuplicatesCheck.ID);
        DuplicateSearch.Wanted wanted = new DuplicateSearch.Wanted(
                contents.text(),
                contents.isSequence() && asked,
                count(near, NearDuplicatesCheck.SHINGLE),
                new MinHash(count(near, NearDuplicatesCheck.BANDS), count(near, NearDuplicatesCheck.ROWS)),
                of(near).get(NearDuplicatesCheck.JACCARD),
                count(RepeatedBlocksCheck.ID, RepeatedBlocksCheck.ROWS),
                settings.validate().pairs(),
                listed());
        return new DuplicateSearch(spark, all, places(), wanted).run();
    }

    private Contamination contamination(RowContents contents, Side evaluation) {
        String check = ContaminationCheck.ID;
        ContaminationScan.Wanted wanted = new ContaminationScan.Wanted(
                contents.text(),
                count(check, ContaminationCheck.SHORTEST),
                count(check, ContaminationCheck.LONGEST),
                of(check).get(ContaminationCheck.COVERAGE),
                settings.validate().evalUnits(),
                listed());
        return ContaminationScan.run(
                spark,
                train.documents(spark, contents, false),
                evaluation.documents(spark, contents, true),
                places(),
                wanted);
    }
}
