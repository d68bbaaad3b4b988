package io.tiltmeter.simulate;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A fleet at the level of its incidents: what detectors would report, without the metrics they would read. It serves to
 * measure how well common causes are found, in hundreds of fleets.
 *
 * <p>The fleet has what makes chance look like a cause: projects of different proneness, pools of hosts that a project
 * prefers, runs of lengths that differ eightfold with incidents in proportion, settings that go together (learning rate
 * with batch size, framework with code version), versions that change with the week, and data in an order of each run's own.
 * Everything is computed from the seed when it is asked for.
 */
public final class IncidentFleet {
    /** Name of the setting that has the edge. */
    public static final String LEARNING_RATE = "learning_rate";

    private static final int WORKERS_A_HOST = 8;
    private static final int HOSTS_A_RACK = 16;
    private static final int HOSTS = 192;
    private static final int SHARDS = 64;
    private static final int DATASETS = 8;
    private static final int TOKENIZERS = 4;
    private static final int LEARNING_RATES = 10;
    private static final long WEEK_MICROS = 7L * 86_400_000_000L;
    private static final long START_MICROS = 1_790_000_000_000_000L;

    private static final double HOST_HARM = 0.4;
    private static final double SHARD_HARM = 0.25;
    private static final double STEP_HARM = 0.8;
    private static final double EDGE_HARM = 0.6;
    private static final double PAIR_HARM = 0.2;
    /** How many of the runs of the pair's first member have the second one. */
    private static final double PAIRED = 0.85;
    /** Share of learning rates, from the top, that lie beyond the edge. */
    private static final int BEYOND_EDGE = 3;

    private final long key;
    private final int runs;
    private final int projects;
    private final CommonCause cause;

    /**
     * A fleet.
     *
     * @param seed everything else derives from it
     * @param runs number of runs, dealt out to the projects in turn
     */
    public IncidentFleet(long seed, int runs, int projects, CommonCause cause) {
        this.key = Noise.mix(seed ^ 0x6178_6573L);
        this.runs = runs;
        this.projects = projects;
        this.cause = cause;
    }

    public int runs() {
        return runs;
    }

    /** Steps of a run. */
    public long steps(int run) {
        return (long) (500 * StrictMath.pow(2, 3 * uniform(run, 1)));
    }

    private int project(int run) {
        return run % projects;
    }

    private double uniform(int run, int stream) {
        return Noise.uniform(Noise.child(key, run), stream);
    }

    private int below(int run, int stream, int bound) {
        return (int) (uniform(run, stream) * bound);
    }

    private double ofProject(int project, int stream) {
        return Noise.uniform(Noise.child(key ^ 0x70_726fL, project), stream);
    }

    private int ofFleet(int stream, int bound) {
        return (int) (Noise.uniform(key, stream) * bound);
    }

    private String runId(int run) {
        return "run-" + RunPlan.padded(run, 5);
    }

    private String projectName(int run) {
        return "project-" + RunPlan.padded(project(run), 2);
    }

    /** The planted host, or shard, dataset, tokenizer. */
    public String culprit() {
        return switch (cause) {
            case NONE -> "";
            case BAD_HOST -> host(ofFleet(101, HOSTS));
            case BAD_SHARD -> shard(ofFleet(102, DATASETS), ofFleet(103, SHARDS));
            case STEP_EVENT -> Long.toString(eventStep());
            case LEARNING_RATE_EDGE -> LEARNING_RATE;
            case DATASET_WITH_TOKENIZER -> dataset(pairedDataset());
            case TOKENIZER_WITH_DATASET -> tokenizer(pairedTokenizer());
        };
    }

    /** The innocent one that goes with the planted one; empty if there is none. */
    public String bystander() {
        return switch (cause) {
            case DATASET_WITH_TOKENIZER -> tokenizer(pairedTokenizer());
            case TOKENIZER_WITH_DATASET, BAD_HOST -> dataset(pairedDataset());
            default -> "";
        };
    }

    private long eventStep() {
        return 100 + ofFleet(104, 350);
    }

    private int eventProject() {
        return ofFleet(105, projects);
    }

    private int pairedDataset() {
        return ofFleet(106, DATASETS);
    }

    private int pairedTokenizer() {
        return ofFleet(107, TOKENIZERS);
    }

    private static String host(int host) {
        return "node-" + RunPlan.padded(host, 3);
    }

    private static String dataset(int dataset) {
        return "corpus-" + dataset;
    }

    private static String tokenizer(int tokenizer) {
        return "bpe-" + tokenizer;
    }

