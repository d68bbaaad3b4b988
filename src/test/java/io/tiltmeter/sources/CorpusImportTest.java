package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.tiltmeter.corpus.Corpus;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricRecord;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.sources.Folder.Imported;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Imports the real logs. The expected numbers were found by scripts of their own on the raw files, with regular expressions
 * and Python's json and csv, not by these readers.
 */
class CorpusImportTest {
    private static Imported read(String folder) {
        return Folder.onDisk(Corpus.folder(folder)).read();
    }

    private static long points(Collected records, Metric metric) {
        return records.steps.stream().filter(step -> step.values().has(metric)).count();
    }

    private static long nan(Collected records, Metric metric) {
        return records.steps.stream()
                .filter(step ->
                        step.values().has(metric) && Double.isNaN(step.values().get(metric)))
                .count();
    }

    private static Map<String, Long> counts(List<String> words) {
        return words.stream().collect(Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()));
    }

    private static String runEnding(Collected records, String end) {
        List<String> found =
                records.runIds().stream().filter(id -> id.endsWith(end)).toList();
        assertThat(found).as("runs ending in %s", end).hasSize(1);
        return found.get(0);
    }

    private static void nothingIsLost(Imported read) {
        assertThat(read.records().runIds()).doesNotHaveDuplicates();
        assertThat(read.records().steps)
                .allSatisfy(step -> assertThat(step.step()).isNotNegative());
        assertThat(read.records().rejections)
                .as("rejected")
                .noneMatch(rejection -> rejection.level() == Rejection.Level.REJECTED);
    }

    @Test
    void bigscience() {
        Imported read = read("bigscience");
        Collected records = read.records();
        nothingIsLost(read);
        assertThat(read.plan().logs())
                .hasSize(17)
                .allMatch(log -> log.formatId().equals("megatron"));
        // 266 lines with an iteration in 17 files; 6 of them are six runs.
        assertThat(records.steps).hasSize(266);
        assertThat(records.runs).hasSize(22).allMatch(run -> run.plannedSteps() != null && run.status() == null);

        TreeMap<Long, Double> loss = records.series("bigscience/tr11-176B-ml", Metric.LOSS);
        assertThat(loss).hasSize(13).containsEntry(31214L, 2.198845).containsEntry(31219L, 5.098124);
        assertThat(loss.firstEntry()).isEqualTo(Map.entry(12695L, 2.463556));
        assertThat(loss.lastEntry()).isEqualTo(Map.entry(45000L, 2.113567));
        assertThat(records.series("bigscience/tr11-176B-ml", Metric.GRAD_NORM))
                .containsEntry(31216L, 2.39)
                .containsEntry(31217L, 15.886)
                .containsEntry(31219L, 960.351);
        // "elapsed time per iteration (s): 105.22", and elsewhere "(ms): 18706.1".
        assertThat(records.series("bigscience/tr11-176B-ml", Metric.STEP_SECONDS))
                .containsEntry(12695L, 105.22);
        assertThat(records.series("bigscience/tr8-104B-wide", Metric.STEP_SECONDS)
                        .get(7000L))
                .isCloseTo(18.7061, offset(1e-9));
        assertThat(records.run("bigscience/tr11-176B-ml").plannedSteps()).isEqualTo(115_311);

        assertThat(records.points("bigscience/tr1-13B-base", Metric.LOSS_SCALE))
                .startsWith("29020=32768.0", "29030=32768.0", "29040=65536.0", "29050=8192.0", "29060=4096.0");
        // "grad norm: 0.000" on nine of ten lines.
        assertThat(records.points("bigscience/tr1-13B-base", Metric.GRAD_NORM)).containsExactly("43680=17224.723");
        assertThat(records.steps("bigscience/tr1-13B-base")).allMatch(step -> step.stepSpan() == 10);
    }

    @Test
    void bigscienceRestartsAndRunsOfOneFile() {
        Collected records = read("bigscience").records();
        String wide = "bigscience/tr8-104B-wide";
        assertThat(records.steps(wide).stream().map(step -> step.attempt() + ":" + step.step()))
                .containsExactly(
                        "0:7000", "0:7010", "0:7220", "1:6900", "1:6910", "1:6920", "1:6930", "1:6940", "1:11446",
                        "1:11447", "1:11448", "2:8738", "2:8739", "2:8740", "2:8741", "2:8742", "2:8743", "2:9026",
                        "2:9027");
        assertThat(records.attempts.stream()
                        .filter(attempt -> attempt.runId().equals(wide))
                        .map(attempt -> attempt.attempt() + " from " + attempt.resumeStep()))
                .containsExactly("0 from 7000", "1 from 6900", "2 from 8738");
        assertThat(records.events.stream().map(event -> event.runId() + " " + event.kind() + " " + event.step()))
                .containsExactly(wide + " restart 6900", wide + " restart 8738");
        // No loss at 9027, but a gradient norm.
        assertThat(records.points(wide, Metric.LOSS)).hasSize(18).last().isEqualTo("9026=7.02458");
        assertThat(records.points(wide, Metric.GRAD_NORM)).hasSize(19).last().isEqualTo("9027=20609.78");

        String prequel = "bigscience/tr11-176B-ml-chronicles-prequel";
        assertThat(records.runIds().stream().filter(id -> id.startsWith(prequel)))
                .hasSize(6);
        assertThat(records.points(prequel, Metric.LOSS)).containsExactly("2=63.84045");
        assertThat(records.points(prequel + "/trial-6", Metric.LOSS)).containsExactly("2=63.69444");
        assertThat(records.points(prequel + "/trial-6", Metric.GRAD_NORM)).containsExactly("2=6.314");
        // The two runs that overflowed from the start log no loss.
        assertThat(records.points("bigscience/gpt2-meg-meg_gpt2_perf_n16", Metric.LOSS))
                .isEmpty();
        assertThat(records.steps("bigscience/gpt2-meg-meg_gpt2_perf_n16")).hasSize(3);
    }

    @Test
    void cs336() {
        Imported read = read("cs336");
        Collected records = read.records();
        nothingIsLost(read);
        assertThat(read.plan().logs())
                .hasSize(15)
                .allMatch(log -> log.formatId().equals("jsonl"));
        assertThat(read.plan().settings()).hasSize(17);
        assertThat(read.plan().emptyRuns().stream().map(IngestPlan.EmptyRun::runId))
                .containsExactly("cs336/batch_size_128", "cs336/batch_size_64");
        assertThat(records.run("cs336/batch_size_64").status()).isEqualTo("empty");
        assertThat(records.run("cs336/batch_size_64").attributes()).containsEntry("batch_size", "64");
        assertThat(points(records, Metric.LOSS)).isEqualTo(36_000);
        assertThat(points(records, Metric.EVAL_LOSS)).isEqualTo(3_600);

        TreeMap<Long, Double> loss = records.series("cs336/lr_sweep_1", Metric.LOSS);
        assertThat(loss).hasSize(500);
        assertThat(loss.get(1020L)).isEqualTo(702.7025146484375);
        assertThat(Arrays.stream(records.values("cs336/lr_sweep_1", Metric.LOSS))
                        .max())
                .hasValue(702.7025146484375);
        assertThat(loss.lastEntry()).isEqualTo(Map.entry(5000L, 4.432066917419434));
        assertThat(records.series("cs336/lr_sweep_3e-1", Metric.LOSS)).containsEntry(2150L, 277.51507568359375);
        assertThat(records.series("cs336/lr_sweep_1e-1", Metric.EVAL_LOSS)).containsEntry(5000L, 3.3022371768951415);
        assertThat(records.series("cs336/lr_sweep_1e-1", Metric.LEARNING_RATE)).containsEntry(10L, 0.004);
        // "step_time_ms": 307.5671195983887
        assertThat(records.series("cs336/lr_sweep_1e-1", Metric.STEP_SECONDS).get(10L))
                .isCloseTo(0.3075671195983887, offset(1e-12));
        assertThat(records.run("cs336/lr_sweep_1e-1").attributes()).containsEntry("lr", "0.1");
        assertThat(records.run("cs336/lr_sweep_1e-1").plannedSteps()).isEqualTo(5000);
        assertThat(records.run("cs336/lr_sweep_1e-1").project()).isEqualTo("cs336");
        assertThat(records.steps("cs336/batch_size_1")).hasSize(16_000);
    }

    @Test
    void moddedNanogpt() {
        Imported read = read("modded-nanogpt");
        Collected records = read.records();
        nothingIsLost(read);
        assertThat(read.plan().logs())
                .hasSize(106)
                .allMatch(log -> log.formatId().equals("step-lines"));
        // 102 files of one run, 4 of ortho, 25 of dynmuon, 7 seeds in the combined output, and the llm.c run.
        assertThat(records.runs).hasSize(139);
        assertThat(records.events).isEmpty();
        assertThat(counts(records.runs.stream()
                        .map(run -> String.valueOf(run.status()))
                        .toList()))
                .isEqualTo(Map.of("finished", 138L, "null", 1L));

        String embed = runEnding(records, "2024-12-04_ValueEmbed/00008ea0-21dd-442a-82ee-d12799249d0f");
        assertThat(records.steps(embed)).hasSize(1531);
        assertThat(records.series(embed, Metric.LOSS))
                .hasSize(1530)
                .containsEntry(1L, 10.8258)
                .containsEntry(918L, 4.8201);
        TreeMap<Long, Double> seconds = records.series(embed, Metric.STEP_SECONDS);
        // 154016 ms after 153838 ms; step 12 took 160 ms, and the median is 173 ms.
        assertThat(seconds.get(918L)).isCloseTo(0.178, offset(1e-9));
        assertThat(seconds.get(12L)).isCloseTo(0.16, offset(1e-9));
        assertThat(median(records.values(embed, Metric.STEP_SECONDS))).isCloseTo(0.173, offset(1e-9));
        assertThat(records.runIds().stream().filter(id -> id.contains("2024-12-04_ValueEmbed")))
                .hasSize(38);
        assertThat(records.run(embed).project()).isEqualTo("modded-nanogpt/track_1_short/2024-12-04_ValueEmbed");

        String stalled = runEnding(records, "2025-09-30_CustomBatching/40b101b1-77ea-45ea-a089-1d3a647daa22");
        assertThat(records.series(stalled, Metric.STEP_SECONDS).entrySet().stream()
                        .filter(step -> step.getKey() > 10 && step.getValue() > 0.2)
                        .map(step -> step.getKey() + "=" + Math.round(step.getValue() * 1000)))
                .containsExactly("2384=393", "2389=281", "2392=366");

        String llmc = runEnding(records, "2024-10-13_llmc");
        assertThat(records.series(llmc, Metric.LOSS)).hasSize(19_560).containsEntry(250L, 6.1818);
        assertThat(records.series(llmc, Metric.EVAL_LOSS))
                .hasSize(80)
                .containsEntry(0L, 11.0092)
                .containsEntry(19_560L, 3.2722);
        assertThat(records.series(llmc, Metric.GRAD_NORM)).containsEntry(0L, 15.37);
    }

    @Test
    void moddedNanogptTrialsOfOneFile() {
        Collected records = read("modded-nanogpt").records();
        List<String> ortho = records.runIds().stream()
                .filter(id -> id.contains("20260517_ortho"))
                .toList();
        assertThat(ortho).hasSize(4);
        assertThat(ortho.stream().map(id -> records.series(id, Metric.EVAL_LOSS).get(8500L)))
                .containsExactly(3.27295, 3.27381, 3.27366, 3.27093);
        // Times in seconds: 272.588 s at step 250 after 137.467 s at step 125.
        assertThat(records.series(ortho.get(0), Metric.STEP_SECONDS).get(250L)).isCloseTo(1.080968, offset(1e-9));
        assertThat(records.steps(ortho.get(0)).stream()
                        .filter(step -> step.step() == 250)
                        .map(StepRecord::stepSpan))
                .containsExactly(125);

        List<String> muon = records.runIds().stream()
                .filter(id -> id.contains("20260519_dynmuon"))
                .toList();
        assertThat(muon).hasSize(25);
        assertThat(muon.stream().map(id -> records.run(id).seed()))
                .containsExactlyElementsOf(
                        java.util.stream.LongStream.range(0, 25).boxed().toList());
        assertThat(muon).allSatisfy(id -> assertThat(records.steps(id)).hasSize(37));
        assertThat(records.series(muon.get(24), Metric.EVAL_LOSS)).containsEntry(3200L, 3.27782);
        assertThat(records.series(muon.get(0), Metric.STEP_SECONDS).get(250L)).isCloseTo(0.289712, offset(1e-9));

        List<String> combined = records.runIds().stream()
                .filter(id -> id.contains("batch_combined_stdout"))
                .toList();
        assertThat(combined.stream()
                        .map(id -> records.series(id, Metric.EVAL_LOSS).get(3040L)))
                .containsExactly(3.27569, 3.27668, 3.27615, 3.27340, 3.27493, 3.27478, 3.27497);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    @Test
    void snimuAttention() {
        Imported read = read("snimu-attention");
        Collected records = read.records();
        nothingIsLost(read);
        assertThat(read.plan().logs())
                .hasSize(11)
                .allMatch(log -> log.formatId().equals("csv-runs"));
        // Lists of training losses in 1,171 rows.
        assertThat(records.runs).hasSize(3523);
        assertThat(points(records, Metric.LOSS)).isEqualTo(243_326);
        assertThat(nan(records, Metric.LOSS)).isEqualTo(42);
        assertThat(records.steps.stream()
                        .filter(step -> step.values().has(Metric.GRAD_NORM))
                        .map(StepRecord::runId)
                        .distinct())
                .hasSize(948);
        assertThat(counts(records.runIds().stream()
                        .map(id -> id.split("/", -1)[1])
                        .toList()))
                .containsEntry("results_v030_1000_steps_100_tries_ForgotToTrackBatchAndNumTokens", 1200L)
                .containsEntry("results_v040_10_epochs_5_tries_sqrt_dh", 20L);
        // A file is an experiment, whatever else lies in its folder.
        assertThat(records.runs.stream().map(RunRecord::project).distinct())
                .hasSize(11)
                .contains("snimu-attention/results_v030_scaling");
        assertThat(records.runs).allMatch(run -> run.attributes().containsKey("use_x_norm"));
    }

    @Test
    void megatronGolden() {
        Imported read = read("megatron-golden");
        Collected records = read.records();
        nothingIsLost(read);
        // 815 JSON files: 757 with metrics, 4 "{}" and 2 blank, and 52 outputs of inference that are no logs.
        assertThat(read.plan().logs())
                .hasSize(757)
                .allMatch(log -> log.formatId().equals("metric-objects"));
        assertThat(read.plan().emptyRuns()).hasSize(6);
        assertThat(read.plan().skipped()).hasSize(54);
        assertThat(read.plan().skipped().stream().filter(file -> file.level() != null))
                .hasSize(52)
                .allMatch(file ->
                        file.reason().equals("Not a log of a known format, though called like the logs of this input"));
        // 43,877 points of "lm loss" from its first number on, without the five files in which it is always 0; and 200
        // of "total loss" in the two of these that have one.
        assertThat(points(records, Metric.LOSS)).isEqualTo(44_077);
        assertThat(points(records, Metric.STEP_SECONDS)).isEqualTo(43_613);
        assertThat(nan(records, Metric.STEP_SECONDS)).isZero();

        // Two runs end in 25 NaN each; the NaN of resumed runs' first halves are missing.
        assertThat(nan(records, Metric.LOSS)).isEqualTo(50);
        assertThat(records.steps.stream()
                        .filter(step -> step.values().has(Metric.LOSS)
                                && Double.isNaN(step.values().get(Metric.LOSS)))
                        .map(StepRecord::runId)
                        .distinct())
                .hasSize(2);
        String bad = runEnding(
                records, "moe/gpt3_moe_mcore_te_tp2_pp2_ep4_etp1_fine_grained_offloading/golden_values_dev_dgx_gb200");
        TreeMap<Long, Double> loss = records.series(bad, Metric.LOSS);
        assertThat(loss.get(1L)).isEqualTo(11.02499);
        assertThat(loss.get(25L)).isEqualTo(8.43063);
        assertThat(loss.tailMap(26L).values()).hasSize(25).allMatch(value -> value.isNaN());
    }

    @Test
    void megatronGoldenOddShapes() {
        Collected records = read("megatron-golden").records();
        // A list of values and a plain number beside it.
        String list = runEnding(records, "gpt/gpt3_mcore_tp1_pp2_fp16/golden_values_dev_dgx_a100");
        assertThat(records.points(list, Metric.LOSS))
                .startsWith("0=10.83369", "5=10.86796")
                .endsWith("45=10.24593")
                .hasSize(10);
        assertThat(records.run(list).attributes()).isEqualTo(Map.of("iteration_timing_avg", "0.11905411764705882"));
        // "lm loss" is all zeros in both, before "total loss" in one and behind it in the other.
        for (String device : List.of("gb200", "h100")) {
            String distilled =
                    runEnding(records, "gpt3_mcore_te_tp2_pp1_modelopt_distill_resume/golden_values_dev_dgx_" + device);
            assertThat(records.series(distilled, Metric.LOSS)).hasSize(100);
        }
        // No loss but zeros: the other metrics are there.
        String grpo = runEnding(records, "gpt/gpt_grpo_tp4_pp1_dp2_8b_throughput/golden_values_dev_dgx_h100");
        assertThat(records.series(grpo, Metric.LOSS)).isEmpty();
        assertThat(records.series(grpo, Metric.STEP_SECONDS)).isNotEmpty();
        assertThat(records.metrics.stream()
                        .filter(metric -> metric.runId().equals(grpo))
                        .map(MetricRecord::name)
                        .distinct())
                .contains("num-zeros");
    }

    @Test
    void spdlRanks() {
        Imported read = read("spdl-ranks");
        Collected records = read.records();
        nothingIsLost(read);
        assertThat(read.plan().logs()).hasSize(6).allMatch(log -> log.formatId().equals("json-columns"));
        assertThat(counts(records.metrics.stream().map(MetricRecord::name).toList()))
                .containsEntry("data_readiness", 4224L)
                .containsEntry("download", 5668L)
                // 1,384 texts, of which 20 are empty.
                .containsEntry("straggler_data_readiness", 1364L);
        assertThat(records.problems())
                .contains("warning line 1 x20: Empty text stands for a number in a list; it was taken as not logged");
        List<MetricRecord> rank19 = records.metrics.stream()
                .filter(metric -> metric.name().equals("data_readiness") && metric.worker() == 19)
                .toList();
        assertThat(rank19).hasSize(132);
        assertThat(rank19.get(0).value()).isEqualTo(0.78437);
        assertThat(rank19.get(131).value()).isEqualTo(0.02341);
        assertThat(rank19.get(66).value()).isEqualTo(0.01036);
        assertThat(rank19.get(0).timeMicros()).isEqualTo(1_745_861_820_000_000L);
        assertThat(records.metrics.stream()
                        .filter(metric -> metric.name().equals("straggler_data_readiness") && metric.worker() == 4)
                        .map(MetricRecord::value)
                        .limit(1))
                .containsExactly(0.073607746215011);
    }

    @Test
    void hfQlora() {
        Imported read = read("hf-qlora");
        Collected records = read.records();
        nothingIsLost(read);
        assertThat(records.runIds()).containsExactly("hf-qlora");
        TreeMap<Long, Double> loss = records.series("hf-qlora", Metric.LOSS);
        assertThat(loss).hasSize(1000).containsEntry(9930L, 0.0277).containsEntry(10_000L, 0.0886);
        assertThat(loss.firstEntry()).isEqualTo(Map.entry(10L, 5.4962));
        assertThat(records.steps).allMatch(step -> step.stepSpan() == 10);
        RunRecord run = records.run("hf-qlora");
        assertThat(run.plannedSteps()).isEqualTo(10_000);
        assertThat(run.status()).isEqualTo("finished");
        assertThat(run.attributes()).containsEntry("train_runtime", "38738.2786");
    }

    @Test
    void mlflowConvnext() {
        Imported read = read("mlflow-convnext");
        Collected records = read.records();
        nothingIsLost(read);
        String id = "mlflow-convnext/mlruns/187479759740700411/ea71e54bc850434eaa5170c17d564de6";
        assertThat(records.runIds())
                .containsExactlyInAnyOrder("mlflow-convnext/mlruns/0/6ea7a69c2af146c2b1c1d46a2525fb79", id);
        assertThat(records.series(id, Metric.LOSS))
                .hasSize(100)
                .containsEntry(0L, 0.6286832690238953)
                .containsEntry(99L, 0.04320835322141647);
        assertThat(records.series(id, Metric.LEARNING_RATE)).hasSize(10);
        assertThat(records.run(id).status()).isEqualTo("finished");
        // The other run is known to the tracker alone, which says that it is running.
        assertThat(records.run("mlflow-convnext/mlruns/0/6ea7a69c2af146c2b1c1d46a2525fb79")
                        .status())
                .isEqualTo("running");
        assertThat(records.rejections.stream().map(Rejection::reason))
                .containsExactly(
                        "All 100 points of metric 'loss' were logged at step 0; they were numbered in order of time",
                        "All 10 points of metric 'lr' were logged at step 0; they were numbered in order of time");
    }

    @Test
    void dataSetsAndBinaryFilesAreNoTextLogs() {
        assertThat(read("penguins").plan().logs()).isEmpty();
        assertThat(read("wandb-assets").plan().logs()).isEmpty();
    }
}
