package io.tiltmeter.train;

import io.tiltmeter.config.TrainConfig.Action;
import io.tiltmeter.detect.Detector;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.detect.Detectors;
import io.tiltmeter.detect.RunJudge;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.stats.SortedWindow;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Watches a training run from within, by the detectors of the nightly scan. Every worker has one of its own and feeds it
 * the same {@link StepReport}s, so that all decide alike at the same step, without asking a driver.
 *
 * <p>A step is judged twice before its update: on what the workers told, when a bad contribution can still be left out,
 * and once more with the averaged gradient.
 */
final class Sentinel {
    /** Norms that a clip threshold rests on where none is configured. */
    private static final int LATEST = 101;

    private final Policies policies;
    private final RunJudge judge;
    private final Set<String> known = new HashSet<>();
    private final SortedWindow norms = new SortedWindow(LATEST);
    private boolean warming;

    /**
     * A reason to act.
     *
     * @param worker who is to blame, or {@link StepRecord#NO_WORKER}
     * @param since first abnormal step, at or before the one at which it was noticed
     */
    record Trouble(String kind, int worker, long step, long since, String evidence, Set<Action> actions) {}

    /**
     * What to do with a step.
     *
     * @param leftOut workers whose contribution does not count in this step
     * @param actions of all troubles together
     */
    record Verdict(Set<Integer> leftOut, List<Trouble> troubles, Set<Action> actions) {
        Verdict {
            leftOut = Set.copyOf(leftOut);
            troubles = List.copyOf(troubles);
        }

        boolean asks(Action action) {
            return actions.contains(action);
        }

        /** The first trouble that asks for an action. */
        Trouble reason(Action action) {
            return troubles.stream()
                    .filter(t -> t.actions().contains(action))
                    .findFirst()
                    .orElseThrow();
        }
    }

    Sentinel(RunRecord run, Policies policies, Map<String, DetectorSettings> settings) {
        this.policies = policies;
        // What nobody has a policy for need not be watched; ends of runs are no matter while one goes on.
        List<Detector> watched = Detectors.ofRuns().stream()
                .filter(d -> !d.info().id().equals(Policies.NON_FINITE))
                .filter(d -> !policies.of(d.info().id()).isEmpty())
                .toList();
        judge = new RunJudge(run, settings, watched);
    }

    /**
     * Kinds of trouble that can show while training: what is not finite, and what detectors see in a metric that workers
     * tell at each step. The others need what no worker tells, compare workers over many steps, or judge how a run was
     * logged, or how it ended.
     */
    static Set<String> kinds() {
        Set<String> told = StepReport.TOLD.stream().map(Metric::column).collect(Collectors.toSet());
        Set<String> kinds = new TreeSet<>(Set.of(Policies.NON_FINITE));
        for (Detector detector : Detectors.ofSteps()) {
            if (!Collections.disjoint(detector.info().metrics(), told)) {
                kinds.add(detector.info().id());
            }
        }
        return kinds;
    }

    /** Takes steps of an earlier segment into the past; what they show is known already. */
    void warm(List<StepReport> past) {
        warming = true;
        past.forEach(this::reduced);
        warming = false;
    }

    /** Judges what the workers told, before anything is averaged. */
    Verdict told(StepReport report) {
        Set<Action> actions = policies.of(Policies.NON_FINITE);
        List<Trouble> troubles = new ArrayList<>();
        Set<Integer> bad = new HashSet<>();
        for (int rank = 0; rank < report.workers(); rank++) {
            if (report.isNonFinite(rank)) {
                int worker = report.worker(rank);
                bad.add(worker);
                troubles.add(new Trouble(
                        Policies.NON_FINITE, worker, report.step(), report.step(), evidence(report, rank), actions));
            }
        }
        boolean leaveOut = actions.contains(Action.SKIP) || actions.contains(Action.QUARANTINE);
        return verdict(leaveOut ? bad : Set.of(), actions.isEmpty() ? List.of() : troubles);
    }

    private static String evidence(StepReport report, int rank) {
        double inputs = report.of(rank, Metric.NAN_INPUTS);
        double labels = report.of(rank, Metric.NAN_LABELS);
        if (inputs > 0 || labels > 0) {
            return String.format("%.0f non-finite inputs and %.0f non-finite labels", inputs, labels);
        }
        return "loss " + report.of(rank, Metric.LOSS) + ", gradient norm " + report.of(rank, Metric.GRAD_NORM);
    }

    /**
     * Judges a step with its averaged gradient, before the update.
     *
     * @param report with the {@linkplain StepReport#reduced norm} of the average of what was not left out
     */
    Verdict reduced(StepReport report) {
        double norm = report.value(Metric.GRAD_NORM);
        List<Trouble> troubles = new ArrayList<>();
        if (Double.isFinite(norm)) {
            norms.add(norm);
        } else if (!policies.of(Policies.NON_FINITE).isEmpty()) {
            troubles.add(new Trouble(
                    Policies.NON_FINITE,
                    StepRecord.NO_WORKER,
                    report.step(),
                    report.step(),
                    "averaged gradient norm " + norm,
                    policies.of(Policies.NON_FINITE)));
        }
        judge.observe(report);
        for (Finding finding : judge.finish().findings()) {
            boolean isNew = known.add(finding.detector()
                    + '|'
                    + finding.metric()
                    + '|'
                    + finding.worker()
                    + '|'
                    + finding.stepFrom()
                    + '|'
                    + finding.severity());
            if (isNew && !warming && finding.severity() != Severity.INFO) {
                troubles.add(new Trouble(
                        finding.detector(),
                        finding.worker(),
                        report.step(),
                        finding.stepFrom(),
                        finding.evidence(),
                        policies.of(finding.detector())));
            }
        }
        return verdict(Set.of(), troubles);
    }

    /** Norm that a clipped gradient gets. */
    double clipNorm() {
        return Double.isNaN(policies.clipNorm()) ? norms.median() : policies.clipNorm();
    }

    private static Verdict verdict(Set<Integer> leftOut, List<Trouble> troubles) {
        Set<Action> actions = EnumSet.noneOf(Action.class);
        troubles.forEach(t -> actions.addAll(t.actions()));
        return new Verdict(leftOut, troubles, actions);
    }
}
