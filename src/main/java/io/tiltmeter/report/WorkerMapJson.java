package io.tiltmeter.report;

import io.tiltmeter.model.WorkerMap;
import java.io.IOException;

/** Writes a map of workers into {@code findings.json}. */
final class WorkerMapJson {
    private static final int DIGITS = 4;

    private WorkerMapJson() {}

    /** The member {@code worker_map} of the object that is open. */
    static void write(WorkerMap map, Json json) throws IOException {
        json.name("worker_map")
                .object()
                .field("metric", map.metric())
                .field("detector", map.detector())
                .field("unit", map.unit().text())
                .field("workers_in_all", map.all())
                .field("onset", map.onset())
                .name("step_from")
                .flatArray();
        for (long step : map.from()) {
            json.value(step);
        }
        json.endArray().name("step_to").flatArray();
        for (long step : map.to()) {
            json.value(step);
        }
        json.endArray().name("rows").array();
        for (int r = 0; r < map.worker().length; r++) {
            json.flatObject()
                    .field("worker", map.worker()[r])
                    .field("named", map.isNamed()[r])
                    .name("values")
                    .flatArray();
            for (int c = 0; c < map.columns(); c++) {
                json.value(map.value(r, c), DIGITS);
            }
            json.endArray().name("non_finite").flatArray();
            for (int c = 0; c < map.columns(); c++) {
                if (map.isNonFinite(r, c)) {
                    json.value(c);
                }
            }
            json.endArray().endObject();
        }
        json.endArray().endObject();
    }
}
