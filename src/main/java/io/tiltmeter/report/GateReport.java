package io.tiltmeter.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Distinct;
import io.tiltmeter.validate.EvalData;
import io.tiltmeter.validate.EvalSummary;
import io.tiltmeter.validate.Gate.CheckVerdict;
import io.tiltmeter.validate.Judgement;
import io.tiltmeter.validate.LabelProbe;
import io.tiltmeter.validate.RowPair;
import io.tiltmeter.validate.Status;
import io.tiltmeter.validate.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Renders the gate's {@code report.html}: one self-contained page without any script. */
public final class GateReport {
    private static final int MOST_ROWS = 50;
    private static final int MOST_PAIRS = 10;

    private GateReport() {}

    /** The page; the same verdict and profile give the same text. */
    public static String render(Verdict verdict, Dataset data) {
        TemplateEngine engine = TemplateEngine.createPrecompiled(
                null, ContentType.Html, GateReport.class.getClassLoader(), "io.tiltmeter.report.templates");
        StringOutput out = new StringOutput(1 << 16);
        engine.render("gate.jte", page(verdict, data), out);
        return out.toString();
    }

    private static GatePage page(Verdict verdict, Dataset data) {
        List<GatePage.CheckRow> rows =
                verdict.checks().stream().map(GateReport::check).toList();
        return new GatePage(
                "Gate: " + verdict.status() + " · " + Formats.text(verdict.source()),
                Formats.text(verdict.source()),
                verdict.passed() ? "open" : "closed",
                tone(verdict.status()),
                List.of(
                        new Page.Fact("Verdict", verdict.status().name()),
                        new Page.Fact("Id", verdict.id()),
                        new Page.Fact("Rows", Formats.count(verdict.rows())),
                        new Page.Fact("Shards", Formats.count(verdict.shards())),
                        new Page.Fact(
                                "Baseline", verdict.baseline().isEmpty() ? "none" : Formats.text(verdict.baseline())),
                        new Page.Fact("Fingerprint", verdict.fingerprint().substring(0, 16))),
                rows.stream().filter(row -> isViolated(row.status())).toList(),
                rows.stream().filter(row -> !isViolated(row.status())).toList(),
                data.all().columns().stream().map(GateReport::column).toList(),
                verdict.eval().map(GateReport::eval).orElse(List.of()),
                evalColumns(data),
                shownPairs(verdict.pairs()).stream().map(GateReport::pair).toList(),
                morePairs(verdict.pairs()),
                verdict.suspects().stream()
                        .limit(MOST_ROWS)
                        .map(GateReport::suspect)
                        .toList(),
                HtmlReport.inline("report.css"));
    }

    private static List<Page.Fact> eval(EvalSummary eval) {
        List<Page.Fact> facts = new ArrayList<>();
        facts.add(new Page.Fact("Evaluation data", Formats.text(eval.source())));
        facts.add(new Page.Fact("Rows", Formats.count(eval.rows())));
        facts.add(new Page.Fact("Compared", eval.compared().isEmpty() ? "nothing" : Formats.text(eval.compared())));
        eval.duplicates().ifPresent(found -> {
            facts.add(new Page.Fact("Rows in the dataset", Formats.count(found.copies())));
            facts.add(new Page.Fact("Nearly in the dataset", Formats.count(found.near())));
        });
        eval.contamination().ifPresent(found -> {
            facts.add(
                    new Page.Fact("Covered by the dataset's " + found.n() + "-grams", Formats.count(found.covered())));
            facts.add(new Page.Fact("Sharing at least one", Formats.count(found.shared())));
        });
        return facts;
    }

    private static List<GatePage.EvalRow> evalColumns(Dataset data) {
        return data.fact(EvalData.class)
                .map(eval -> eval.profile().all().columns().stream()
                        .flatMap(column -> data.all().column(column.spec().name()).stream()
                                .map(training -> evalColumn(training, column)))
                        .toList())
                .orElse(List.of());
    }

    private static GatePage.EvalRow evalColumn(ColumnProfile training, ColumnProfile eval) {
        return new GatePage.EvalRow(
                Formats.text(training.spec().name()),
                Formats.count(training.rows()),
                Formats.count(eval.rows()),
                median(training),
                median(eval),
                meanLength(training),
                meanLength(eval));
    }

    private static String median(ColumnProfile column) {
        return column.moments().count() > 0 ? Formats.number(column.quantiles().at(0.5)) : "";
    }

