package io.tiltmeter.correlate;

import io.tiltmeter.correlate.DrainRule.AffectedRun;
import io.tiltmeter.correlate.DrainRule.Hit;
import io.tiltmeter.correlate.DrainRule.Start;
import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.stats.PoissonBinomial;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How one host, device or rank fared: a trial for each affected run, with its chance to be hit if none is worse than another.
 * See {@link DrainRule} for what follows from it.
 */
final class DrainTrials {
    final List<Double> chances = new ArrayList<>();
    /** Lineages that hit it. */
    final Set<String> hit = new TreeSet<>();

    double p = 1;
    double least = 1;
    double q = 1;

    /**
     * A host, or one device of it.
     *
     * @param device null for the host as a whole
     */
    record Machine(String host, @Nullable String device) implements Comparable<Machine> {
        private static final Comparator<Machine> ORDER = Comparator.comparing(Machine::host)
                .thenComparing(Machine::device, Comparator.nullsFirst(Comparator.naturalOrder()));

        /** What lies there on the axis of hosts or of devices; empty if that is not known. */
        static Optional<Machine> of(Axis axis, String host, @Nullable String device) {
            if (host.isEmpty() || axis == Axis.DEVICE && device == null) {
                return Optional.empty();
            }
            return Optional.of(new Machine(host, axis == Axis.DEVICE ? device : null));
        }

        /** Whether a finding lies on it. */
        boolean has(Hit hit) {
            return hit.host().equals(host) && (device == null || device.equals(hit.device()));
        }

        @Override
        public int compareTo(Machine other) {
            return ORDER.compare(this, other);
        }
    }

    /** A worker's number in the runs of a project. */
    record Rank(String project, int worker) implements Comparable<Rank> {
        private static final Comparator<Rank> ORDER =
                Comparator.comparing(Rank::project).thenComparingInt(Rank::worker);

        /** The rank that a finding is of; empty if it names no single worker. */
        static Optional<Rank> of(AffectedRun run, Hit hit) {
            int worker = hit.finding().worker();
            return worker == StepRecord.NO_WORKER ? Optional.empty() : Optional.of(new Rank(run.project(), worker));
        }

        @Override
        public int compareTo(Rank other) {
            return ORDER.compare(this, other);
        }

        @Override
        public String toString() {
            return "worker " + worker + " of project " + project;
        }
    }

    double expected() {
        return chances.stream().mapToDouble(Double::doubleValue).sum();
    }

    void judge() {
        double[] all = chances.stream().mapToDouble(Double::doubleValue).toArray();
        p = PoissonBinomial.upper(all, hit.size());
        least = PoissonBinomial.upper(all, all.length);
    }

    /** Adjusts the p-values of all of them together, as one of so many families of tests. */
    static void adjust(Map<?, DrainTrials> units, int families) {
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
    static boolean canTell(Map<?, DrainTrials> units) {
        return units.values().stream().anyMatch(t -> FalseDiscoveries.canTell(t.least));
    }

    /**
     * All hosts or devices that affected runs had workers on.
     *
     * @param axis that of hosts or that of devices
     * @param without ranks whose incidents do not count
     */
    static Map<Machine, DrainTrials> of(List<AffectedRun> runs, Axis axis, Set<Rank> without) {
        Map<String, List<AffectedRun>> lineages = new TreeMap<>();
        runs.forEach(run ->
                lineages.computeIfAbsent(run.lineage(), l -> new ArrayList<>()).add(run));
        Map<Machine, DrainTrials> machines = new TreeMap<>();
        lineages.forEach((lineage, members) -> {
            Map<Machine, Double> missed = new HashMap<>();
            Set<Machine> hit = new HashSet<>();
            for (AffectedRun run : members) {
                for (Start start : run.starts()) {
                    Set<Machine> here = new HashSet<>();
                    for (Hit one : start.hits()) {
                        if (Rank.of(run, one).filter(without::contains).isEmpty()) {
                            Machine.of(axis, one.host(), one.device()).ifPresent(here::add);
                        }
                    }
                    if (!here.isEmpty()) {
                        hit.addAll(here);
                        chances(axis, start, here.size())
                                .forEach((machine, chance) -> missed.merge(machine, 1 - chance, (a, b) -> a * b));
                    }
                }
            }
            missed.forEach((machine, chance) -> {
                DrainTrials trials = machines.computeIfAbsent(machine, m -> new DrainTrials());
                trials.chances.add(1 - chance);
                if (hit.contains(machine)) {
                    trials.hit.add(lineage);
                }
            });
        });
        machines.values().forEach(DrainTrials::judge);
        return machines;
    }

    /** All ranks of projects with affected runs, adjusted. */
    static Map<Rank, DrainTrials> ofRanks(List<AffectedRun> runs) {
        Map<Rank, DrainTrials> ranks = new TreeMap<>();
        Map<Rank, Map<String, double[]>> misses = new TreeMap<>();
        for (AffectedRun run : runs) {
            for (Start start : run.starts()) {
                Set<Rank> here = start.hits().stream()
                        .flatMap(hit -> Rank.of(run, hit).stream())
                        .collect(Collectors.toSet());
                int workers = start.places().stream().mapToInt(Place::workers).sum();
                // Ranks that no run hits have p-value 1 and count among the tests by their number alone.
                for (int worker = 0; worker < workers && !here.isEmpty(); worker++) {
                    Rank rank = new Rank(run.project(), worker);
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

    /** Chance of each host or device of a start to be among so many that are hit. */
    private static Map<Machine, Double> chances(Axis axis, Start start, int hit) {
        Map<Machine, Double> shares = new TreeMap<>();
        double all = 0;
        for (Place place : start.places()) {
            Optional<Machine> machine = Machine.of(axis, place.host(), place.device());
            if (machine.isPresent()) {
                shares.merge(machine.get(), (double) place.workers(), Double::sum);
                all += place.workers();
            }
        }
        double workers = all;
        shares.replaceAll((machine, count) -> count / workers);
        return inclusion(shares, hit);
    }

    /**
     * Chances of being among so many units drawn one after the other with chances in proportion to their shares: 1 − exp(−sₕt)
     * with t such that they add up to the number (Rosén, 1972); exact for one, for all, and for equal shares.
     */
    static <K extends Comparable<K>> Map<K, Double> inclusion(Map<K, Double> shares, int hit) {
        Map<K, Double> chances = new TreeMap<>(shares);
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

    private static double sum(Map<?, Double> shares, double t) {
        return shares.values().stream().mapToDouble(s -> -Math.expm1(-s * t)).sum();
    }
}
