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
    private final Map<String, List<TimeClaim>> windows = new LinkedHashMap<>();
    private long windowsLooked;

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
        List<String> projects = exposures.projects();
        List<String> equals = exposures.equallyExposed();
        List<String> one = projects.stream().map(p -> "").toList();
        for (Kind kind : kinds) {
            Strata byProject = Strata.by(projects, kind.population(), kind.affected());
            Tests own = new Tests(kind);
            own.add(byProject, exposures.recordedTexts());
            own.addQuantities(byProject, exposures.quantities());
            own.add(Strata.by(equals, kind.population(), kind.affected()), exposures.places(kind.located()));
            BitSet readers = Exposures.readers(kind);
            own.add(Strata.by(one, readers, kind.affected()), exposures.shards(kind));
            own.claims.values().forEach(this::keep);
            List<TimeClaim> found = TimeClaim.of(kind, runs, PatternFinder.FEWEST_RUNS);
            if (!found.isEmpty()) {
                windows.put(kind.detector(), found);
            }
            windowsLooked += TimeClaim.windows(kind);
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
        return tests.size() + (windows.isEmpty() ? 0 : 1);
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
        List<TimeClaim> times = windows.values().stream().flatMap(List::stream).toList();
        double[] q = FalseDiscoveries.adjust(
                times.stream().mapToDouble(TimeClaim::pValue).toArray(), windowsLooked, families);
        for (int i = 0; i < q.length; i++) {
            if (q[i] <= FalseDiscoveries.RATE) {
                TimeClaim claim = times.get(i).withQ(q[i]);
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