    private static String shard(int dataset, int shard) {
        return dataset(dataset) + "/" + RunPlan.padded(shard, 3);
    }

    private boolean isPair() {
        return cause == CommonCause.DATASET_WITH_TOKENIZER || cause == CommonCause.TOKENIZER_WITH_DATASET;
    }

    private int datasetOf(int run) {
        boolean paired = cause == CommonCause.BAD_HOST
                && uniform(run, 3) < PAIRED
                && !culprits(run).isEmpty();
        return paired ? pairedDataset() : below(run, 2, DATASETS);
    }

    /** Ranks of the workers on the planted host. */
    private List<Integer> culprits(int run) {
        return IntStream.range(0, hostsOf(run) * WORKERS_A_HOST)
                .filter(worker -> host(hostOf(run, worker)).equals(culprit()))
                .boxed()
                .toList();
    }

    private int tokenizerOf(int run) {
        boolean paired = isPair() && datasetOf(run) == pairedDataset() && uniform(run, 3) < PAIRED;
        return paired ? pairedTokenizer() : below(run, 4, TOKENIZERS);
    }

    private int rateOf(int run) {
        return below(run, 5, LEARNING_RATES);
    }

    /** The run's row. */
    public RunRecord run(int run) {
        int rate = rateOf(run);
        int week = (int) (10 * uniform(run, 6));
        int batch = 32 << Math.min(4, (rate + below(run, 7, 4)) / 3);
        long start = startMicros(run);
        return new RunRecord(
                runId(run),
                projectName(run),
                null,
                start,
                timeMicros(run, steps(run)),
                "finished",
                null,
                (long) run,
                steps(run),
                dataset(datasetOf(run)),
                Integer.toString(1 + below(run, 8, 3)),
                null,
                null,
                tokenizer(tokenizerOf(run)),
                "framework-" + week / 4,
                "commit-" + week,
                "kind-" + project(run) % 2,
                Map.of(
                        LEARNING_RATE,
                        Double.toString(rate(run, rate)),
                        "global_batch",
                        Integer.toString(batch),
                        "precision",
                        List.of("bf16", "fp16", "fp8").get(below(run, 9, 3)),
                        "optimizer",
                        List.of("adamw", "lion", "sgd").get(below(run, 10, 3)),
                        "schedule",
                        List.of("cosine", "linear", "constant").get(below(run, 11, 3)),
                        "initialisation",
                        Double.toString(0.01 * (1 + below(run, 12, 5))),
                        "dropout",
                        Double.toString(0.1 * below(run, 13, 3)),
                        "seed",
                        Integer.toString(run)));
    }

    private double rate(int run, int rate) {
        return 1e-4 * (1 + ofProjectRate(run)) * (1 << rate);
    }

    private int ofProjectRate(int run) {
        return (int) (4 * ofProject(project(run), 1));
    }

    /** What is left of the run. */
    public RunSummary summary(int run) {
        long last = steps(run) - 1;
        return new RunSummary(
                runId(run),
                projectName(run),
                1,
                hostsOf(run) * WORKERS_A_HOST,
                last + 1,
                0,
                last,
                last + 1,
                10,
                3,
                3,
                Double.NaN,
                false,
                Double.NaN);
    }

    private int hostsOf(int run) {
        return 1 << below(run, 14, 3);
    }

    private int hostOf(int run, int worker) {
        int pool = project(run) % 2 == 0 == uniform(run, 15) < 0.8 ? 0 : 1;
        int first = pool * (HOSTS / 2) + below(run, 16, HOSTS / 2);
        return (first + worker / WORKERS_A_HOST) % HOSTS;
    }

    /** Where its workers ran. */
    public List<TopologyRecord> topology(int run) {
        return IntStream.range(0, hostsOf(run) * WORKERS_A_HOST)
                .mapToObj(worker -> new TopologyRecord(
                        runId(run),
                        0,
                        worker,
                        host(hostOf(run, worker)),
                        "accelerator:" + worker % WORKERS_A_HOST,
                        worker,
                        0,
                        0,
                        0,
                        0))
                .toList();
    }

    /** Rack of a host. */
    public String rack(String host) {
        return "rack-" + Integer.parseInt(host.substring(host.indexOf('-') + 1)) / HOSTS_A_RACK;
    }

    /** When it began. */
    public long startMicros(int run) {
        return START_MICROS + (long) (WEEK_MICROS * uniform(run, 6));
    }

    /** When a step was logged. */
    public long timeMicros(int run, long step) {
        return startMicros(run) + (long) (1e6 * (step + 1) * (5 + 20 * uniform(run, 17)));
    }