    private static String meanLength(ColumnProfile column) {
        return column.lengths().count() > 0
                ? Formats.number(
                        (double) column.lengths().sum() / column.lengths().count())
                : "";
    }

    /** The first pairs of each check. */
    private static List<RowPair> shownPairs(List<RowPair> pairs) {
        Map<String, List<RowPair>> byCheck = new TreeMap<>();
        pairs.forEach(pair -> byCheck.computeIfAbsent(pair.check(), check -> new ArrayList<>())
                .add(pair));
        return byCheck.values().stream()
                .flatMap(of -> of.stream().limit(MOST_PAIRS))
                .toList();
    }

    private static String morePairs(List<RowPair> pairs) {
        int left = pairs.size() - shownPairs(pairs).size();
        return left > 0 ? Formats.count(left) + " more are in verdict.json" : "";
    }

    private static GatePage.SuspectRow suspect(LabelProbe.Suspect suspect) {
        return new GatePage.SuspectRow(
                Formats.text(suspect.place().text()),
                Formats.text(suspect.label()),
                Formats.text(suspect.likely()),
                Formats.number(suspect.ofLabel()),
                Formats.number(suspect.ofLikely()));
    }

    private static GatePage.PairRow pair(RowPair pair) {
        return new GatePage.PairRow(
                pair.check(),
                Formats.text(pair.first().text()),
                Formats.text(pair.second().text()),
                Formats.number(pair.similarity()),
                Formats.text(pair.note()));
    }

    private static boolean isViolated(String status) {
        return status.equals(Status.FAIL.name()) || status.equals(Status.WARN.name());
    }

    static String tone(Status status) {
        return switch (status) {
            case FAIL -> "error";
            case WARN -> "warning";
            case INCONCLUSIVE -> "unknown";
            case PASS -> "sound";
        };
    }

    private static GatePage.CheckRow check(CheckVerdict check) {
        String status =
                check.status().map(Status::name).orElse(check.settings().enabled() ? "nothing to judge" : "disabled");
        List<Judgement> shown = check.judgements().stream().limit(MOST_ROWS).toList();
        long left = check.judgements().size() - shown.size() + check.dropped();
        return new GatePage.CheckRow(
                check.info().id(),
                check.info().title(),
                status,
                check.status().map(GateReport::tone).orElse("unknown"),
                check.info().meaning(),
                check.info().advice(),
                Formats.count(check.judged(), "metric") + " judged"
                        + (check.inconclusive() > 0
                                ? ", " + Formats.count(check.inconclusive()) + " inconclusive"
                                : ""),
                check.info().parameters().stream()
                        .map(parameter -> bound(parameter, check))
                        .toList(),
                shown.stream().map(GateReport::judgement).toList(),
                left > 0 ? Formats.count(left) + " more are in verdict.json or were counted only" : "");
    }

    private static String bound(Parameter parameter, CheckVerdict check) {
        String unit = parameter.unit().equals("1") ? "" : " " + parameter.unit();
        return parameter.name() + " = " + Formats.number(check.settings().get(parameter.name())) + unit + ": "
                + parameter.meaning() + " (" + parameter.source().text() + ")";
    }

    private static GatePage.JudgementRow judgement(Judgement judgement) {
        return new GatePage.JudgementRow(
                judgement.status().name(),
                tone(judgement.status()),
                Formats.text(judgement.column()),
                judgement.shard().isEmpty() ? "whole dataset" : Formats.text(judgement.shard()),
                Formats.number(judgement.effect()),
                Formats.number(judgement.bound()),
                judgement.isEstimate() ? Formats.number(judgement.detectable()) : "exact",
                judgement.unit(),
                Formats.text(judgement.text()));
    }

    private static GatePage.ColumnRow column(ColumnProfile column) {
        boolean any = column.moments().count() > 0;
        return new GatePage.ColumnRow(
                Formats.text(column.spec().name()),
                column.spec().kind().name().toLowerCase(Locale.ROOT),
                column.spec().type(),
                Formats.count(column.rows()),
                Formats.count(column.missing()),
                Formats.count(column.nonFinite()),
                column.distinct().map(Distinct::estimate).map(Formats::number).orElse(""),
                any ? Formats.number(column.moments().least()) : "",
                median(column),
                any ? Formats.number(column.moments().mean()) : "",
                any ? Formats.number(column.moments().greatest()) : "",
                column.lengths().count() > 0
                        ? meanLength(column) + " (at most "
                                + Formats.count(column.lengths().greatest()) + ")"
                        : "");
    }
}
