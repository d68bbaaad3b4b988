package io.tiltmeter.train;

import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.MetricRecord;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import java.io.Serializable;
import java.util.List;

/**
 * What one worker tells the driver of its part of an averaging round.
 *
 * @param updates how often it updated its network: more than steps if a batch makes several
 */
record WorkerRound(
        int worker,
        String host,
        String executor,
        String device,
        List<StepRecord> steps,
        List<LayerRecord> layers,
        List<ShardRecord> shards,
        List<MetricRecord> metrics,
        int updates)
        implements Serializable {
    void write(MetricSink sink) {
        steps.forEach(sink::step);
        layers.forEach(sink::layer);
        shards.forEach(sink::shard);
        metrics.forEach(sink::metric);
    }
}
