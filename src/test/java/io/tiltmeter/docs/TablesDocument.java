package io.tiltmeter.docs;

import io.tiltmeter.model.Metric;
import io.tiltmeter.spark.Schemas;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** The text of the page on metric tables, made of their schemas and of {@link Metric}. */
final class TablesDocument {
    private static final Map<String, String> TABLES = tables();
    private static final Map<String, String> COLUMNS = columns();

    private TablesDocument() {}

    /**
     * The page.
     *
     * @throws IllegalStateException if a column has no words here, or words have no column
     */
    static String text() {
        StringBuilder out = new StringBuilder("""
                # Metric tables

                What Tiltmeter reads: Parquet folders named after the tables below, side by side; a folder of Parquet that is
                `steps` itself; or tables of the catalog. Only `steps` or `runs` has to be there, and of its columns only
                the required ones. `jobs/ingest` writes these tables from logs. This page is made of the schemas.

                - The key of a row is `run_id`, `attempt` (0 where it is null), `step` and `worker`, as far as a table has them.
                - **Null means not logged.** NaN and ±Infinity are values, and are stored as such.
                - A column by another name is read when a names file maps it: `--names FILE`, with lines as in
                  [conf/metric-names.conf](../../../conf/metric-names.conf), which holds the usual ones. Other columns are
                  passed over.
                - Numbers may be of any numeric type where a double is wanted, and of any whole type where a bigint or int
                  is; a time may be a timestamp, or a number with its unit in the names file. Text is never taken for a
                  number: a needed column of another type ends the job with exit code 3.
                - Files of one table may differ in their columns. The schema's version, %d, stands in the metadata of a
                  table's first column under `%s`.
                """.formatted(Schemas.VERSION, Schemas.VERSION_KEY));
        Set<String> unused = new HashSet<>(COLUMNS.keySet());
        Schemas.ALL.forEach((table, schema) -> out.append(table(table, schema, unused)));
        if (!unused.isEmpty()) {
            throw new IllegalStateException("No table has the columns " + unused + "; take them out of TablesDocument");
        }
        return out.toString();
    }

    private static String table(String table, StructType schema, Set<String> unused) {
        StringBuilder out = new StringBuilder("\n## " + table + "\n" + find(TABLES, table) + "\n\n");
        boolean steps = table.equals("steps");
        out.append("| Column | Type | Unit | Meaning |").append(steps ? " Of several workers |\n" : "\n");
        out.append("|---|---|---|---|").append(steps ? "---|\n" : "\n");
        for (StructField field : schema.fields()) {
            String key = COLUMNS.containsKey(table + "." + field.name()) ? table + "." + field.name() : field.name();
            Metric metric = steps ? Metric.byColumn(field.name()).orElse(null) : null;
            String[] unitAndMeaning = metric != null
                    ? new String[] {metric.unit(), metric.meaning()}
                    : find(COLUMNS, key).split("\\|", 2);
            unused.remove(key);
            out.append("| `").append(field.name()).append('`').append(field.nullable() ? "" : " (required)");
            out.append(" | ").append(field.dataType().catalogString());
            out.append(" | ").append(unitAndMeaning[0].equals("1") ? "" : unitAndMeaning[0]);
            out.append(" | ").append(unitAndMeaning[1]).append(" |");
            if (steps) {
                String reduction =
                        metric == null ? "" : metric.reduction().name().toLowerCase(Locale.ROOT);
                out.append(' ').append(reduction).append(" |");
            }
            out.append('\n');
        }
        return out.toString();
    }

    private static String find(Map<String, String> texts, String key) {
        String text = texts.get(key);
        if (text == null) {
            throw new IllegalStateException("Nothing is said about '" + key + "'; add it to TablesDocument");
        }
        return text;
    }

    private static Map<String, String> tables() {
        Map<String, String> tables = new LinkedHashMap<>();
        tables.put("runs", "One row a run. Several rows of one run are one run; what a later row says goes before.");
        tables.put("attempts", "One row a start or restart of a run.");
        tables.put("topology", "Where each worker ran, and its place in the parallel layout.");
        tables.put("steps", """
                One row a run, attempt, worker and logged step; the row of the run as a whole has no worker. Where only workers
                logged a metric, the last column says how their values become one value of the run.""");
        tables.put(
                "metrics",
                "Everything else that was logged, one row a value. What several workers logged, each its own, is judged by"
                        + " `worker-outlier`; the rest is kept, not judged yet. A run that has rows here and none in `steps`"
                        + " is reported as unknown, not as empty. One that stands in no other table is reported where there"
                        + " are no steps at all, or where the table's files hold at most 20 million rows: only then all of"
                        + " its run ids are read.");
        tables.put(
                "layers",
                "Statistics of single layers. `jobs/compare` compares runs by them; in the nightly scan they are kept, not"
                        + " judged yet.");
        tables.put(
                "groups",
                "Parts of a batch: by data domain, source, timestep, modality, length. Kept, not judged yet.");
        tables.put(
                "shards",
                "Which samples of which data shard a worker read. Incidents of several runs are held against it.");
        tables.put(
                "events",
                "What happened to a run beside its steps. Scheduled events explain shared steps; the others are kept, not judged yet.");
        tables.put("quarantine", "What an import did not take as it stood; it comes back in the report.");
        return tables;
    }

