package io.tiltmeter.report;

import io.tiltmeter.validate.Contamination;
import io.tiltmeter.validate.Duplicates;
import io.tiltmeter.validate.EvalSummary;
import io.tiltmeter.validate.Gate.CheckVerdict;
import io.tiltmeter.validate.Judgement;
import io.tiltmeter.validate.LabelProbe;
import io.tiltmeter.validate.RowPair;
import io.tiltmeter.validate.RowPlace;
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
        json.name("eval");
        if (verdict.eval().isPresent()) {
            eval(verdict.eval().get(), json);
        } else {
            json.value((String) null);
        }
        json.name("checks").array();
        for (CheckVerdict check : verdict.checks()) {
            check(check, json);
        }
        json.endArray();
        json.name("pairs").array();
        for (RowPair pair : verdict.pairs()) {
            pair(pair, json);
        }
        json.endArray();
        json.name("suspects").array();
        for (LabelProbe.Suspect suspect : verdict.suspects()) {
            json.flatObject();
            place(suspect.place(), json);
            json.field("label", suspect.label());
            json.field("likely", suspect.likely());
            json.field("of_label", suspect.ofLabel());
            json.field("of_likely", suspect.ofLikely());
            json.endObject();
        }
        json.endArray();
        json.endObject();
    }

    private static void eval(EvalSummary eval, Json json) throws IOException {
        json.object();
        json.field("source", eval.source());
        json.field("fingerprint", eval.fingerprint());
        json.field("shards", eval.shards());
        json.field("rows", eval.rows());
        json.field("compared", eval.compared().isEmpty() ? null : eval.compared());
        if (eval.duplicates().isPresent()) {
            Duplicates.Eval found = eval.duplicates().get();
            json.name("duplicates").flatObject();
            json.field("rows", found.rows());
            json.field("contents", found.contents());
            json.field("equal", found.copies());
            json.field("near", found.near());
            json.endObject();
        }
        if (eval.contamination().isPresent()) {
            Contamination found = eval.contamination().get();
            json.name("contamination").flatObject();
            json.field("ngram", found.n());
            json.field("documents", found.documents());
            json.field("of", found.of());
            json.field("too_short", found.tooShort());
            json.field("shared", found.shared());
            json.field("covered", found.covered());
            json.endObject();
        }
        json.endObject();
    }

    private static void pair(RowPair pair, Json json) throws IOException {
        json.flatObject();
        json.field("check", pair.check());
        json.name("first").flatObject();
        place(pair.first(), json);
        json.endObject();
        json.name("second").flatObject();
        place(pair.second(), json);
        json.endObject();
        json.field("similarity", pair.similarity());
        json.field("note", pair.note());
        json.endObject();
    }

    private static void place(RowPlace place, Json json) throws IOException {
        json.field("data", place.eval() ? "eval" : "train");
        json.field("shard", place.shard());
        json.field("row", place.row());
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
