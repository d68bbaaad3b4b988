package io.tiltmeter.spark;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Work beside the job's own thread, each piece in a thread of its own. Never in the common pool: Spark's tasks in the same
 * JVM use parallel streams (Hadoop's statistics do), and would wait for ever for a pool that waits for them.
 */
final class Background {
    private static final Executor THREADS = work -> {
        Thread thread = new Thread(work, "tiltmeter background");
        thread.setDaemon(true);
        thread.start();
    };

    private Background() {}

    static <T> CompletableFuture<T> supply(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, THREADS);
    }

    static CompletableFuture<Void> run(Runnable work) {
        return CompletableFuture.runAsync(work, THREADS);
    }
}
