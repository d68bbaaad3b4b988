package io.tiltmeter.model;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Machines to take out of service, and those to keep an eye on.
 *
 * @param entries those to drain first, then the surest first
 * @param hosts hosts on which runs with hardware incidents ran
 * @param runs independent runs with a hardware incident that is known to lie on a host
 * @param explained hardware incidents left out because a pattern of data, settings, steps or times tells them
 * @param fewestRuns fewest independent runs of an entry to drain
 * @param largestQ largest q-value of an entry to drain
 * @param falseRate how often the rule drains a sound host, as measured, in one sentence
 */
public record DrainList(
        List<Entry> entries, int hosts, int runs, int explained, int fewestRuns, double largestQ, String falseRate)
        implements Serializable {
    /** Nothing was looked at: no hardware incident lies on a known host. */
    public static final DrainList NONE = new DrainList(List.of(), 0, 0, 0, 0, 0, "");

    public DrainList {
        entries = List.copyOf(entries);
    }

    /** What to do with a machine. */
    public enum Verdict {
        /** Take it out of service and test it. */
        DRAIN,
        /** Watch it: the evidence is of one run, or something else explains it as well. */
        WATCH;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * One host or device.
     *
     * @param device the device at fault, or the one that all located incidents of a watched host lie on; null where it is the
     *     host, where they lie on several, or where it is not known
     * @param seen independent runs with a hardware incident here
     * @param chances independent runs with a hardware incident anywhere that had workers here
     * @param expected how many of these chance would put here
     * @param pValue chance of so many or more
     * @param qValue adjusted over all hosts and devices
     * @param runsHere all runs that had workers here, affected or not
     * @param workerHours time of its workers in all runs, in hours; NaN where no times were logged
     * @param workerSteps logged steps times workers
     * @param reason why this verdict, in one sentence
     * @param runs affected runs, ordered
     * @param findings findings that lie here, in order of run and step
     */
    public record Entry(
            String host,
            @Nullable String device,
            Verdict verdict,
            int seen,
            int chances,
            double expected,
            double pValue,
            double qValue,
            int runsHere,
            double workerHours,
            double workerSteps,
            String reason,
            List<String> runs,
            List<Finding> findings)
            implements Serializable {
        public Entry {
            runs = List.copyOf(runs);
            findings = List.copyOf(findings);
        }

        /** Host, with the device where one is at fault. */
        public String place() {
            return device == null ? host : host + " " + device;
        }
    }

    /** How many entries have a verdict. */
    public long count(Verdict verdict) {
        return entries.stream().filter(e -> e.verdict() == verdict).count();
    }
}
