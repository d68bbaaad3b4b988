package io.tiltmeter.correlate;

import io.tiltmeter.model.Pattern;
import io.tiltmeter.stats.Tails;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Scheduled events of training that explain why runs stumble at the same step: slow steps at an evaluation or a
 * checkpoint, moving losses and gradients where learning rate or batch change. Such a pattern is information.
 */
public final class ScheduledEvents {
    /** Kinds of events that explain slow steps. */
    private static final List<String> SLOW = List.of("checkpoint", "evaluation");
    /** Kinds of events that explain what losses and gradients do. */
    private static final List<String> LEARNING = List.of("batch_change", "learning_rate_change");

    /** All kinds of events worth looking up. */
    public static final List<String> KINDS =
            List.of("batch_change", "checkpoint", "evaluation", "learning_rate_change");

    /** A pattern is explained when at least this share of its runs have the event there. */
    private static final double SHARE = 0.9;
    /** Up to this probability a coincidence of event and incident is not one of frequent events. */
    private static final double CHANCE = 0.05;

    private ScheduledEvents() {}

    /**
     * Events of one kind in one run of a pattern.
     *
     * @param rate events for each logged step
     * @param there whether one is at the pattern's steps, or one step before
     */
    public record Coincidence(String kind, double rate, boolean there) {}

    /** Whether events of schedules can explain such a pattern: it is about steps. */
    public static boolean concerns(Pattern pattern) {
        return pattern.axis().equals(Axis.STEP.text());
    }

    /** The pattern as it is, or as explained by the kind of event that most of its runs have there. */
    public static Pattern explain(Pattern pattern, List<Coincidence> coincidences) {
        List<String> able = pattern.metric().endsWith("_seconds") ? SLOW : LEARNING;
        int runs = pattern.runs().size();
        long steps = pattern.stepTo() - pattern.stepFrom() + 2;
        Map<String, Integer> there = new TreeMap<>();
        Map<String, Double> chance = new TreeMap<>();
        for (Coincidence each : coincidences) {
            if (able.contains(each.kind())) {
                there.merge(each.kind(), each.there() ? 1 : 0, Integer::sum);
                chance.merge(each.kind(), Math.min(1, each.rate() * steps) / runs, Double::sum);
            }
        }
        for (Map.Entry<String, Integer> kind : there.entrySet()) {
            double p = Tails.binomialUpper(runs, chance.getOrDefault(kind.getKey(), 1.0), kind.getValue());
            if (kind.getValue() >= SHARE * runs && p <= CHANCE) {
                return pattern.explainedBy(
                        kind.getKey().replace('_', ' ') + " there in " + kind.getValue() + " of " + runs + " runs");
            }
        }
        return pattern;
    }
}
