package io.tiltmeter.correlate.mining;

import io.tiltmeter.model.Archetype;
import io.tiltmeter.model.Finding;
import io.tiltmeter.stats.Robust;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** Judges clusters of {@link Signatures} and gives them names. */
public final class Archetypes {
    /** Share of its members that must have a symptom for the cluster to be named after it. */
    private static final double USUAL = 0.6;
    /** How many times more often than elsewhere a symptom must occur to stand out. */
    private static final double STANDS_OUT = 1.5;
    /** Onsets before this share of a run are early, those after 1 − it late. */
    private static final double EARLY = 0.2;

    private static final int MOST_SYMPTOMS = 3;

    private Archetypes() {}

    /**
     * Mean silhouette of a clustering, from −1 to 1: how much nearer points lie to their own cluster than to the next one,
     * by mean Euclidean distance; 0 for points alone in theirs. Source: Rousseeuw, J. Comput. Appl. Math. 20 (1987).
     *
     * @param cluster of each point, from 0
     * @param clusters how many there are, at least 2
     */
    public static double silhouette(double[][] points, int[] cluster, int clusters) {
        int[] sizes = new int[clusters];
        for (int c : cluster) {
            sizes[c]++;
        }
        double sum = 0;
        for (int i = 0; i < points.length; i++) {
            double[] distance = new double[clusters];
            for (int j = 0; j < points.length; j++) {
                distance[cluster[j]] += Math.sqrt(squared(points[i], points[j]));
            }
            int own = cluster[i];
            if (sizes[own] > 1) {
                double inside = distance[own] / (sizes[own] - 1);
                double next = Double.POSITIVE_INFINITY;
                for (int c = 0; c < clusters; c++) {
                    if (c != own && sizes[c] > 0) {
                        next = Math.min(next, distance[c] / sizes[c]);
                    }
                }
                double larger = Math.max(inside, next);
                sum += larger > 0 && Double.isFinite(larger) ? (next - inside) / larger : 0;
            }
        }
        return sum / points.length;
    }

    /** The nearest of the centres, the first of equal ones. */
    public static int nearest(double[] point, double[][] centres) {
        int nearest = 0;
        for (int c = 1; c < centres.length; c++) {
            if (squared(point, centres[c]) < squared(point, centres[nearest])) {
                nearest = c;
            }
        }
        return nearest;
    }

    private static double squared(double[] a, double[] b) {
        double sum = 0;
        for (int d = 0; d < a.length; d++) {
            sum += (a[d] - b[d]) * (a[d] - b[d]);
        }
        return sum;
    }

    /**
     * The archetypes that centres stand for, in the order of the centres.
     *
     * @param titles what people call the detectors, by id
     */
    public static List<Archetype> describe(Signatures signatures, double[][] centres, Map<String, String> titles) {
        int[] cluster = java.util.Arrays.stream(signatures.points())
                .mapToInt(point -> nearest(point, centres))
                .toArray();
        List<Archetype> archetypes = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int c = 0; c < centres.length; c++) {
            int own = c;
            int[] members = IntStream.range(0, cluster.length)
                    .filter(i -> cluster[i] == own)
                    .toArray();
            int[] others = IntStream.range(0, cluster.length)
                    .filter(i -> cluster[i] != own)
                    .toArray();
            List<Symptom> symptoms = symptoms(signatures, members, others);
            String exemplar = IntStream.of(members)
                    .boxed()
                    .min(Comparator.comparingDouble(
                                    (Integer i) -> squared(signatures.points()[i], centres[own]))
                            .thenComparing(i -> signatures.runs().get(i).id()))
                    .map(i -> signatures.runs().get(i).id())
                    .orElse("");
            String name = name(symptoms, titles);
            String unique = name;
            for (int n = 2; !names.add(unique); n++) {
                unique = name + " (" + n + ")";
            }
            archetypes.add(new Archetype(
                    unique,
                    exemplar,
                    IntStream.of(members)
                            .mapToObj(i -> signatures.runs().get(i).id())
                            .toList(),
                    cluster.length,
                    symptoms.stream()
                            .map(s -> s.trait(titles, members.length, others.length))
                            .toList()));
        }
        return archetypes;
    }

    /** A symptom of a cluster: how many members and others have it, and where in a run it usually begins. */
    private record Symptom(String detector, int members, int others, double onset) {
        String trait(Map<String, String> titles, int of, int rest) {
            return String.format(
                    Locale.ROOT,
                    "%s in %d of %d, elsewhere in %d of %d; begins at %.0f %% of the run",
                    titles.getOrDefault(detector, detector),
                    members,
                    of,
                    others,
                    rest,
                    100 * onset);
        }
    }

    /** What most members have and others have less, in the order in which it begins; else the commonest. */
    private static List<Symptom> symptoms(Signatures signatures, int[] members, int[] others) {
        List<Symptom> all = new ArrayList<>();
        for (String detector : signatures.dimensions().subList(0, signatures.detectors())) {
            double[] onsets = IntStream.of(members)
                    .mapToDouble(i -> onset(signatures.runs().get(i), detector))
                    .filter(onset -> !Double.isNaN(onset))
                    .toArray();
            int elsewhere = (int) IntStream.of(others)
                    .filter(i -> !Double.isNaN(onset(signatures.runs().get(i), detector)))
                    .count();
            if (onsets.length > 0) {
                all.add(new Symptom(detector, onsets.length, elsewhere, Robust.median(onsets)));
            }
        }
        List<Symptom> telling = all.stream()
                .filter(s -> s.members() >= USUAL * members.length)
                .filter(s -> s.members() * (double) others.length >= STANDS_OUT * s.others() * members.length)
                .sorted(Comparator.comparingDouble((Symptom s) -> s.others() / (double) Math.max(1, others.length)
                                - s.members() / (double) members.length)
                        .thenComparing(Symptom::detector))
                .limit(MOST_SYMPTOMS)
                .toList();
        List<Symptom> chosen = telling.isEmpty()
                ? all.stream()
                        .sorted(Comparator.comparingInt((Symptom s) -> -s.members())
                                .thenComparing(Symptom::detector))
                        .limit(1)
                        .toList()
                : telling;
        return chosen.stream()
                .sorted(Comparator.comparingDouble(Symptom::onset).thenComparing(Symptom::detector))
                .toList();
    }

    private static double onset(MinedRun run, String detector) {
        List<Finding> own =
                run.troubles().filter(f -> f.detector().equals(detector)).toList();
        return own.isEmpty() ? Double.NaN : Signatures.onset(run, own);
    }

    private static String name(List<Symptom> symptoms, Map<String, String> titles) {
        StringBuilder name = new StringBuilder();
        double before = Double.NEGATIVE_INFINITY;
        for (Symptom symptom : symptoms) {
            String title = titles.getOrDefault(symptom.detector(), symptom.detector());
            String lower =
                    title.isEmpty() ? title : title.substring(0, 1).toLowerCase(Locale.ROOT) + title.substring(1);
            if (name.length() == 0) {
                name.append(symptom.onset() < EARLY ? "early " : symptom.onset() > 1 - EARLY ? "late " : "")
                        .append(lower);
            } else {
                name.append(symptom.onset() > before ? ", then " : " with ").append(lower);
            }
            before = symptom.onset();
        }
        return name.toString();
    }
}
