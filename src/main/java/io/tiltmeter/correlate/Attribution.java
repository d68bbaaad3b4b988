package io.tiltmeter.correlate;

import io.tiltmeter.model.Pattern;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds out what runs with the same kind of incident have in common: time of the clock, host, device, rack, data shard,
 * dataset, tokenizer, version, setting or scale.
 *
 * <p>Each value of each axis is tested against all comparable runs that do not have it: of the same project; for places,
 * of about the same length and size too. Only runs that the detector could judge count, each once. Values that exactly
 * the same runs have are one test. Then the significant ones compete ({@link Competition}).
 */
final class Attribution {
    private final List<FleetRun> runs;
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<Kind> kinds;
    private final Map<Axis.Family, List<AttributeClaim>> tests = new EnumMap<>(Axis.Family.class);
    private final List<TimeClaim> windows = new ArrayList<>();
    private long windowsLooked;
    private final List<AttributeClaim> shards = new ArrayList<>();
    private long shardsLooked;

    /** Tests all values of all axes. */
    Attribution(List<FleetRun> runs) {
        this.runs = List.copyOf(runs);
        for (int r = 0; r < runs.size(); r++) {
            numbers.put(runs.get(r).run().runId(), r);
        }
        kinds = Kind.of(runs, PatternFinder.FEWEST_RUNS);
        if (kinds.isEmpty()) {
            return;
        }
        Exposures exposures = new Exposures(runs, PatternFinder.FEWEST_RUNS);
        List<String> equallyLong = exposures.equallyLong();
        List<String> equallyExposed = exposures.equallyExposed();
        for (Kind kind : kinds) {
            Strata comparable = Strata.by(equallyLong, kind.population(), kind.affected());
            Tests own = new Tests(kind);
            own.add(comparable, exposures.recordedTexts());
            own.addQuantities(comparable, exposures.quantities());
            own.add(Strata.by(equallyExposed, kind.population(), kind.affected()), exposures.places(kind.located()));
            own.claims.values().forEach(this::keep);
            windows.addAll(TimeClaim.of(kind, runs, PatternFinder.FEWEST_RUNS));
            windowsLooked += TimeClaim.windows(kind);
            addShards(kind, exposures.shards(kind));
        }
    }

    /**
     * Shards are compared within the affected runs: was it read at the incident more often than at other steps? Each
     * incident opens the question for the shard that it points at, and the others answer; all of them count as tests, for
     * shards that no incident points at were never looked at.
     */
    private void addShards(Kind kind, List<Exposure> exposures) {
        BitSet readers = Exposures.readers(kind);
        shardsLooked += readers.cardinality();
        Strata all = Strata.by(runs.stream().map(run -> "").toList(), readers, kind.affected());
        for (Exposure exposure : exposures) {
            BitSet hits = kind.hits(exposure);
            if (hits.cardinality() >= PatternFinder.FEWEST_RUNS) {
                BitSet first = new BitSet();
                first.set(hits.nextSetBit(0));
                double p = all.without(first).test(exposure, hits, 1).pValue();
                Strata.Outcome outcome = all.test(exposure, hits, 1);
                shards.add(
                        new AttributeClaim(kind, all, exposure, hits, outcome, "", List.of(), p, outcome.leastP(), 1));
            }
        }
    }

    private void keep(AttributeClaim claim) {
        if (FalseDiscoveries.canTell(claim.leastP())) {
            tests.computeIfAbsent(claim.axis().family(), f -> new ArrayList<>()).add(claim);
        }
    }

    /** Tests of one kind, one for all values that the same runs have. */
    private static final class Tests {
        private final Kind kind;
        private final Map<String, AttributeClaim> claims = new LinkedHashMap<>();

        Tests(Kind kind) {
            this.kind = kind;
        }

