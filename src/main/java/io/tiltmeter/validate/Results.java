package io.tiltmeter.validate;

import io.tiltmeter.stats.Estimate;
import io.tiltmeter.stats.Tails;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/**
 * Collects what checks say. Violations are kept one by one, up to {@value #MOST} a check (the strongest stay, the rest is
 * counted); of what passed, the strongest effect a metric is kept and the others are counted.
 */
public final class Results implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Violations kept of a check. */
    public static final int MOST = 1000;

    /** False discovery rate among violations that rest on a sample (Benjamini and Hochberg, 1995). */
    public static final double FALSE_DISCOVERIES = 0.01;

    private static final Comparator<Judgement> STRONGEST = Comparator.comparing(Judgement::status)
            .reversed()
            .thenComparingDouble(Judgement::p)
            .thenComparing(Comparator.comparingDouble(Judgement::effect).reversed())
            .thenComparing(Judgement.ORDER);

    private final TreeMap<String, Tally> tallies = new TreeMap<>();

    private static final class Tally implements Serializable {
        private static final long serialVersionUID = 1L;

        final List<Judgement> kept = new ArrayList<>();
        final TreeMap<String, Judgement> strongest = new TreeMap<>();
        long judged;
        long estimates;
        long inconclusive;
        long dropped;
    }

    /** Says that an exact count is {@code effect}, which fails above {@code bound}. */
    public void count(Check check, String column, String shard, double effect, double bound, String unit, String text) {
        boolean bad = effect > bound;
        add(new Judgement(
                check.info().id(),
                column,
                shard,
                bad ? Status.FAIL : Status.PASS,
                effect,
                bound,
                0,
                unit,
                bad ? 0 : 1,
                bad ? 0 : 1,
                text));
    }

    /** Says that something exact is worth a warning. */
    public void warn(Check check, String column, String shard, double effect, double bound, String unit, String text) {
        add(new Judgement(check.info().id(), column, shard, Status.WARN, effect, bound, 0, unit, 1, 0, text));
    }

    /** Says that the check could not judge. */
    public void inconclusive(Check check, String column, String text) {
        add(new Judgement(check.info().id(), column, "", Status.INCONCLUSIVE, 0, 0, 0, "1", 1, 1, text));
    }

    /** Judges an effect measured on a sample by the check's bounds {@code warn} and {@code fail}. */
    public void estimate(
            Check check,
            CheckSettings settings,
            String column,
            String shard,
            Estimate effect,
            String unit,
            String text) {
        double fail = settings.get("fail");
        double warn = settings.get("warn");
        double p = effect.pAbove(fail);
        double warnP = effect.pAbove(warn);
        Status status = p <= FALSE_DISCOVERIES
                ? Status.FAIL
                : warnP <= FALSE_DISCOVERIES ? Status.WARN : quiet(effect.upper(), fail);
        double bound = status == Status.WARN ? warn : fail;
        double detectable = Double.isFinite(effect.detectable()) ? effect.detectable() : Double.POSITIVE_INFINITY;
        add(new Judgement(
                check.info().id(),
                column,
                shard,
                status,
                effect.effect(),
                bound,
                Math.max(detectable, Double.MIN_NORMAL),
                unit,
                p,
                warnP,
                text));
    }

    private static Status quiet(double upper, double fail) {
        return upper < fail ? Status.PASS : Status.INCONCLUSIVE;
    }

    private void add(Judgement judgement) {
        Tally tally = tallies.computeIfAbsent(judgement.check(), check -> new Tally());
        tally.judged++;
        tally.estimates += judgement.isEstimate() ? 1 : 0;
        keep(tally, judgement);
    }

    private static void keep(Tally tally, Judgement judgement) {
        if (judgement.status().compareTo(Status.WARN) >= 0) {
            tally.kept.add(judgement);
            if (tally.kept.size() > 2 * MOST) {
                trim(tally);
            }
            return;
        }
        tally.inconclusive += judgement.status() == Status.INCONCLUSIVE ? 1 : 0;
        String metric = judgement.column() + (judgement.shard().isEmpty() ? "" : "/");
        tally.strongest.merge(metric, judgement, (a, b) -> STRONGEST.compare(a, b) <= 0 ? a : b);
    }

    private static void trim(Tally tally) {
        if (tally.kept.size() > MOST) {
            tally.kept.sort(STRONGEST);
            tally.dropped += tally.kept.size() - MOST;
            tally.kept.subList(MOST, tally.kept.size()).clear();
        }
    }

    /** Adds what was said elsewhere. */
    public void merge(Results other) {
        other.tallies.forEach((check, theirs) -> {
            Tally tally = tallies.computeIfAbsent(check, c -> new Tally());
            tally.judged += theirs.judged;
            tally.estimates += theirs.estimates;
            tally.dropped += theirs.dropped;
            tally.inconclusive += theirs.inconclusive;
            theirs.kept.forEach(judgement -> keep(tally, judgement));
            theirs.strongest.forEach((metric, judgement) ->
                    tally.strongest.merge(metric, judgement, (a, b) -> STRONGEST.compare(a, b) <= 0 ? a : b));
        });
    }

    /** Violations given up for good: those of too many that are the weakest. */
    long dropped(String check) {
        Tally tally = tallies.get(check);
        return tally == null ? 0 : tally.dropped;
    }

    /** How many metrics were judged. */
    long judged(String check) {
        Tally tally = tallies.get(check);
        return tally == null ? 0 : tally.judged;
    }

    /** How many of them had too little data. */
    long inconclusive(String check) {
        Tally tally = tallies.get(check);
        return tally == null ? 0 : tally.inconclusive;
    }

    /**
     * What there is to say of a check, gravest first. Violations that rest on a sample are confirmed over all such tests of
     * the dataset, so that {@value #FALSE_DISCOVERIES} of those that remain are false; what is not confirmed is one grade
     * less.
     */
    List<Judgement> confirmed(String check, Confirmation confirmation) {
        Tally tally = tallies.get(check);
        if (tally == null) {
            return List.of();
        }
        trim(tally);
        List<Judgement> all = new ArrayList<>();
        for (Judgement judgement : tally.kept) {
            all.add(confirmation.confirm(judgement));
        }
        all.addAll(tally.strongest.values());
        all.sort(Judgement.ORDER);
        return all;
    }

    /** The thresholds of p below which violations are confirmed, from all tests together. */
    Confirmation confirmation() {
        List<Judgement> candidates = new ArrayList<>();
        long tests = 0;
        for (Tally tally : tallies.values()) {
            tests += tally.estimates;
            tally.kept.stream().filter(Judgement::isEstimate).forEach(candidates::add);
        }
        return new Confirmation(
                threshold(candidates.stream().mapToDouble(Judgement::p).toArray(), tests),
                threshold(candidates.stream().mapToDouble(Judgement::warnP).toArray(), tests));
    }

    private static double threshold(double[] p, long tests) {
        double[] q = Tails.benjaminiHochberg(p, tests);
        double threshold = -1;
        for (int i = 0; i < p.length; i++) {
            threshold = q[i] <= FALSE_DISCOVERIES ? Math.max(threshold, p[i]) : threshold;
        }
        return threshold;
    }

    /**
     * Up to which p-value violations are confirmed.
     *
     * @param fail of failures, -1 if none is
     * @param warn of warnings, -1 if none is
     */
    record Confirmation(double fail, double warn) {
        Judgement confirm(Judgement judgement) {
            if (!judgement.isEstimate() || (judgement.status() == Status.FAIL && judgement.p() <= fail)) {
                return judgement;
            }
            return judgement.with(judgement.warnP() <= warn ? Status.WARN : Status.INCONCLUSIVE);
        }
    }

    /** A number for evidence: four significant digits. */
    public static String number(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            return String.format(Locale.ROOT, "%,d", (long) value);
        }
        double size = Math.abs(value);
        return size >= 1e-3 && size < 1e6
                ? new java.math.BigDecimal(value)
                        .round(new java.math.MathContext(4))
                        .toPlainString()
                : String.format(Locale.ROOT, "%.3e", value);
    }

    /** A share for evidence, in percent. */
    public static String percent(double share) {
        return number(100 * share) + " %";
    }
}
