package io.tiltmeter.train;

import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.config.TrainConfig.Way;
import io.tiltmeter.spark.Progress;
import io.tiltmeter.train.Segment.Result;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/** The places of an application: how many tasks it can run at the same time, and where. */
final class Places {
    private static final String WAIT = "spark.scheduler.maxRegisteredResourcesWaitingTime";
    private static final String TASK_RESOURCES = "spark.task.resource.";
    private static final long LOOK_MILLIS = 200;

    private Places() {}

    /**
     * Waits until there is a place for every worker, as long as Spark itself waits for executors at its start. All workers
     * of a synchronous training run at the same time, or none does; left to itself, Spark waits for minutes or for ever.
     *
     * @throws ConfigException if there are too few, or if Spark's settings never give any
     */
    static void check(SparkSession spark, TrainConfig config, Progress progress) {
        SparkContext context = spark.sparkContext();
        String resources = resources(context.conf());
        boolean synchronous = config.training().way() == Way.SYNCHRONOUS;
        int workers = config.training().workers();
        if (context.isLocal()) {
            checkLocal(context, resources, workers);
            return;
        }
        if (context.conf().getBoolean("spark.dynamicAllocation.enabled", false)) {
            if (synchronous) {
                throw new ConfigException("Setting 'spark.dynamicAllocation.enabled' is true, but Spark runs no barrier"
                        + " stages with it; expected false, or training.way = averaging");
            }
            return;
        }
        int wanted = synchronous ? workers : 1;
        long wait = context.conf().getTimeAsMs(WAIT, "30s");
        int places = await(context, wanted, wait, progress);
        if (places < wanted) {
            throw new ConfigException("Setting 'training.workers' is " + workers + ", but " + context.master()
                    + " has room for " + places + " tasks at a time after " + wait / 1000 + " s; expected "
                    + wanted + ", each with cores (spark.task.cpus) "
                    + context.conf().get("spark.task.cpus", "1")
                    + resources + ": fewer workers, more executors, or a longer " + WAIT);
        }
    }

    private static void checkLocal(SparkContext context, String resources, int workers) {
        if (!resources.isEmpty()) {
            throw new ConfigException("Spark is asked for" + resources + " a task, but " + context.master()
                    + " hands out nothing but cores; expected a cluster, or no " + TASK_RESOURCES + "* settings");
        }
        int places = places(context);
        if (places < workers) {
            throw new ConfigException("Setting 'training.workers' is " + workers + ", but " + context.master()
                    + " runs " + places + " tasks at a time; expected at most as many workers, or --master local["
                    + workers + "] or a cluster");
        }
    }

    private static int await(SparkContext context, int wanted, long waitMillis, Progress progress) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMillis);
        int places = 0;
        boolean told = false;
        while (true) {
            if (context.isStopped()) {
                throw new ConfigException(
                        "Spark ended the application while it waited for executors; expected a cluster"
                                + " that starts them: its logs say why it did not");
            }
            places = places(context);
            if (places >= wanted || System.nanoTime() > deadline) {
                return places;
            }
            if (!told) {
                progress.stage("Waiting for executors");
                told = true;
            }
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("Interrupted while waiting for executors", e);
            }
        }
    }

    /** What Spark's own check before a barrier stage counts. */
    private static int places(SparkContext context) {
        return context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile());
    }

    /** Resources beside cores that each task gets, as {@code , gpu 1}; empty for none. */
    private static String resources(SparkConf conf) {
        return Arrays.stream(conf.getAllWithPrefix(TASK_RESOURCES))
                .filter(setting -> setting._1().endsWith(".amount"))
                .sorted((a, b) -> a._1().compareTo(b._1()))
                .map(Places::resource)
                .collect(Collectors.joining());
    }

    private static String resource(Tuple2<String, String> setting) {
        return ", " + setting._1().replaceFirst("\\.amount$", "") + " " + setting._2();
    }

    /**
     * Gives the executor of a worker that is left out back to the cluster, if no other worker ran on it: so there is room
     * for the others without it. Spark has no other way to keep an application off a host once it runs.
     *
     * @param results of the segment that ended, with the worker in it
     * @return what was done, for the log; empty where there are no executors
     */
    static Optional<String> release(SparkSession spark, int worker, List<Result> results) {
        SparkContext context = spark.sparkContext();
        Optional<Result> bad =
                results.stream().filter(r -> r.worker() == worker).findFirst();
        if (context.isLocal() || bad.isEmpty()) {
            return Optional.empty();
        }
        String executor = bad.get().executor();
        String where = "executor " + executor + " on " + bad.get().host();
        boolean shared = results.stream()
                .anyMatch(r -> r.worker() != worker && r.executor().equals(executor));
        if (shared) {
            return Optional.of("Worker " + worker + " ran on " + where + ", which stays: other workers run there");
        }
        int others = context.statusTracker().getExecutorInfos().length - 2; // without this one and the driver
        if (!context.killExecutor(executor)) {
            return Optional.of("Worker " + worker + " ran on " + where + ", which the cluster did not take back");
        }
        // Else Spark would not replace any of the others, should one be lost.
        context.requestTotalExecutors(others, 0, scala.collection.immutable.Map$.MODULE$.empty());
        return Optional.of("Worker " + worker + " ran on " + where + ", which was given back");
    }
}
