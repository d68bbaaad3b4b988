package io.tiltmeter.report;

import io.tiltmeter.validate.Gate.CheckVerdict;
import io.tiltmeter.validate.Judgement;
import io.tiltmeter.validate.Status;
import io.tiltmeter.validate.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.TreeMap;

/** Writes {@code verdict.json}; its schema is {@code verdict.schema.json} beside this class. */
public final class VerdictJson {
    private VerdictJson() {}

    /** The text; the same verdict gives the same bytes. */
    public static String text(Verdict verdict) {
        StringBuilder out = new StringBuilder();
        try {
            write(verdict, Json.pretty(out));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.append('\n').toString();
    }

    private static void write(Verdict verdict, Json json) throws IOException {
        json.object();
        json.field("schema", 1);
        json.field("id", verdict.id());
        json.field("passed", verdict.passed());
        json.field("status", verdict.status().name());
        json.name("data").object();
        json.field("source", verdict.source());
        json.field("fingerprint", verdict.fingerprint());
        json.field("fingerprint_of", verdict.fingerprintOf());
        json.field("files", verdict.files());
        json.field("shards", verdict.shards());
        json.field("rows", verdict.rows());
        json.field("bytes", verdict.bytes());
        json.endObject();
        json.field("baseline", verdict.baseline().isEmpty() ? null : verdict.baseline());
        json.name("checks").array();
        for (CheckVerdict check : verdict.checks()) {
            check(check, json);
        }
        json.endArray();
        json.endObject();
    }

    private static void check(CheckVerdict check, Json json) throws IOException {
        json.object();
        json.field("id", check.info().id());
        json.field("title", check.info().title());
        json.field("status", check.status().map(Status::name).orElse(null));
        json.field("level", check.settings().level().text());
        json.field("enabled", check.settings().enabled());
        json.field("judged", check.judged());
        json.field("inconclusive", check.inconclusive());
        json.field("dropped", check.dropped());
        json.field("meaning", check.info().meaning());
        json.field("advice", check.info().advice());
        json.name("bounds").flatObject();
        for (Map.Entry<String, Double> bound : new TreeMap<>(check.settings().values()).entrySet()) {
            json.field(bound.getKey(), bound.getValue());
        }
        json.endObject();
        json.name("judgements").array();
        for (Judgement judgement : check.judgements()) {
            judgement(judgement, json);
        }
        json.endArray();
        json.endObject();
    }

    private static void judgement(Judgement judgement, Json json) throws IOException {
        json.flatObject();
        json.field("status", judgement.status().name());
        json.field("column", judgement.column().isEmpty() ? null : judgement.column());
        json.field("shard", judgement.shard().isEmpty() ? null : judgement.shard());
        json.field("effect", judgement.effect());
        json.field("bound", judgement.bound());
        json.name("detectable");
        if (judgement.isEstimate()) {
            json.value(judgement.detectable());
        } else {
            json.value((String) null);
        }
        json.field("unit", judgement.unit());
        json.field("evidence", judgement.text());
        json.endObject();
    }
}
