package io.tiltmeter.correlate.mining;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.SymptomOrder;
import io.tiltmeter.stats.Robust;
import io.tiltmeter.stats.Tails;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which symptom shows first when two come in one incident. A symptom is a detector with a finding in an incident that is
 * more than information, and shows at its first abnormal step. Of a run the first incident with both counts. If neither
 * were the earlier one by rule, each of the runs in which they differ would be a fair coin: two-sided binomial test,
 * adjusted over all pairs (Benjamini and Hochberg, 1995).
 */
public final class SymptomOrders {
    private SymptomOrders() {}

    /** Orders that are real, the surest first. */
    public static List<SymptomOrder> find(List<MinedRun> fleet, double largestQ) {
        Map<String, Pair> pairs = new TreeMap<>();
        for (MinedRun run : fleet) {
            Set<String> seen = new HashSet<>();
            for (Incident incident : run.incidents()) {
                if (incident.severity() != Severity.INFO) {
                    Map<String, Long> onsets = new TreeMap<>();
                    for (Finding finding : incident.findings()) {
                        onsets.merge(finding.detector(), finding.stepFrom(), Math::min);
                    }
                    List<String> symptoms = List.copyOf(onsets.keySet());
                    for (int i = 0; i < symptoms.size(); i++) {
                        for (int j = i + 1; j < symptoms.size(); j++) {
                            String a = symptoms.get(i);
                            String b = symptoms.get(j);
                            if (seen.add(a + "\n" + b)) {
                                pairs.computeIfAbsent(a + "\n" + b, k -> new Pair(a, b))
                                        .add(onsets.getOrDefault(b, 0L) - onsets.getOrDefault(a, 0L));
                            }
                        }
                    }
                }
            }
        }
        List<Pair> all = List.copyOf(pairs.values());
        double[] q = Tails.benjaminiHochberg(all.stream().mapToDouble(Pair::p).toArray(), all.size());
        List<SymptomOrder> orders = new ArrayList<>();
        for (int i = 0; i < q.length; i++) {
            if (q[i] <= largestQ) {
                orders.add(all.get(i).order(q[i]));
            }
        }
        orders.sort(Comparator.comparingDouble(SymptomOrder::qValue)
                .thenComparing(Comparator.comparingInt(SymptomOrder::before).reversed())
                .thenComparing(SymptomOrder::first)
                .thenComparing(SymptomOrder::then));
        return orders;
    }

    /** Two symptoms, with the steps from the first to the second in each run that has both. */
    private static final class Pair {
        private final String a;
        private final String b;
        private final List<Long> leads = new ArrayList<>();

        Pair(String a, String b) {
            this.a = a;
            this.b = b;
        }

        void add(long lead) {
            leads.add(lead);
        }

        private int ahead() {
            return (int) leads.stream().filter(lead -> lead > 0).count();
        }

        private int behind() {
            return (int) leads.stream().filter(lead -> lead < 0).count();
        }

        double p() {
            return Math.min(1, 2 * Tails.binomialUpper(ahead() + behind(), 0.5, Math.max(ahead(), behind())));
        }

        SymptomOrder order(double q) {
            boolean forward = ahead() >= behind();
            double[] lead = leads.stream()
                    .mapToDouble(l -> forward ? l : -l)
                    .filter(l -> l > 0)
                    .toArray();
            int together = leads.size() - ahead() - behind();
            return new SymptomOrder(
                    forward ? a : b,
                    forward ? b : a,
                    lead.length,
                    leads.size() - together - lead.length,
                    together,
                    Robust.median(lead),
                    q);
        }
    }
}
