package io.tiltmeter.correlate;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.stats.Robust;
import io.tiltmeter.stats.Tails;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds events that many runs of one project share at the same step: the same data in the same order, a schedule's change,
 * a common fault.
 *
 * <p>For every place (a step, and for what was left over a window of 16 logged steps) the number k of runs with a finding
 * of one kind there is compared with what the runs' own rates of such findings would give by chance. The n runs that
 * logged the place hit it with probabilities pᵢ = 1 − (1 − rᵢ)^w, rᵢ being the run's findings (and a half, for a rate seen
 * few times is uncertain) divided by its logged points and w the window's length; P(X ≥ k) is bounded by the binomial
 * with their mean. Probabilities are adjusted for all places of all projects and kinds (Benjamini and Hochberg, 1995). A pattern needs q ≤
 * 0.05, at least 3 runs and at least a quarter of those exposed.
 *
 * <p>Findings in the first 10 logged steps are left out: every run is unsettled there.
 */
public final class PatternFinder {
    /** Largest false-discovery rate of a pattern. */
    public static final double LARGEST_Q = 0.05;
    /** Fewest runs of a pattern: two may share a step by having the same seed and nothing else in common. */
    public static final int FEWEST_RUNS = 3;
    /** Smallest share of the exposed runs: a cause that is common to the fleet shows in a good part of it. */
    public static final double SMALLEST_SHARE = 0.25;

    /** Of intervals: the usual one. */
    static final double CONFIDENCE = 0.95;

    /** Median effect over threshold from which shared marks are a warning, though each alone is information. */
    private static final double STRONG = 2;

    private static final int WINDOW = 16;
    private static final int EARLY = 10;

    private final Map<String, String> adviceByDetector;

    /** @param adviceByDetector advice of each detector, by its id */
    public PatternFinder(Map<String, String> adviceByDetector) {
        this.adviceByDetector = Map.copyOf(adviceByDetector);
    }

    /** A run as the finder needs it. */
    public record JudgedRun(RunSummary summary, List<Finding> findings) {
        public JudgedRun {
            findings = List.copyOf(findings);
        }

        double stride() {
            return summary.stride();
        }

        boolean logged(long step) {
            return summary.points() > 0 && summary.firstStep() <= step && step <= summary.lastStep();
        }
    }

    /** Whether a pattern tells this finding, so that a report need not list it for each run. */
    public static boolean covers(Pattern pattern, Finding finding) {
        return pattern.axis().equals(Axis.STEP.text())
                && pattern.kind().equals(finding.detector())
                && pattern.metric().equals(finding.metric())
                && finding.stepFrom() >= pattern.stepFrom()
                && finding.stepFrom() <= pattern.stepTo()
                && Collections.binarySearch(pattern.runs(), finding.runId()) >= 0;
    }

    /** Whether any of the patterns tells this finding. */
    public static boolean covers(List<Pattern> patterns, Finding finding) {
        return patterns.stream().anyMatch(p -> covers(p, finding));
    }

    /** Patterns of the fleet when steps are the only axis: gravest first, then the strongest shared by most. */
    public List<Pattern> find(List<JudgedRun> runs) {
        return find(runs, 1);
    }

    /** Whether there is anything to look for: enough runs of a project with a finding of one kind. */
    static boolean canTell(List<JudgedRun> runs) {
        return projects(runs).values().stream()
                .anyMatch(members -> marks(members).values().stream()
                        .anyMatch(marks -> runsOf(marks).size() >= FEWEST_RUNS));
    }

