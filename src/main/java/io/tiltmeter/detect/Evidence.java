package io.tiltmeter.detect;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Builds a {@link Finding} step by step, and writes numbers in one way everywhere. */
final class Evidence {
    private final String runId;
    private final String detector;
    private String metric = "";
    private int attempt;
    private int worker = StepRecord.NO_WORKER;
    private @Nullable String host;
    private @Nullable String group;
    private long from;
    private long to;
    private long peak;
    private double score;
    private double threshold;
    private String parameter = "";
    private Severity severity = Severity.INFO;
    private Cause cause = Cause.UNKNOWN;
    private String text = "";

    private Evidence(String runId, String detector) {
        this.runId = runId;
        this.detector = detector;
    }

    static Evidence of(String runId, String detector) {
        return new Evidence(runId, detector);
    }

    static Evidence of(Finding finding) {
        Evidence evidence = new Evidence(finding.runId(), finding.detector());
        evidence.metric = finding.metric();
        evidence.attempt = finding.attempt();
        evidence.worker = finding.worker();
        evidence.host = finding.host();
        evidence.group = finding.group();
        evidence.from = finding.stepFrom();
        evidence.to = finding.stepTo();
        evidence.peak = finding.peakStep();
        evidence.score = finding.score();
        evidence.threshold = finding.threshold();
        evidence.parameter = finding.parameter();
        evidence.severity = finding.severity();
        evidence.cause = finding.cause();
        evidence.text = finding.evidence();
        return evidence;
    }

    Evidence metric(Metric value) {
        return metric(value.column());
    }

    Evidence metric(String value) {
        metric = value;
        return this;
    }

    Evidence worker(int value) {
        worker = value;
        return this;
    }

    /** Several workers that the finding is about together, in words. */
    Evidence group(String value) {
        group = value;
        return this;
    }

    /** Several workers that the finding is about together, and the host they all run on, if it is known. */
    Evidence group(List<Episode> members, Layout layout) {
        host = layout.host(members.get(0).worker);
        return group(Together.words(members, layout));
    }

    Evidence steps(int ofAttempt, long first, long last, long strongest) {
        attempt = ofAttempt;
        from = first;
        to = Math.max(first, last);
        peak = strongest;
        return this;
    }

    /** The score, compared with the detector's first parameter. */
    Evidence score(double value, double comparedWith) {
        return score(value, comparedWith, "");
    }

    /** The score, compared with the detector's parameter of this name. */
    Evidence score(double value, double comparedWith, String ofParameter) {
        score = value;
        threshold = comparedWith;
        parameter = ofParameter;
        return this;
    }

    Evidence verdict(Severity severityOf, Cause causeOf) {
        severity = severityOf;
        cause = causeOf;
        return this;
    }

    Evidence text(String format, Object... arguments) {
        text = String.format(Locale.ROOT, format, arguments);
        return this;
    }

    Evidence append(String more) {
        text = text + more;
        return this;
    }

    Finding finding() {
        return new Finding(
                runId, detector, metric, attempt, worker, host, null, group, from, to, peak, score, threshold,
                parameter, severity, cause, text);
    }

    /** A number as a reader wants it: four significant digits, plain where that is short. */
    static String number(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Double.toString(value);
        }
        double size = Math.abs(value);
        if (value == 0) {
            return "0";
        }
        if (size >= 1e7 || size < 1e-4) {
            return String.format(Locale.ROOT, "%.3e", value);
        }
        if (value == Math.rint(value)) {
            return Long.toString((long) value);
        }
        int decimals = Math.max(0, 3 - (int) Math.floor(Math.log10(size)));
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    static String plural(long count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }
}
