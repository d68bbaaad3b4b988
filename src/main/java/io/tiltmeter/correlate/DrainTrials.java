package io.tiltmeter.correlate;

import io.tiltmeter.correlate.DrainRule.AffectedRun;
import io.tiltmeter.correlate.DrainRule.Hit;
import io.tiltmeter.correlate.DrainRule.Start;
import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.stats.PoissonBinomial;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How one host, device or rank fared: a trial for each affected run, with its chance to be hit if none is worse than another.
 * See {@link DrainRule} for what follows from it.
 */
final class DrainTrials {
    final List<Double> chances = new ArrayList<>();
    final Set<String> hit = new TreeSet<>();
    double p = 1;
    double least = 1;
    double q = 1;

    double expected() {
        return chances.stream().mapToDouble(Double::doubleValue).sum();
    }

    void judge() {
        double[] all = chances.stream().mapToDouble(Double::doubleValue).toArray();
        p = PoissonBinomial.upper(all, hit.size());
        least = PoissonBinomial.upper(all, all.length);
    }

    /** Adjusts the p-values of all of them together, as one of so many families of tests. */
    static void adjust(Map<String, DrainTrials> units, int families) {
        List<DrainTrials> all = List.copyOf(units.values());
        double[] q = FalseDiscoveries.adjust(
                all.stream().mapToDouble(t -> t.p).toArray(),
                all.stream().mapToDouble(t -> t.least).toArray(),
                families);
        for (int i = 0; i < q.length; i++) {
            all.get(i).q = q[i];
        }
    }

    /** Whether any of them could be significant at all. */
    static boolean canTell(Map<String, DrainTrials> units) {
        return units.values().stream().anyMatch(t -> FalseDiscoveries.canTell(t.least));
    }

    /**
     * All hosts or devices that affected runs had workers on.
     *
     * @param without ranks whose incidents do not count, see {@link #rank}
     */
    static Map<String, DrainTrials> of(List<AffectedRun> runs, Axis axis, Set<String> without) {
        Map<String, List<AffectedRun>> lineages = new TreeMap<>();
        runs.forEach(run ->
                lineages.computeIfAbsent(run.lineage(), l -> new ArrayList<>()).add(run));
        Map<String, DrainTrials> units = new TreeMap<>();
        lineages.forEach((lineage, members) -> {
            Map<String, Double> missed = new HashMap<>();
            Set<String> hit = new HashSet<>();
            for (AffectedRun run : members) {
                for (Start start : run.starts()) {
                    Set<String> here = new HashSet<>();
                    for (Hit one : start.hits()) {
                        String name = name(axis, one);
                        if (!name.isEmpty() && !without.contains(rank(run, one))) {
                            here.add(name);
                        }
                    }
                    if (!here.isEmpty()) {
                        hit.addAll(here);
                        chances(axis, start, here.size())
                                .forEach((unit, chance) -> missed.merge(unit, 1 - chance, (a, b) -> a * b));
                    }
                }
            }
            missed.forEach((unit, chance) -> {
                DrainTrials trials = units.computeIfAbsent(unit, u -> new DrainTrials());
                trials.chances.add(1 - chance);
                if (hit.contains(unit)) {
                    trials.hit.add(lineage);
                }
            });
        });
        units.values().forEach(DrainTrials::judge);
        return units;
    }

    /** All ranks of projects with affected runs, adjusted. */
    static Map<String, DrainTrials> ofRanks(List<AffectedRun> runs) {
        Map<String, DrainTrials> ranks = new TreeMap<>();
        Map<String, Map<String, double[]>> misses = new TreeMap<>();
        for (AffectedRun run : runs) {
            for (Start start : run.starts()) {
                Set<String> here = start.hits().stream()
                        .map(hit -> rank(run, hit))
                        .filter(rank -> !rank.isEmpty())
                        .collect(Collectors.toSet());
                int workers = start.places().stream().mapToInt(Place::workers).sum();
                // Ranks that no run hits have p-value 1 and count among the tests by their number alone.
                for (int worker = 0; worker < workers && !here.isEmpty(); worker++) {
                    String rank = run.project() + "\n" + worker;
                    double chance = Math.min(1, here.size() / (double) workers);
                    misses.computeIfAbsent(rank, r -> new TreeMap<>())
                                    .computeIfAbsent(run.lineage(), l -> new double[] {1})[0] *=
                            1 - chance;
                    if (here.contains(rank)) {
                        ranks.computeIfAbsent(rank, r -> new DrainTrials()).hit.add(run.lineage());
                    }
                }
            }
        }
        misses.forEach((rank, byLineage) -> {
            DrainTrials trials = ranks.computeIfAbsent(rank, r -> new DrainTrials());
            byLineage.values().forEach(miss -> trials.chances.add(1 - miss[0]));
            trials.judge();
        });
        adjust(ranks, 1);
        return ranks;
    }

    /** What a finding lies on; empty if that is not known. */
    static String name(Axis axis, Hit hit) {
        if (axis == Axis.HOST) {
            return hit.host();
        }
        return hit.device() == null ? "" : Exposure.name(axis, new Place(null, hit.host(), hit.device(), 1));
    }

    /** A worker's rank in its project; empty for a finding that names no single worker. */
    static String rank(AffectedRun run, Hit hit) {
        int worker = hit.finding().worker();
        return worker == StepRecord.NO_WORKER ? "" : run.project() + "\n" + worker;
    }

    /** Chance of each host or device of a start to be among so many that are hit. */
    private static Map<String, Double> chances(Axis axis, Start start, int hit) {
        Map<String, Double> shares = new TreeMap<>();
        double all = 0;
        for (Place place : start.places()) {
            String name = Exposure.name(axis, place);
            if (!name.isEmpty()) {
                shares.merge(name, (double) place.workers(), Double::sum);
                all += place.workers();
            }
        }
        double workers = all;
        shares.replaceAll((name, count) -> count / workers);
        return inclusion(shares, hit);
    }

    /**
     * Chances of being among so many units drawn one after the other with chances in proportion to their shares: 1 − exp(−sₕt)
     * with t such that they add up to the number (Rosén, 1972); exact for one, for all, and for equal shares.
     */
    static Map<String, Double> inclusion(Map<String, Double> shares, int hit) {
        Map<String, Double> chances = new TreeMap<>(shares);
        if (hit >= shares.size()) {
            chances.replaceAll((name, share) -> 1.0);
        } else if (hit > 1) {
            double low = 0;
            double high = 1;
            while (sum(shares, high) < hit) {
                high *= 2;
            }
            for (int i = 0; i < 100; i++) {
                double middle = (low + high) / 2;
                if (sum(shares, middle) < hit) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            double t = high;
            chances.replaceAll((name, share) -> -Math.expm1(-share * t));
        }
        return chances;
    }

    private static double sum(Map<String, Double> shares, double t) {
        return shares.values().stream().mapToDouble(s -> -Math.expm1(-s * t)).sum();
    }
}
