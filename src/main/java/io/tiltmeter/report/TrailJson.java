package io.tiltmeter.report;

import io.tiltmeter.model.DataTrail;
import io.tiltmeter.model.StepRecord;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Writes the trail of an incident's data into {@code findings.json}. */
final class TrailJson {
    private TrailJson() {}

    /** The member {@code data_trail} of the object that is open. */
    static void write(DataTrail trail, Json json) throws IOException {
        json.name("data_trail").object().field("step", trail.step()).name("worker");
        wholeOrNull(json, trail.worker() == StepRecord.NO_WORKER ? null : (long) trail.worker());
        json.name("ranges").array();
        for (DataTrail.Range range : trail.ranges()) {
            json.flatObject().field("shard", range.shard()).name("first_sample");
            wholeOrNull(json, range.first());
            json.name("last_sample");
            wholeOrNull(json, range.last());
            json.field("workers", range.workers()).endObject();
        }
        json.endArray().field("ranges_in_all", trail.rangesInAll()).name("last_good_checkpoint");
        DataTrail.Checkpoint checkpoint = trail.checkpoint();
        if (checkpoint == null) {
            json.value((String) null);
        } else {
            json.flatObject()
                    .field("attempt", checkpoint.attempt())
                    .field("step", checkpoint.step())
                    .field("detail", checkpoint.detail())
                    .endObject();
        }
        json.field("checkpoints_passed_over", trail.passedOver())
                .name("readers")
                .array();
        for (DataTrail.Reader reader : trail.readers()) {
            json.flatObject()
                    .field("run_id", reader.runId())
                    .field("when", reader.when().text())
                    .field("step", reader.step())
                    .field("last_step", reader.at())
                    .field("troubled", reader.troubled())
                    .endObject();
        }
        json.endArray()
                .field("readers_in_all", trail.readersInAll())
                .name("unknown_order")
                .flatArray();
        for (String run : trail.unknown()) {
            json.value(run);
        }
        json.endArray().field("unknown_order_in_all", trail.unknownInAll()).endObject();
    }

    private static void wholeOrNull(Json json, @Nullable Long value) throws IOException {
        if (value == null) {
            json.value((String) null);
        } else {
            json.value(value);
        }
    }
}