    /** The shards of the run's data, each read for as many steps in an order of its own. */
    public List<String> shards(int run) {
        return IntStream.range(0, SHARDS)
                .mapToObj(shard -> shard(datasetOf(run), shard))
                .toList();
    }

    /** The shard that is read at a step. */
    public String shardAt(int run, long step) {
        int place = (int) Math.min(SHARDS - 1, step * SHARDS / steps(run));
        return shard(datasetOf(run), Noise.permute(Noise.child(Noise.child(key, run), 18), place, SHARDS));
    }

    /** What detectors found, ordered by step. */
    public List<Finding> findings(int run) {
        List<Finding> findings = new ArrayList<>();
        double prone = 0.5 + 1.5 * ofProject(project(run), 2);
        double length = steps(run) / 1500.0;
        for (int mark = 0; mark < below(run, 19, 4); mark++) {
            findings.add(finding(run, "loss-spike", "loss", stepAt(run, 40 + mark), -1, Severity.INFO));
        }
        chance(run, findings, 0.03 * prone * length, 50, "loss-spike", "loss", false);
        chance(run, findings, 0.02 * prone * length, 51, "non-finite", "grad_norm", true);
        chance(run, findings, 0.02 * prone * length, 52, "step-stall", "step_seconds", false);
        chance(run, findings, 0.03 * prone, 53, "divergence", "loss", false);
        chance(run, findings, 0.03 * prone, 54, "plateau-among-siblings", "loss", false);
        plant(run, findings);
        findings.sort(Finding.ORDER);
        return findings;
    }

    private void chance(
            int run,
            List<Finding> findings,
            double chance,
            int stream,
            String detector,
            String metric,
            boolean worker) {
        if (uniform(run, stream) < chance) {
            int rank = worker ? below(run, stream + 40, hostsOf(run) * WORKERS_A_HOST) : StepRecord.NO_WORKER;
            findings.add(finding(run, detector, metric, stepAt(run, stream + 20), rank, Severity.WARNING));
        }
    }

    private long stepAt(int run, int stream) {
        return 20 + (long) ((steps(run) - 20) * uniform(run, stream));
    }

    private void plant(int run, List<Finding> findings) {
        double luck = uniform(run, 60);
        switch (cause) {
            case NONE -> {
                // Nothing is planted.
            }
            case BAD_HOST -> {
                List<Integer> there = culprits(run);
                if (!there.isEmpty() && luck < HOST_HARM) {
                    int worker = there.get(below(run, 61, there.size()));
                    findings.add(finding(run, "non-finite", "grad_norm", stepAt(run, 62), worker, Severity.ERROR));
                }
            }
            case BAD_SHARD -> {
                if (luck < SHARD_HARM && shards(run).contains(culprit())) {
                    long[] reading = LongStream.range(20, steps(run))
                            .filter(step -> shardAt(run, step).equals(culprit()))
                            .toArray();
                    if (reading.length > 0) {
                        findings.add(finding(
                                run,
                                "divergence",
                                "loss",
                                reading[below(run, 63, reading.length)],
                                -1,
                                Severity.ERROR));
                    }
                }
            }
            case STEP_EVENT -> {
                if (project(run) == eventProject() && luck < STEP_HARM) {
                    findings.add(finding(run, "loss-spike", "loss", eventStep(), -1, Severity.INFO));
                }
            }
            case LEARNING_RATE_EDGE -> {
                if (project(run) == eventProject() && rateOf(run) >= LEARNING_RATES - BEYOND_EDGE && luck < EDGE_HARM) {
                    findings.add(finding(run, "divergence", "loss", stepAt(run, 64), -1, Severity.ERROR));
                }
            }
            case DATASET_WITH_TOKENIZER -> stick(run, findings, datasetOf(run) == pairedDataset(), luck);
            case TOKENIZER_WITH_DATASET -> stick(run, findings, tokenizerOf(run) == pairedTokenizer(), luck);
        }
    }

    private void stick(int run, List<Finding> findings, boolean exposed, double luck) {
        if (exposed && luck < PAIR_HARM) {
            findings.add(finding(run, "plateau-among-siblings", "loss", steps(run) - 1, -1, Severity.WARNING));
        }
    }

    private Finding finding(int run, String detector, String metric, long step, int worker, Severity severity) {
        return new Finding(
                runId(run),
                detector,
                metric,
                0,
                worker,
                worker < 0 ? null : host(hostOf(run, worker)),
                null,
                null,
                step,
                step,
                step,
                6,
                5,
                severity,
                Cause.UNKNOWN,
                detector + " at step " + step);
    }
}
