package io.tiltmeter.sources;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.GroupRecord;
import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.MetricRecord;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;

/** Takes the records of a log, in the order they are read. */
public interface RecordSink {
    void run(RunRecord run);

    void attempt(AttemptRecord attempt);

    void topology(TopologyRecord topology);

    void step(StepRecord step);

    void metric(MetricRecord metric);

    void layer(LayerRecord layer);

    void group(GroupRecord group);

    void shard(ShardRecord shard);

    void event(EventRecord event);

    void reject(Rejection rejection);
}
