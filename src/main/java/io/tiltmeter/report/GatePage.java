package io.tiltmeter.report;

import java.util.List;

/**
 * What the template of the gate's report shows: finished text. Public only because the precompiled templates live in a
 * package of their own.
 *
 * @param status word of the verdict
 * @param tone class that colours it: {@code error}, {@code warning}, {@code info} or {@code sound}
 */
public record GatePage(
        String title,
        String source,
        String status,
        String tone,
        List<Page.Fact> facts,
        List<CheckRow> violated,
        List<CheckRow> quiet,
        List<ColumnRow> columns,
        Page.Inline style) {

    /** A check with what it said. */
    public record CheckRow(
            String id,
            String title,
            String status,
            String tone,
            String meaning,
            String advice,
            String counts,
            List<String> bounds,
            List<JudgementRow> judgements,
            String more) {}

    /** A judgement. */
    public record JudgementRow(
            String status,
            String tone,
            String column,
            String shard,
            String effect,
            String bound,
            String detectable,
            String unit,
            String evidence) {}

    /** A column's profile. */
    public record ColumnRow(
            String name,
            String kind,
            String type,
            String rows,
            String missing,
            String nonFinite,
            String distinct,
            String least,
            String median,
            String mean,
            String greatest,
            String length) {}
}
