package io.tiltmeter.cost;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** From which step on a start of a run led nowhere: an error there, in its last logged values too. */
final class Ruin {
    /** Detectors whose errors, if they last to the end, make the training since then worthless. */
    static final Set<String> DETECTORS = Set.of("divergence", "loss-scale-collapse", "no-learning", "non-finite");

    /** Starts remembered; of earlier ones nothing is said. */
    private static final int STARTS = 1024;

    /** By start and metric, when it was logged last; a thousand starts take some 200 kB. */
    private final Map<Integer, long[]> lastLogged = new LinkedHashMap<>();

    /** The start looked at last, and its steps. */
    private int attempt;

    private long[] last = {};
    private boolean trainingLoss;

    /** Takes the next point; attempts in order, steps ascending within an attempt. */
    void observe(StepPoint point) {
        if (last.length == 0 || point.attempt() != attempt) {
            attempt = point.attempt();
            last = new long[Metric.count()];
            lastLogged.put(attempt, last);
            if (lastLogged.size() > STARTS) {
                lastLogged.remove(lastLogged.keySet().iterator().next());
            }
        }
        for (int i = 0; i < last.length; i++) {
            if (point.has(Metric.of(i))) {
                last[i] = point.step();
            }
        }
        trainingLoss |= point.has(Metric.LOSS);
    }

    /**
     * First step from which on a start led nowhere.
     *
     * @param findings of its run
     * @return {@link Long#MAX_VALUE} for a start that did not end in an error
     */
    long from(List<Finding> findings, int ofAttempt) {
        long[] ends = lastLogged.get(ofAttempt);
        if (ends == null) {
            return Long.MAX_VALUE;
        }
        return findings.stream()
                .filter(finding -> finding.severity() == Severity.ERROR
                        && DETECTORS.contains(finding.detector())
                        && finding.attempt() == ofAttempt
                        && tells(finding, ends))
                .mapToLong(Finding::stepFrom)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Whether a finding lasts to the end of its metric. A held-out loss may overflow where training goes well. */
    private boolean tells(Finding finding, long[] ends) {
        return Metric.byColumn(finding.metric())
                .filter(metric -> metric != Metric.EVAL_LOSS || !trainingLoss)
                .map(metric -> finding.stepTo() >= ends[metric.ordinal()])
                .orElse(false);
    }
}