    /**
     * Patterns of the fleet: gravest first, then the strongest shared by most.
     *
     * @param families how many families of axes share the allowed rate of false discoveries
     */
    List<Pattern> find(List<JudgedRun> runs, int families) {
        List<Place> places = new ArrayList<>();
        long looked = 0;
        TreeMap<String, List<JudgedRun>> projects = projects(runs);
        for (List<JudgedRun> members : projects.values()) {
            for (List<Mark> marks : marks(members).values()) {
                Map<String, Double> rates = rates(members, marks);
                double stride = stride(members);
                long steps = looked(members, stride);
                List<Place> exact = places(members, marks, rates, stride, 1);
                places.addAll(exact);
                // What is shared to the step is not looked at again as part of a window.
                Set<Mark> told = Collections.newSetFromMap(new IdentityHashMap<>());
                exact.stream()
                        .filter(place -> place.p * families * steps <= LARGEST_Q)
                        .forEach(place -> told.addAll(place.marks));
                List<Mark> left = new ArrayList<>(marks);
                left.removeIf(told::contains);
                places.addAll(places(members, left, rates, stride, WINDOW));
                looked += 2 * steps;
            }
        }
        double[] q = FalseDiscoveries.adjust(
                places.stream().mapToDouble(place -> place.p).toArray(), looked, families);
        StepContrasts contrasts = new StepContrasts(projects);
        List<Pattern> patterns = new ArrayList<>();
        Set<Mark> told = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int i = 0; i < q.length; i++) {
            Place place = places.get(i);
            if (q[i] <= LARGEST_Q
                    && place.runs.size() >= FEWEST_RUNS
                    && place.share() >= SMALLEST_SHARE
                    && place.marks.stream().noneMatch(told::contains)) {
                told.addAll(place.marks);
                patterns.add(pattern(place, q[i], contrasts));
            }
        }
        patterns.sort(ORDER);
        return patterns;
    }

    private static TreeMap<String, List<JudgedRun>> projects(List<JudgedRun> runs) {
        TreeMap<String, List<JudgedRun>> projects = new TreeMap<>();
        for (JudgedRun run : runs) {
            String project = run.summary().project();
            if (project != null) {
                projects.computeIfAbsent(project, k -> new ArrayList<>()).add(run);
            }
        }
        return projects;
    }

    /** Marks of each kind in a project; none where it has too few runs to share one. */
    private static Map<String, List<Mark>> marks(List<JudgedRun> members) {
        Map<String, List<Mark>> kinds = new TreeMap<>();
        if (members.size() >= FEWEST_RUNS) {
            for (JudgedRun run : members) {
                for (Finding finding : run.findings()) {
                    if (isLocal(run, finding)) {
                        kinds.computeIfAbsent(finding.detector() + " " + finding.metric(), k -> new ArrayList<>())
                                .add(new Mark(run, finding));
                    }
                }
            }
        }
        return kinds;
    }

    /** Order of patterns in a report. */
    static final Comparator<Pattern> ORDER = Comparator.comparing(Pattern::severity)
            .reversed()
            .thenComparing(Comparator.comparingDouble(PatternFinder::strength).reversed())
            .thenComparing(Pattern::project)
            .thenComparingLong(Pattern::stepFrom)
            .thenComparing(Pattern::kind)
            .thenComparing(Pattern::metric)
            .thenComparing(Pattern::axis)
            .thenComparing(Pattern::value);

    private static double strength(Pattern pattern) {
        return pattern.medianScore() * pattern.runs().size() / pattern.exposed();
    }

    /** An event at a step, not a statement on the run as a whole nor on its first steps. */
    private static boolean isLocal(JudgedRun run, Finding finding) {
        RunSummary summary = run.summary();
        return summary.points() > 0
                && finding.stepFrom() > summary.firstStep() + EARLY * run.stride()
                && !(finding.stepFrom() == summary.lastStep()
                        && finding.metric().isEmpty());
    }

    private static Map<String, Double> rates(List<JudgedRun> runs, List<Mark> marks) {
        Map<String, Integer> counts = new HashMap<>();
        marks.forEach(m -> counts.merge(m.finding().runId(), 1, Integer::sum));
        Map<String, Double> rates = new HashMap<>();
        for (JudgedRun run : runs) {
            double points = Math.max(1, run.summary().points());
            int count = counts.getOrDefault(run.summary().runId(), 0);
            rates.put(run.summary().runId(), Math.min(1, (count + 0.5) / points));
        }
        return rates;
    }

    private static double stride(List<JudgedRun> runs) {
        return Robust.median(runs.stream()
                .filter(r -> r.summary().points() > 1)
                .mapToDouble(JudgedRun::stride)
                .toArray());
    }

    /** Candidate places: disjoint, the most shared first, so that neighbours of an event do not repeat it. */
    private static List<Place> places(
            List<JudgedRun> runs, List<Mark> marks, Map<String, Double> rates, double stride, int window) {
        // Runs may log the same event one logged step apart when their strides differ; with steps of 1 there is no
        // slack.
        long width = (long) Math.floor(window * stride);
        List<Place> places = new ArrayList<>();
        for (List<Mark> stretch : stretches(marks, Math.max(0, width - 1))) {
            long step = stretch.get(0).finding().stepFrom();
            int exposed = 0;
            double sum = 0;
            for (JudgedRun run : runs) {
                if (run.logged(step)) {
                    exposed++;
                    sum += 1 - Math.pow(1 - rates.getOrDefault(run.summary().runId(), 0.0), window);
                }
            }
            double chance = exposed == 0 ? 1 : sum / exposed;
            TreeSet<String> shared = runsOf(stretch);
            places.add(
                    new Place(stretch, shared, exposed, chance, Tails.binomialUpper(exposed, chance, shared.size())));
        }
        return places;
    }

    /** A stretch of steps with the runs that have a mark in it. */
    private record Place(List<Mark> marks, TreeSet<String> runs, int exposed, double chance, double p) {
        double share() {
            return runs.size() / (double) Math.max(1, exposed);
        }
    }

    /** Places looked at: every logged step of the longest run. */
    private static long looked(List<JudgedRun> runs, double stride) {
        long from = runs.stream()
                .filter(r -> r.summary().points() > 0)
                .mapToLong(r -> r.summary().firstStep())
                .min()
                .orElse(0);
        long to = runs.stream().mapToLong(r -> r.summary().lastStep()).max().orElse(0);
        return Math.max(1, (long) ((to - from) / stride) + 1);
    }

    /** Stretches of marks no longer than {@code width} steps in which at least three runs have one. */
    private static List<List<Mark>> stretches(List<Mark> marks, long width) {
        List<Mark> sorted = new ArrayList<>(marks);
        sorted.sort(Comparator.comparingLong((Mark m) -> m.finding().stepFrom())
                .thenComparing(Mark::finding, Finding.ORDER));
        List<Stretch> stretches = new ArrayList<>();
        Map<String, Integer> inside = new HashMap<>();
        int from = 0;
        for (int to = 0; to < sorted.size(); to++) {
            long step = sorted.get(to).finding().stepFrom();
            inside.merge(sorted.get(to).finding().runId(), 1, Integer::sum);
            while (step - sorted.get(from).finding().stepFrom() > width) {
                String gone = sorted.get(from++).finding().runId();
                inside.compute(gone, (run, count) -> count == null || count == 1 ? null : count - 1);
            }
            if (inside.size() >= FEWEST_RUNS) {
                stretches.add(new Stretch(from, to, inside.size()));
            }
        }
        stretches.sort(Comparator.comparingInt(Stretch::runs)
                .thenComparingInt(s -> s.to() - s.from())
                .reversed()
                .thenComparingInt(Stretch::from));
        boolean[] taken = new boolean[sorted.size()];
        List<List<Mark>> places = new ArrayList<>();
        for (Stretch stretch : stretches) {
            if (!taken[stretch.from()] && !taken[stretch.to()]) {
                java.util.Arrays.fill(taken, stretch.from(), stretch.to() + 1, true);
                places.add(sorted.subList(stretch.from(), stretch.to() + 1));
            }
        }
        return places;
    }

    private record Stretch(int from, int to, int runs) {}

    private static TreeSet<String> runsOf(List<Mark> place) {
        TreeSet<String> runs = new TreeSet<>();
        place.forEach(m -> runs.add(m.finding().runId()));
        return runs;
    }

    private Pattern pattern(Place place, double q, StepContrasts contrasts) {
        JudgedRun member = place.marks.get(0).run();
        Finding first = place.marks.get(0).finding();
        long to = place.marks.get(place.marks.size() - 1).finding().stepFrom();
        double[] scores =
                place.marks.stream().mapToDouble(m -> m.finding().score()).toArray();
        double score = Robust.median(scores);
        String project = Objects.requireNonNullElse(member.summary().project(), "");
        String steps = first.stepFrom() == to ? "" + to : first.stepFrom() + "–" + to;
        double[] share = Tails.clopperPearson(place.exposed, place.runs.size(), CONFIDENCE);
        return new Pattern(
                Axis.STEP.text(),
                steps,
                project,
                first.detector(),
                first.metric(),
                severity(place.marks, score, first.threshold()),
                first.stepFrom(),
                to,
                List.copyOf(place.runs),
                place.exposed,
                place.share() / place.chance,
                share[0] / place.chance,
                share[1] / place.chance,
                q,
                score,
                "",
                contrasts.of(project, first, first.stepFrom(), to),
                List.of(),
                String.format(
                        Locale.ROOT,
                        "%d of the %d runs that logged step %s have a %s%s there, median score %.1f (threshold %.1f); by chance"
                                + " %.2g runs would",
                        place.runs.size(),
                        place.exposed,
                        steps,
                        first.detector(),
                        first.metric().isEmpty() ? "" : " of " + first.metric(),
                        score,
                        first.threshold(),
                        place.chance * place.exposed),
                adviceByDetector.getOrDefault(first.detector(), ""));
    }

    /**
     * The highest severity that at least half of the findings reach; at least a warning where their median effect is twice
     * its threshold. What may be noise in one run is none when many runs show it at the same step.
     */
    private static Severity severity(List<Mark> place, double score, double threshold) {
        List<Severity> sorted = place.stream()
                .map(m -> m.finding().severity())
                .sorted(Comparator.reverseOrder())
                .toList();
        Severity usual = sorted.get((sorted.size() - 1) / 2);
        boolean strong = score >= STRONG * threshold && threshold > 0;
        return strong && usual == Severity.INFO ? Severity.WARNING : usual;
    }

    private record Mark(JudgedRun run, Finding finding) {}
}