    private static Map<String, String> columns() {
        Map<String, String> columns = new LinkedHashMap<>();
        columns.put("run_id", "1|Name of the run; any text");
        columns.put("attempt", "1|Number of the start, from 0");
        columns.put("worker", "1|Rank of the worker; null for the run as a whole");
        columns.put("topology.worker", "1|Rank of the worker");
        columns.put("step", "1|Optimizer step, from 0 to 2^53");
        columns.put("time", "|When it was logged");
        columns.put("start_time", "|When it began");
        columns.put("end_time", "|When it ended");
        columns.put(
                "project",
                "|Group of comparable runs (siblings); for imported logs the folder above the run, or the file that holds a row a run");
        columns.put("owner", "|Who is responsible");
        columns.put("status", "|`finished`, `failed`, `running` or `empty`");
        columns.put("parent_run_id", "|Run it was continued from");
        columns.put("seed", "1|Seed of its random numbers");
        columns.put("planned_steps", "steps|Step it was meant to reach");
        columns.put("dataset", "|Name of the data");
        columns.put("dataset_version", "|Version of the data");
        columns.put("dataset_fingerprint", "|Checksum of the data");
        columns.put("verdict_id", "|Verdict of a check of the data before training");
        columns.put("tokenizer", "|Name or version of the tokenizer");
        columns.put("framework", "|Training framework and version");
        columns.put("code_version", "|Commit or version of the training code");
        columns.put("hardware", "|Kind of machine");
        columns.put("attributes", "|Hyperparameters and other settings");
        columns.put("resume_step", "steps|First step of the attempt; for a restart the one training fell back to");
        columns.put("checkpoint", "|Checkpoint it began from");
        columns.put("world_size", "workers|Number of workers");
        columns.put("global_batch", "examples|Examples a step over all workers");
        columns.put("exit_reason", "|Why it ended");
        columns.put("host", "|Machine");
        columns.put("device", "|Device on the machine");
        columns.put("rack", "|What the machine shares with others: rack, pod or switch");
        columns.put("data_coordinate", "1|Place in the data-parallel dimension");
        columns.put("tensor_coordinate", "1|Place in the tensor-parallel dimension");
        columns.put("pipeline_coordinate", "1|Place in the pipeline");
        columns.put("context_coordinate", "1|Place in the context-parallel dimension");
        columns.put("expert_coordinate", "1|Place in the expert-parallel dimension");
        columns.put(
                "scope",
                "|What the values were reduced over before logging: `local` (one worker), `shard`, `group`, `global`."
                        + " Without it a worker's values count as its own");
        columns.put("step_span", "steps|How many steps a value averages, at least 1");
        columns.put("grad_norm_kind", "|`before_clip` or `after_clip`");
        columns.put("batch_hash", "|Checksum of the batch");
        columns.put(
                "parameter_hash",
                "|Checksum of parameters after the update; `jobs/train` takes it of 4,096 in turn, so that it is"
                        + " comparable between the workers of a run at one step only");
        columns.put("name", "|Name of the metric as it was logged");
        columns.put("value", "|Its value");
        columns.put("layer", "|Name of the layer");
        columns.put("depth", "1|Number of the layer from the input");
        columns.put("elements", "1|Number of its parameters");
        columns.put("layers.grad_norm", "1|L2 norm of its gradient");
        columns.put("grad_mean_abs", "1|Mean absolute gradient");
        columns.put("grad_max_abs", "1|Largest absolute gradient");
        columns.put("grad_zero_fraction", "1|Share of zeros in its gradient");
        columns.put("non_finite_count", "values|NaN and infinities in its gradient");
        columns.put("layers.param_norm", "1|L2 norm of its parameters");
        columns.put("layers.update_norm", "1|L2 norm of its update");
        columns.put("activation_mean", "1|Mean activation");
        columns.put("activation_std", "1|Standard deviation of its activations");
        columns.put("activation_zero_fraction", "1|Share of zero activations");
        columns.put("activation_saturated_fraction", "1|Share of saturated activations");
        columns.put(
                "second_moment_ratio", "1|Root mean square of gradient over the root of the optimizer's second moment");
        columns.put("groups.kind", "|What the groups are: data domain, source, timestep, modality, length");
        columns.put("group", "|Name of the group");
        columns.put("groups.loss", "1|Mean loss of the group");
        columns.put("groups.examples", "examples|Examples of the group in the step");
        columns.put("groups.tokens", "tokens|Tokens of the group in the step");
        columns.put("weight", "1|Weight of the group in the loss");
        columns.put("gradient_share", "1|Share of the gradient that comes from the group");
        columns.put("shard", "|Name of the data shard");
        columns.put("first_sample", "1|First sample read of it");
        columns.put("last_sample", "1|Last sample read of it");
        columns.put("events.step", "1|Step at which it happened, where it had one");
        columns.put(
                "events.kind",
                "|`checkpoint`, `evaluation`, `learning_rate_change`, `batch_change`, `skipped_batch`,"
                        + " `intervention`, `device_error`, `network_error`, `restart`");
        columns.put("detail", "|What else is known");
        columns.put("file", "|Path of the file, as the user gave it");
        columns.put("line", "1|First line concerned, from 1; 0 for the whole file");
        columns.put("reason", "|What was wrong, and what would be right");
        columns.put("count", "1|How many lines or rows");
        columns.put("level", "|`rejected`: not read; `warning`: read, but doubtful");
        return columns;
    }
}
