package io.tiltmeter.spark;

import io.tiltmeter.blocks.Source;
import io.tiltmeter.config.Settings;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.spark.ParquetInput.DataFile;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Brings the digests up to date with a table of steps. A file that turns out to be damaged while it is read is set
 * aside, and the rest is read again without it.
 */
final class StepsScan {
    private final SparkSession spark;
    private final MetricTables tables;
    private final StepsView view;
    private final DigestStore store;
    private final Settings.Scan settings;
    private final Set<String> damaged = new HashSet<>();
    private final List<Rejection> rejected = new ArrayList<>();

    StepsScan(SparkSession spark, MetricTables tables, StepsView view, DigestStore store, Settings.Scan settings) {
        this.spark = spark;
        this.tables = tables;
        this.view = view;
        this.store = store;
        this.settings = settings;
    }

    /** What would be read. Reads keys of files that are not in the ledger yet; writes nothing. */
    DigestPlan plan() {
        return withoutDamaged(this::planOnce);
    }

    /** Reads what the plan names and keeps its digests; {@link Result#kept} says when they are safe. */
    Result update(Progress progress) {
        return withoutDamaged(() -> {
            DigestPlan plan = planOnce();
            Optional<Dataset<Row>> digests = Optional.empty();
            if (!plan.windows().isEmpty()) {
                progress.stage(String.format(
                        "Reading %,d attempts in %,d file%s",
                        plan.attemptsRead(), plan.files().size(), plan.files().size() == 1 ? "" : "s"));
                digests = view.rows(tables, plan.files())
                        .map(steps ->
                                BlockScan.digests(spark, steps, plan.targets(), plan.readsAllInPlace(), settings));
            }
            if (digests.isPresent() && plan.readsAllInPlace()) {
                // What the scan left in its shuffle need not be read from the store again, nor wait for it.
                Optional<Dataset<Row>> shuffled = digests;
                return new Result(plan, digests, true, Background.run(() -> store.update(plan, shuffled)));
            }
            return new Result(plan, store.update(plan, digests), false, CompletableFuture.completedFuture(null));
        });
    }

    /**
     * What was done.
     *
     * @param digests all digests valid since; empty when there is no step at all
     * @param byRun whether the digests of each run follow one another in one partition
     * @param kept done when the digests lie in the store
     */
    record Result(DigestPlan plan, Optional<Dataset<Row>> digests, boolean byRun, CompletableFuture<Void> kept) {}

    /** Files found damaged, and rows that belong to no run or step. */
    List<Rejection> rejected(DigestPlan plan) {
        List<Rejection> all = new ArrayList<>(rejected);
        plan.unusable()
                .forEach((file, rows) -> all.add(new Rejection(
                        file,
                        0,
                        "Rows without run_id or step, with a step below 0 or above 2^53, or with a worker below 0 or above "
                                + Source.MAX_WORKER,
                        rows,
                        Rejection.Level.REJECTED)));
        return all;
    }

    private DigestPlan planOnce() {
        if (tables.catalogName(view.table()).isPresent()) {
            return view.wanted(DigestPlan.ofAll(survey(List.of()), settings));
        }
        List<DataFile> files = tables.files(view.table()).stream()
                .filter(file -> !damaged.contains(file.path()))
                .toList();
        List<DataFile> unknown = store.unknown(files);
        return view.wanted(store.plan(files, unknown.isEmpty() ? List.of() : survey(unknown), settings));
    }

    private List<Survey.Extent> survey(List<DataFile> files) {
        return view.keys(tables, files)
                .map(keys -> Survey.of(keys, tables.catalogName(view.table()).orElse("")))
                .orElse(List.of());
    }

    private <T> T withoutDamaged(Supplier<T> work) {
        while (true) {
            try {
                return work.get();
            } catch (Exception e) {
                // Spark throws checked exceptions from methods that declare none.
                Optional<String> file = ReadFailure.file(e);
                if (file.isEmpty() || !damaged.add(file.get())) {
                    throw e;
                }
                rejected.add(new Rejection(file.get(), 0, ReadFailure.damaged(e), 1, Rejection.Level.REJECTED));
            }
        }
    }
}
