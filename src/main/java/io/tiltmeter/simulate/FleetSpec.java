package io.tiltmeter.simulate;

import java.io.Serializable;
import java.util.List;
import java.util.stream.Stream;

/**
 * What fleet to simulate. Two equal specifications give bit-identical fleets on every machine.
 *
 * @param seed every number of the fleet derives from it
 * @param runs number of runs
 * @param workers workers of each run
 * @param steps planned steps of each run, numbered from 0
 * @param startMicros when the fleet starts, microseconds since the epoch; runs start within the following hours
 * @param projects number of groups of sibling runs; run {@code i} belongs to project {@code i % projects}
 * @param faultyShare share of the runs into which a fault (or control) is planted, 0 to 1
 * @param faults kinds to plant, in turn; empty for a healthy fleet
 * @param fp16Share share of the runs with dynamic loss scaling, 0 to 1
 * @param logEvery every how many steps a row is logged
 * @param logging who logs
 * @param checkpointEvery steps between checkpoints; shortened in runs of less than five such intervals
 * @param evalEvery steps between evaluations
 * @param batching whether all workers' batches hold equally many tokens
 * @param stages pipeline stages that the workers of a run are divided into, each with gradients of its own length
 */
public record FleetSpec(
        long seed,
        int runs,
        int workers,
        long steps,
        long startMicros,
        int projects,
        double faultyShare,
        List<FaultKind> faults,
        double fp16Share,
        int logEvery,
        Logging logging,
        int checkpointEvery,
        int evalEvery,
        Batching batching,
        int stages)
        implements Serializable {

    /** Fewest logged steps of a run into which a fault fits. */
    public static final long FEWEST_LOGGED_STEPS = 200;

    /** Who writes rows. */
    public enum Logging {
        /** As all workers, and with it hashes of batches and parameters and the gradient's cosine with the others'. */
        FULL,
        /** Every worker its own row, and one row for the run. */
        ALL_WORKERS,
        /** Rank 0 its own row, and one row for the run. */
        RANK_ZERO,
        /** One row for the run. */
        GLOBAL_ONLY
    }

    /** How many tokens workers read a step. */
    public enum Batching {
        /** The same on every worker. */
        CONSTANT,
        /** Varying over workers and steps; the run's sum is constant. */
        VARYING
    }

    public FleetSpec {
        atLeast("runs", runs, 1);
        atLeast("workers", workers, 1);
        atLeast("steps", steps, 1);
        atLeast("projects", projects, 1);
        atLeast("logEvery", logEvery, 1);
        atLeast("stages", stages, 1);
        if (stages > workers) {
            throw new IllegalArgumentException(
                    "Fleet has 'stages' = " + stages + " but it must be <= 'workers' = " + workers);
        }
        atLeast("checkpointEvery", checkpointEvery, 1);
        atLeast("evalEvery", evalEvery, 1);
        share("faultyShare", faultyShare);
        share("fp16Share", fp16Share);
        faults = faults.stream().distinct().toList();
        if (faultyShare > 0 && !faults.isEmpty()) {
            atLeast("steps / logEvery", steps / logEvery, FEWEST_LOGGED_STEPS);
            if (faults.stream().anyMatch(FaultKind::isOfWorkers)) {
                atLeast("workers", workers, 2);
            }
        }
    }

    /** A small fleet with every kind of fault that the run as a whole shows: 40 runs in 4 projects, 4 workers, 1,000 steps, 35 % of the runs faulty. */
    public static FleetSpec small(long seed) {
        return new FleetSpec(
                seed,
                40,
                4,
                1000,
                1_790_000_000_000_000L,
                4,
                0.35,
                Stream.of(FaultKind.values())
                        .filter(kind -> !kind.isOfWorkers())
                        .toList(),
                0.25,
                1,
                Logging.ALL_WORKERS,
                100,
                100,
                Batching.CONSTANT,
                1);
    }

    /** A fleet for faults of single workers, all of whose workers log in full. */
    public static FleetSpec workers(long seed) {
        return small(seed)
                .withFaults(
                        0.5,
                        Stream.of(FaultKind.values())
                                .filter(kind -> kind.isOfWorkers() || kind == FaultKind.SLOW_WORKER)
                                .toList())
                .withLogging(1, Logging.FULL);
    }

    /** The fleet of the benchmarks: 200 runs in 10 projects, 8 workers, 5,000 steps: some 9 million rows. */
    public static FleetSpec benchmark(long seed) {
        return small(seed)
                .withRuns(200)
                .withWorkers(8)
                .withSteps(5000)
                .withProjects(10)
                .withCheckpointEvery(500)
                .withEvalEvery(500);
    }

    public FleetSpec withSeed(long newSeed) {
        return new FleetSpec(
                newSeed,
                runs,
                workers,
                steps,
                startMicros,
                projects,
                faultyShare,
                faults,
                fp16Share,
                logEvery,
                logging,
                checkpointEvery,
                evalEvery,
                batching,
                stages);
    }

    public FleetSpec withRuns(int newRuns) {
        return new FleetSpec(
                seed,
                newRuns,
                workers,
                steps,
                startMicros,
                projects,
                faultyShare,
                faults,
                fp16Share,
                logEvery,
                logging,
                checkpointEvery,
                evalEvery,
                batching,
                stages);
    }

    public FleetSpec withWorkers(int newWorkers) {
        return new FleetSpec(
                seed,
                runs,
                newWorkers,
                steps,
                startMicros,
                projects,
                faultyShare,
                faults,
                fp16Share,
                logEvery,
                logging,
                checkpointEvery,
                evalEvery,
                batching,
                stages);
    }

    public FleetSpec withSteps(long newSteps) {
        return new FleetSpec(
                seed,
                runs,
                workers,
                newSteps,
                startMicros,
                projects,
                faultyShare,
                faults,
                fp16Share,
                logEvery,
                logging,
                checkpointEvery,
                evalEvery,
                batching,
                stages);
    }

    public FleetSpec withStartMicros(long newStartMicros) {
        return new FleetSpec(
                seed,
                runs,
                workers,
                steps,
                newStartMicros,
                projects,
                faultyShare,
                faults,
                fp16Share,
                logEvery,
                logging,
                checkpointEvery,
                evalEvery,
                batching,
                stages);
    }

    public FleetSpec withProjects(int newProjects) {
        return new FleetSpec(
                seed,
                runs,
                workers,
                steps,
                startMicros,
                newProjects,
                faultyShare,
                faults,
                fp16Share,
                logEvery,
                logging,
                checkpointEvery,
                evalEvery,
                batching,
                stages);
    }

    /** The share of runs to plant into, and the kinds to plant in turn. */
    public FleetSpec withFaults(double newShare, List<FaultKind> newFaults) {
        return new FleetSpec(
                seed,
                runs,
                workers,
                steps,
                startMicros,
                projects,
                newShare,
                newFaults,
                fp16Share,
                logEvery,
                logging,
                checkpointEvery,
                evalEvery,
                batching,
                stages);
    }

    public FleetSpec withFp16Share(double newShare) {
        return new FleetSpec(
                seed,
                runs,
                workers,
                steps,
                startMicros,
                projects,
                faultyShare,
                faults,
                newShare,
                logEvery,
                logging,
                checkpointEvery,
                evalEvery,
                batching,
                stages);
    }

    /** Every how many steps a row is logged, and by whom. */
    public FleetSpec withLogging(int newLogEvery, Logging newLogging) {
        return new FleetSpec(
                seed,
                runs,
                workers,
                steps,
                startMicros,
                projects,
                faultyShare,
                faults,
                fp16Share,
                newLogEvery,
                newLogging,
                checkpointEvery,
                evalEvery,
                batching,
                stages);
    }

    public FleetSpec withCheckpointEvery(int newCheckpointEvery) {
        return new FleetSpec(
                seed,
                runs,
                workers,
                steps,
                startMicros,
                projects,
                faultyShare,
                faults,
                fp16Share,
                logEvery,
                logging,
                newCheckpointEvery,
                evalEvery,
                batching,
                stages);
    }

    public FleetSpec withEvalEvery(int newEvalEvery) {
        return new FleetSpec(
                seed,
                runs,
                workers,
                steps,
                startMicros,
                projects,
                faultyShare,
                faults,
                fp16Share,
                logEvery,
                logging,
                checkpointEvery,
                newEvalEvery,
                batching,
                stages);
    }

    public FleetSpec withStages(int newStages) {
        return new FleetSpec(
                seed,
                runs,
                workers,
                steps,
                startMicros,
                projects,
                faultyShare,
                faults,
                fp16Share,
                logEvery,
                logging,
                checkpointEvery,
                evalEvery,
                batching,
                newStages);
    }

    public FleetSpec withBatching(Batching newBatching) {
        return new FleetSpec(
                seed,
                runs,
                workers,
                steps,
                startMicros,
                projects,
                faultyShare,
                faults,
                fp16Share,
                logEvery,
                logging,
                checkpointEvery,
                evalEvery,
                newBatching,
                stages);
    }

    private static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException("Fleet has '" + name + "' = " + value + " but it must be >= " + least);
        }
    }

    private static void share(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("Fleet has '" + name + "' = " + value + " but it must be 0 to 1");
        }
    }
}
