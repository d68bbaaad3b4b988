package io.tiltmeter.report;

import java.util.List;

/**
 * What the template of the gate's report shows: finished text. Public only because the precompiled templates live in a
 * package of their own.
 *
 * @param status word of the verdict
 * @param eval the evaluation data in numbers, empty without
 * @param morePairs says how many pairs are not shown, empty if all are
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
        List<Page.Fact> eval,
        List<EvalRow> evalColumns,
        List<PairRow> pairs,
        String morePairs,
        List<SuspectRow> suspects,
        Page.Inline style) {

    /** A column of the dataset beside that of the evaluation data. */
    public record EvalRow(
            String column,
            String rows,
            String evalRows,
            String median,
            String evalMedian,
            String length,
            String evalLength) {}

    /** A row whose label is likely wrong. */
    public record SuspectRow(String place, String label, String likely, String ofLabel, String ofLikely) {}

    /** Two rows that should not both be there. */
    public record PairRow(String check, String first, String second, String similarity, String note) {}

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
