package io.tiltmeter.report;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.StepRecord;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the documents of all reports have in common. */
final class JsonParts {
    private JsonParts() {}

    /**
     * Fields of a finding, into the object that is open.
     *
     * @param attempt start of the run that it is about; null where a run is seen as one curve over all its starts
     * @param detector its detector; null if the report does not describe it
     */
    static void finding(Json json, Finding finding, @Nullable Integer attempt, @Nullable DetectorInfo detector)
            throws IOException {
        DetectorInfo.Parameter parameter = detector == null ? null : Fleet.judgedBy(detector, finding);
        json.field("detector", finding.detector())
                .field("metric", finding.metric())
                .name("attempt");
        wholeOrNull(json, attempt);
        json.name("worker");
        wholeOrNull(json, finding.worker() == StepRecord.NO_WORKER ? null : finding.worker());
        json.field("host", finding.host())
                .field("layer", finding.layer())
                .field("group", finding.group())
                .field("step_from", finding.stepFrom())
                .field("step_to", finding.stepTo())
                .field("peak_step", finding.peakStep())
                .field("score", finding.score())
                .field("threshold", finding.threshold())
                .field("parameter", parameter == null ? null : parameter.name())
                .field("severity", finding.severity().text())
                .field("cause", finding.cause().text())
                .field("meaning", detector == null ? null : detector.meaning())
                .field("source", parameter == null ? null : parameter.source().text())
                .field("advice", detector == null ? null : detector.advice())
                .field("evidence", finding.evidence());
    }

    private static void wholeOrNull(Json json, @Nullable Integer value) throws IOException {
        if (value == null) {
            json.value((String) null);
        } else {
            json.value(value);
        }
    }

    /** The array {@code rejected}. */
    static void rejected(Json json, List<Rejection> rejections) throws IOException {
        json.name("rejected").array();
        for (Rejection rejection : rejections) {
            json.flatObject()
                    .field("file", rejection.file())
                    .field("line", rejection.line())
                    .field("reason", rejection.reason())
                    .field("count", rejection.count())
                    .field("level", rejection.level().name().toLowerCase(Locale.ROOT))
                    .endObject();
        }
        json.endArray();
    }

    /** The array {@code detectors}. */
    static void detectors(Json json, List<DetectorInfo> detectors) throws IOException {
        json.name("detectors").array();
        for (DetectorInfo detector : detectors) {
            detector(json, detector);
        }
        json.endArray();
    }

    private static void detector(Json json, DetectorInfo detector) throws IOException {
        json.object()
                .field("id", detector.id())
                .field("title", detector.title())
                .field("meaning", detector.meaning())
                .field("advice", detector.advice())
                .name("metrics")
                .flatArray();
        for (String metric : detector.metrics()) {
            json.value(metric);
        }
        json.endArray().name("parameters").array();
        for (DetectorInfo.Parameter parameter : detector.parameters()) {
            json.flatObject()
                    .field("name", parameter.name())
                    .field("value", parameter.value())
                    .field("unit", parameter.unit())
                    .field("meaning", parameter.meaning())
                    .field("source", parameter.source().text())
                    .endObject();
        }
        json.endArray().endObject();
    }
}
