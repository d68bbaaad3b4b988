package io.tiltmeter.spark;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.GroupRecord;
import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricRecord;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayBasedMapData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/** Records as rows of the metric tables, in the column order of {@link Schemas}. */
final class RecordRows {
    private RecordRows() {}

    /** Columns of {@code steps} before the metrics. */
    private static final int STEP_KEYS = 7;

    static InternalRow row(RunRecord r) {
        return of(
                text(r.runId()),
                text(r.project()),
                text(r.owner()),
                r.startMicros(),
                r.endMicros(),
                text(r.status()),
                text(r.parentRunId()),
                r.seed(),
                r.plannedSteps(),
                text(r.dataset()),
                text(r.datasetVersion()),
                text(r.datasetFingerprint()),
                text(r.verdictId()),
                text(r.tokenizer()),
                text(r.framework()),
                text(r.codeVersion()),
                text(r.hardware()),
                map(r.attributes()));
    }

    static InternalRow row(AttemptRecord r) {
        return of(
                text(r.runId()),
                r.attempt(),
                r.startMicros(),
                r.resumeStep(),
                text(r.checkpoint()),
                r.worldSize(),
                r.globalBatch(),
                text(r.exitReason()));
    }

    static InternalRow row(TopologyRecord r) {
        return of(
                text(r.runId()),
                r.attempt(),
                r.worker(),
                text(r.host()),
                text(r.device()),
                r.dataCoordinate(),
                r.tensorCoordinate(),
                r.pipelineCoordinate(),
                r.contextCoordinate(),
                r.expertCoordinate(),
                text(r.rack()));
    }

    static InternalRow row(StepRecord r) {
        return step(
                text(r.runId()),
                r.attempt(),
                r.worker(),
                r.step(),
                r.timeMicros(),
                text(r.scope().text()),
                r.stepSpan(),
                r.values(),
                text(r.gradNormKind()),
                text(r.batchHash()),
                text(r.parameterHash()));
    }

    /** A row of {@code steps} from values that are already in Spark's form where they repeat from row to row. */
    static InternalRow step(
            @Nullable UTF8String runId,
            int attempt,
            int worker,
            long step,
            @Nullable Long timeMicros,
            @Nullable UTF8String scope,
            int stepSpan,
            MetricValues values,
            @Nullable UTF8String gradNormKind,
            @Nullable UTF8String batchHash,
            @Nullable UTF8String parameterHash) {
        Object[] row = new Object[STEP_KEYS + Metric.count() + 3];
        row[0] = runId;
        row[1] = attempt;
        row[2] = worker(worker);
        row[3] = step;
        row[4] = timeMicros;
        row[5] = scope;
        row[6] = stepSpan;
        for (int m = 0; m < Metric.count(); m++) {
            if (values.has(Metric.of(m))) {
                row[STEP_KEYS + m] = values.get(Metric.of(m));
            }
        }
        row[STEP_KEYS + Metric.count()] = gradNormKind;
        row[STEP_KEYS + Metric.count() + 1] = batchHash;
        row[STEP_KEYS + Metric.count() + 2] = parameterHash;
        return new GenericInternalRow(row);
    }

    static InternalRow row(MetricRecord r) {
        return of(
                text(r.runId()), r.attempt(), worker(r.worker()), r.step(), r.timeMicros(), text(r.name()), r.value());
    }

    static InternalRow row(LayerRecord r) {
        return of(
                text(r.runId()),
                r.attempt(),
                worker(r.worker()),
                r.step(),
                text(r.layer()),
                r.depth(),
                r.elements(),
                r.gradNorm(),
                r.gradMeanAbs(),
                r.gradMaxAbs(),
                r.gradZeroFraction(),
                r.nonFiniteCount(),
                r.paramNorm(),
                r.updateNorm(),
                r.activationMean(),
                r.activationStd(),
                r.activationZeroFraction(),
                r.activationSaturatedFraction(),
                r.secondMomentRatio());
    }

    static InternalRow row(GroupRecord r) {
        return of(
                text(r.runId()),
                r.attempt(),
                r.step(),
                text(r.kind()),
                text(r.group()),
                r.loss(),
                r.examples(),
                r.tokens(),
                r.weight(),
                r.gradientShare());
    }

    static InternalRow row(ShardRecord r) {
        return of(
                text(r.runId()),
                r.attempt(),
                worker(r.worker()),
                r.step(),
                text(r.shard()),
                r.firstSample(),
                r.lastSample());
    }

    static InternalRow row(EventRecord r) {
        return of(
                text(r.runId()),
                r.attempt(),
                worker(r.worker()),
                r.step(),
                r.timeMicros(),
                text(r.kind()),
                text(r.detail()));
    }

    static InternalRow row(Rejection r) {
        return of(
                text(r.file()),
                r.line(),
                text(r.reason()),
                r.count(),
                text(r.level().name().toLowerCase(Locale.ROOT)));
    }

    private static InternalRow of(@Nullable Object... values) {
        return new GenericInternalRow(values);
    }

    private static @Nullable Integer worker(int worker) {
        return worker == StepRecord.NO_WORKER ? null : Integer.valueOf(worker);
    }

    private static @Nullable UTF8String text(@Nullable String text) {
        return text == null ? null : UTF8String.fromString(text);
    }

    private static ArrayBasedMapData map(Map<String, String> entries) {
        Object[] keys = new Object[entries.size()];
        Object[] values = new Object[entries.size()];
        int n = 0;
        for (String key : entries.keySet().stream().sorted().toList()) {
            keys[n] = UTF8String.fromString(key);
            values[n] = UTF8String.fromString(entries.getOrDefault(key, ""));
            n++;
        }
        return new ArrayBasedMapData(new GenericArrayData(keys), new GenericArrayData(values));
    }
}