        void add(Strata strata, List<Exposure> exposures) {
            for (Exposure exposure : exposures) {
                BitSet hits = kind.hits(exposure);
                Strata.Outcome outcome = strata.test(exposure, hits, PatternFinder.FEWEST_RUNS);
                add(
                        Exposures.fingerprint(exposure, hits, strata),
                        new AttributeClaim(
                                kind,
                                strata,
                                exposure,
                                hits,
                                outcome,
                                "",
                                List.of(),
                                outcome.pValue(),
                                outcome.leastP(),
                                1));
            }
        }

        void addQuantities(Strata strata, List<Quantity> quantities) {
            for (Quantity quantity : quantities) {
                CutTest.of(strata, quantity, PatternFinder.FEWEST_RUNS).ifPresent(cut -> {
                    BitSet hits = kind.hits(cut.exposure());
                    Strata own = strata.only(quantity.asSet());
                    add(
                            quantity.order(strata),
                            new AttributeClaim(
                                    kind,
                                    own,
                                    cut.exposure(),
                                    hits,
                                    own.test(cut.exposure(), hits, PatternFinder.FEWEST_RUNS),
                                    cut.edge(),
                                    List.of(),
                                    cut.pValue(),
                                    cut.leastP(),
                                    1));
                });
            }
        }

        /** Keeps the value of the first axis; the others are told as the same. */
        private void add(String key, AttributeClaim claim) {
            AttributeClaim known = claims.get(key);
            if (known == null) {
                claims.put(key, claim);
            } else if (claim.axis().compareTo(known.axis()) < 0) {
                claims.put(key, claim.with(known.aliases()).and(known.exposure()));
            } else {
                claims.put(key, known.and(claim.exposure()));
            }
        }
    }

    /** How many families of axes have something to test. */
    int families() {
        return tests.size() + (windowsLooked > 0 ? 1 : 0) + (shardsLooked > 0 ? 1 : 0);
    }

    /**
     * The patterns of all axes.
     *
     * @param steps patterns of the axis of steps
     * @param families how many families share the rate of false discoveries
     */
    List<Pattern> find(List<Pattern> steps, int families) {
        Map<String, List<Claim>> claims = new LinkedHashMap<>();
        steps.forEach(pattern ->
                claims.computeIfAbsent(pattern.kind(), k -> new ArrayList<>()).add(StepClaim.of(pattern, numbers)));
        for (List<AttributeClaim> family : tests.values()) {
            double[] q = FalseDiscoveries.adjust(
                    family.stream().mapToDouble(AttributeClaim::pValue).toArray(),
                    family.stream().mapToDouble(AttributeClaim::leastP).toArray(),
                    families);
            for (int i = 0; i < q.length; i++) {
                if (q[i] <= FalseDiscoveries.RATE) {
                    AttributeClaim claim = family.get(i).withQ(q[i]);
                    claims.computeIfAbsent(claim.kind().detector(), k -> new ArrayList<>())
                            .add(claim);
                }
            }
        }
        double[] q = FalseDiscoveries.adjust(
                windows.stream().mapToDouble(TimeClaim::pValue).toArray(), windowsLooked, families);
        for (int i = 0; i < q.length; i++) {
            if (q[i] <= FalseDiscoveries.RATE) {
                TimeClaim claim = windows.get(i).withQ(q[i]);
                claims.computeIfAbsent(claim.kind().detector(), k -> new ArrayList<>())
                        .add(claim);
            }
        }
        q = FalseDiscoveries.adjust(
                shards.stream().mapToDouble(AttributeClaim::pValue).toArray(), shardsLooked, families);
        for (int i = 0; i < q.length; i++) {
            if (q[i] <= FalseDiscoveries.RATE) {
                AttributeClaim claim = shards.get(i).withQ(q[i]);
                claims.computeIfAbsent(claim.kind().detector(), k -> new ArrayList<>())
                        .add(claim);
            }
        }
        List<Pattern> patterns = new ArrayList<>();
        claims.values()
                .forEach(each ->
                        Competition.among(each).forEach(standing -> patterns.add(new Telling(runs).pattern(standing))));
        patterns.sort(PatternFinder.ORDER);
        return patterns;
    }
}
