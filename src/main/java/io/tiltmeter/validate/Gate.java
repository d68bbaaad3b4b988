package io.tiltmeter.validate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs the checks and brings what they say to a verdict. A check that breaks breaks none of the others. */
public final class Gate {
    private Gate() {}

    /** What all enabled checks say of a dataset as a whole. */
    public static Results judge(List<Check> checks, Dataset data, Map<String, CheckSettings> settings) {
        Results results = new Results();
        for (Check check : checks) {
            run(check, settings, results, "", set -> check.judge(data, set, results));
        }
        return results;
    }

    /** What all enabled checks say of a shard, added to {@code results}. */
    public static void judgeShard(
            List<Check> checks,
            ShardProfile shard,
            Dataset data,
            Map<String, CheckSettings> settings,
            Results results) {
        for (Check check : checks) {
            run(check, settings, results, shard.name(), set -> check.judgeShard(shard, data, set, results));
        }
    }

    private interface Body {
        void run(CheckSettings settings);
    }

    private static void run(
            Check check, Map<String, CheckSettings> settings, Results results, String shard, Body body) {
        CheckSettings set = settings.getOrDefault(check.info().id(), CheckSettings.defaults(check.info()));
        if (!set.enabled()) {
            return;
        }
        try {
            body.run(set);
        } catch (RuntimeException e) {
            // Closed rather than open: what could not be checked must not pass for checked.
            results.count(check, "", shard, 1, 0, "failures", "The check itself failed: " + e);
        }
    }

    /** The verdict over what was said of the dataset and its shards. */
    public static List<CheckVerdict> verdicts(
            List<Check> checks, Results results, Map<String, CheckSettings> settings) {
        Results.Confirmation confirmation = results.confirmation();
        List<CheckVerdict> verdicts = new ArrayList<>();
        for (Check check : checks) {
            CheckInfo info = check.info();
            CheckSettings set = settings.getOrDefault(info.id(), CheckSettings.defaults(info));
            List<Judgement> judgements = new ArrayList<>();
            for (Judgement judgement : results.confirmed(info.id(), confirmation)) {
                boolean lowered = judgement.status() == Status.FAIL && set.level() == Level.WARNING;
                judgements.add(lowered ? judgement.with(Status.WARN) : judgement);
            }
            judgements.sort(Judgement.ORDER);
            Optional<Status> worst = judgements.stream().map(Judgement::status).reduce(Status::and);
            verdicts.add(new CheckVerdict(
                    info,
                    set,
                    worst,
                    results.judged(info.id()),
                    results.inconclusive(info.id()),
                    results.dropped(info.id()),
                    judgements));
        }
        return verdicts;
    }

    /**
     * What one check came to.
     *
     * @param status the gravest of its judgements, empty if it had nothing to judge or is disabled
     * @param judged how many metrics of the dataset and of shards it judged
     * @param inconclusive how many of them had too little data
     * @param dropped violations beyond the most that are kept
     * @param judgements gravest first
     */
    public record CheckVerdict(
            CheckInfo info,
            CheckSettings settings,
            Optional<Status> status,
            long judged,
            long inconclusive,
            long dropped,
            List<Judgement> judgements) {
        public CheckVerdict {
            judgements = List.copyOf(judgements);
        }
    }
}
