package io.tiltmeter.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Distinct;
import io.tiltmeter.validate.Gate.CheckVerdict;
import io.tiltmeter.validate.Judgement;
import io.tiltmeter.validate.Status;
import io.tiltmeter.validate.Verdict;
import java.util.List;
import java.util.Locale;

/** Renders the gate's {@code report.html}: one self-contained page without any script. */
public final class GateReport {
    private static final int MOST_ROWS = 50;

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
                HtmlReport.inline("report.css"));
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
                any ? Formats.number(column.quantiles().at(0.5)) : "",
                any ? Formats.number(column.moments().mean()) : "",
                any ? Formats.number(column.moments().greatest()) : "",
                column.lengths().count() > 0
                        ? Formats.number((double) column.lengths().sum()
                                        / column.lengths().count()) + " (at most "
                                + Formats.count(column.lengths().greatest()) + ")"
                        : "");
    }
}
