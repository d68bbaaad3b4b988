package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.config.Settings;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.correlate.mining.MadeUpRuns;
import io.tiltmeter.correlate.mining.MinedRun;
import io.tiltmeter.model.Archetype;
import io.tiltmeter.model.Combination;
import io.tiltmeter.model.CommonTraits;
import io.tiltmeter.model.RiskEvaluation;
import io.tiltmeter.model.RiskScore;
import io.tiltmeter.report.FindingsJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is mined and modelled over made-up fleets whose truth is known. */
class FleetModelsTest {
    private static final Settings.Models SETTINGS = SettingsLoader.defaults().models();
    private static final MadeUpRuns.Risk EVEN = settings -> 0.3;
    private static final MadeUpRuns.Risk TOGETHER = settings ->
            "fp16".equals(settings.get("precision")) && "lion".equals(settings.get("optimizer")) ? 0.7 : 0.1;

    @TempDir
    static Path folder = Path.of("");

    private static ModelTrial trial;

    @BeforeAll
    static void prepare() {
        trial = new ModelTrial(LocalSpark.session(), folder, SettingsLoader.defaults());
    }

    private static CommonTraits traits(SparkSession spark, String output, String date, List<MinedRun> fleet) {
        return trial.traits(spark, output, date, fleet, SETTINGS);
    }

    private static CommonTraits traits(String output, List<MinedRun> fleet) {
        return traits(LocalSpark.session(), output, "2026-11-24", fleet);
    }

    @Test
    void aPlantedPairIsFoundAndNothingElse() {
        CommonTraits found = traits("pair", MadeUpRuns.fleet(1, 300, 6, TOGETHER));

        assertThat(found.combinations())
                .extracting(Combination::items)
                .containsExactly(List.of("optimizer=lion", "precision=fp16"));
        assertThat(found.risk().map(RiskEvaluation::useful)).contains(true);
    }

    @ParameterizedTest
    @ValueSource(longs = {2, 3, 4, 5, 6, 7})
    void inAFleetOfEvenRiskThereIsNothingToFind(long seed) {
        List<MinedRun> fleet = MadeUpRuns.fleet(seed, 300, 6, EVEN);
        Settings.Models noRisk = new Settings.Models(true, 20, 0.05, 0.5, 1_000_000, 10, 3, 10_000, "");

        CommonTraits found = trial.traits(LocalSpark.session(), "even", "2026-11-24", fleet, noRisk);

        assertThat(found.combinations()).as("seed %d", seed).isEmpty();
        assertThat(found.silences()).anyMatch(s -> s.contains("were tested for loss-spike, none goes with it"));
    }

    /** Every project has a risk of its own, and its name is a setting: inside it helps, for a new project it must not. */
    @Test
    void whatOnlyNamesTheProjectIsNoSkill() {
        CommonTraits found = traits(
                "leak",
                MadeUpRuns.fleet(
                        8,
                        300,
                        6,
                        settings -> "project-1 project-2 project-4".contains(String.valueOf(settings.get("team")))
                                ? 0.7
                                : 0.1));

        RiskEvaluation risk = found.risk().orElseThrow();
        assertThat(risk.grouping()).isEqualTo("project");
        assertThat(risk.groups()).isEqualTo(6);
        assertThat(risk.useful()).isFalse();
        assertThat(risk.skill()).isLessThan(0.05);
        assertThat(found.combinations()).isEmpty();
    }

    @Test
    void modelsOfOneNightScoreTheRunsOfTheNext() throws IOException {
        MadeUpRuns.Risk byRate = settings -> 1 / (1 + Math.exp(-4 * (MadeUpRuns.decades(settings) + 1.75)));
        List<MinedRun> fleet = new ArrayList<>(MadeUpRuns.fleet(9, 300, 6, byRate));
        fleet.add(MadeUpRuns.planned("to-come-careful", "new", Map.of("learning_rate", "1e-4", "optimizer", "adam")));
        fleet.add(MadeUpRuns.planned("to-come-rash", "new", Map.of("learning_rate", "1e-1", "optimizer", "adam")));
        fleet.add(MadeUpRuns.planned("unknown", "new", Map.of()));

        CommonTraits first = traits(LocalSpark.session(), "nights", "2026-11-24", fleet);
        CommonTraits second = traits(LocalSpark.session(), "nights", "2026-11-25", fleet);

        RiskEvaluation risk = first.risk().orElseThrow();
        assertThat(risk.useful()).isTrue();
        assertThat(risk.drivers().get(0)).startsWith("log learning_rate");
        assertThat(risk.bins()).allSatisfy(bin -> assertThat(bin.predicted()).isBetween(bin.low(), bin.high()));
        // What is known of tonight's models is no forecast of tonight's runs.
        assertThat(first.scores()).isEmpty();
        assertThat(second.scores()).extracting(RiskScore::runId).containsExactly("to-come-rash", "to-come-careful");
        assertThat(second.scores().get(0).risk()).isGreaterThan(0.7);
        assertThat(second.scores().get(1).risk()).isLessThan(0.15);
        assertThat(second.scores().get(1).modelDate()).isEqualTo("2026-11-24");
        assertThat(Files.readString(folder.resolve("nights/models/2026-11-24/manifest.json")))
                .contains("attempt-");
        Outcome scored = ScoreJob.run(
                LocalSpark.session(),
                new ScoreJob.Request(
                        planned(),
                        folder.resolve("nights").toString(),
                        folder.resolve("scores").toString(),
                        Optional.empty(),
                        Map.of(),
                        false),
                message -> {});
        assertThat(scored.text()).startsWith("1 of 2 runs scored by the models of 2026-11-25\n  rash: risk ");
        assertThat(Files.readString(Path.of(scored.location().orElseThrow()))).contains("\"run_id\" : \"rash\"");
        // The night again: same models, same scores.
        assertThat(traits(LocalSpark.session(), "nights", "2026-11-25", fleet).scores())
                .isEqualTo(second.scores());
    }

    @Test
    void runsThatGoWrongAlikeAreGrouped() {
        SplittableRandom random = new SplittableRandom(10);
        List<MinedRun> fleet = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            long step = 50 + random.nextInt(50);
            fleet.add(MadeUpRuns.run(
                    "a" + i,
                    "p",
                    Map.of(),
                    MadeUpRuns.error("grad-explosion", step),
                    MadeUpRuns.error("non-finite", step + 3)));
            fleet.add(MadeUpRuns.run("b" + i, "p", Map.of(), MadeUpRuns.error("loss-spike", 850 + random.nextInt(99))));
        }

        CommonTraits found = traits("groups", fleet);

        assertThat(found.archetypes())
                .extracting(Archetype::name)
                .containsExactlyInAnyOrder("early gradient explosion, then non-finite values", "late loss spike");
        assertThat(found.archetypes())
                .allSatisfy(a -> assertThat(Set.copyOf(a.runs())).hasSize(40));
        assertThat(found.orders()).hasSize(1);
        assertThat(found.orders().get(0).medianLead()).isEqualTo(3);
    }

    @Test
    void aSmallFleetGetsReasonsAndNoModels() {
        CommonTraits found = traits("small", MadeUpRuns.fleet(11, 12, 2, EVEN));

        assertThat(found.hasResults()).isFalse();
        assertThat(found.silences()).hasSize(4).allSatisfy(s -> assertThat(s).endsWith("."));
        assertThat(folder.resolve("small")).doesNotExist();
    }

    @Test
    void partitionsDoNotMatter() throws IOException {
        List<MinedRun> fleet = MadeUpRuns.fleet(12, 200, 5, TOGETHER);
        SparkSession other = LocalSpark.session().newSession();
        other.conf().set("spark.sql.shuffle.partitions", "7");
        other.conf().set("spark.sql.leafNodeDefaultParallelism", "5");

        assertThat(json(traits(other, "other", "2026-11-24", fleet)))
                .isEqualTo(json(traits(LocalSpark.session(), "one", "2026-11-24", fleet)));
    }

    private static String planned() {
        LocalSpark.session()
                .sql("select 'rash' as run_id, map('learning_rate', '0.1') as attributes"
                        + " union all select 'blank', map('other', 'x')")
                .write()
                .parquet(folder.resolve("planned/runs").toString());
        return folder.resolve("planned").toString();
    }

    private static String json(CommonTraits traits) throws IOException {
        StringBuilder json = new StringBuilder();
        FindingsJson.write(MadeUpRuns.report("2026-11-24", List.of()).withCommon(traits), json);
        assertThat(json).contains("\"combinations\"");
        return json.toString();
    }

    @Test
    void olderModelsAreFoundByDate() {
        assertThat(ModelStore.newest(
                        LocalSpark.session(),
                        new org.apache.hadoop.fs.Path(folder.resolve("nowhere").toString()),
                        Optional.empty()))
                .isEmpty();
    }
}
