package io.tiltmeter.correlate;

import io.tiltmeter.correlate.DrainTrials.Machine;
import io.tiltmeter.correlate.DrainTrials.Rank;
import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.DrainList.Entry;
import io.tiltmeter.model.DrainList.Verdict;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Severity;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides which hosts to take out of service.
 *
 * <p>Only runs with a hardware incident that lies on a known host count, each once, with all that was continued from one
 * another as one. If no machine is worse than another, the incident of a run lies on a host with the chance that is its share
 * of the workers of that start (with several hosts hit, with their chance of being among so many: Rosén, Annals of
 * Mathematical Statistics 43, 1972). The number of runs that hit a host is then a sum of such trials: its exact upper tail
 * is the p-value. How often a run has incidents at all, how long it is and how runs of a project resemble one another does not
 * matter, since each is compared with itself. The p-values of all hosts and devices are adjusted for the rate of false
 * discoveries ({@link FalseDiscoveries}).
 *
 * <p>A rank of a project may be at fault and not the machine: the first worker does what others do not, and schedulers like to
 * put it on the same host. Ranks are tested in the same way; a host of which too little is left without the incidents of such a
 * rank is watched and not drained.
 */
public final class DrainRule {
    /** Chance up to which all incidents of a host on one of its devices are no coincidence. */
    private static final double ONE_DEVICE = 0.05;
    /** Most findings told of a host. */
    private static final int MOST_FINDINGS = 20;
    /** Most hosts to watch. */
    private static final int MOST_WATCHED = 50;
    /** Most ranks named as what may be at fault on a host. */
    private static final int MOST_RANKS = 3;

    private static final String NON_FINITE = "non-finite";

    /** What the study of the rule says of it. */
    static final String MEASURED =
            "7 of 1,000 simulated fleets without a bad host had one drained (0.7 %, 95 % interval up to 1.4 %); of 1,267"
                    + " hosts drained in fleets with bad ones 2 were sound";

    private static final int MEASURED_RUNS = 2;

    private final List<AffectedRun> runs;
    private final Map<String, Presence> presence;
    private final int fewestRuns;
    private final double largestQ;

    /**
     * Workers of one start of a run, and the hardware findings of it that lie on a host.
     *
     * @param places how many workers ran where
     */
    public record Start(int attempt, List<Place> places, List<Hit> hits) {
        public Start {
            places = List.copyOf(places);
            hits = List.copyOf(hits);
        }
    }

    /**
     * A hardware finding that lies on a host.
     *
     * @param finding the finding, with the host
     * @param device device of its worker, if known
     * @param lasts whether it goes on to the end of the run
     */
    public record Hit(Finding finding, @Nullable String device, boolean lasts) {
        String host() {
            String host = finding.host();
            return host == null ? "" : host;
        }
    }

    /**
     * A run with a hardware incident on a known host.
     *
     * @param lineage the run that it was continued from in the end, or itself
     * @param starts its starts with such incidents
     */
    public record AffectedRun(String runId, String lineage, String project, List<Start> starts) {
        public AffectedRun {
            starts = List.copyOf(starts);
        }
    }

    /**
     * What ran on a host.
     *
     * @param runs runs that had workers there, affected or not
     * @param workerHours their workers' time, NaN where no times were logged
     * @param workerSteps their workers' logged steps
     */
    public record Presence(int runs, double workerHours, double workerSteps) {}

    private DrainRule(List<AffectedRun> runs, Map<String, Presence> presence, int fewestRuns, double largestQ) {
        this.runs = runs;
        this.presence = presence;
        this.fewestRuns = fewestRuns;
        this.largestQ = largestQ;
    }

    /**
     * Whether a finding speaks against a machine: a warning or error of a worker or a host. That one worker's data are to
     * blame rules a machine out, except where values are not finite: memory and disks make such data as well.
     *
     * @param finding a finding with the host of its worker, where known
     */
    public static boolean isOfHardware(Finding finding) {
        return finding.host() != null
                && finding.severity() != Severity.INFO
                && (finding.cause() == Cause.WORKER
                        || finding.cause() == Cause.INFRASTRUCTURE
                        || finding.detector().equals(NON_FINITE));
    }

    /** Whether a pattern that is not of machines tells this finding: what runs share beside their hosts explains it. */
    public static boolean isExplained(Finding finding, List<Pattern> patterns) {
        return patterns.stream().anyMatch(pattern -> {
            Axis axis = Axis.valueOf(pattern.axis().toUpperCase(Locale.ROOT));
            if (axis == Axis.STEP) {
                return PatternFinder.covers(pattern, finding);
            }
            boolean ofPlaces = axis == Axis.HOST || axis == Axis.DEVICE || axis == Axis.RACK;
            return !ofPlaces
                    && pattern.kind().equals(finding.detector())
                    && Collections.binarySearch(pattern.runs(), finding.runId()) >= 0;
        });
    }

    /**
     * The list of machines to drain and to watch.
     *
     * @param runs runs with hardware incidents on known hosts; each start with all of its workers' places
     * @param presence what ran on each host; of hosts that are missing nothing is told
     * @param explained incidents that were left out, for the record
     * @param fewestRuns fewest independent runs to drain a host
     * @param largestQ largest q-value to drain a host
     */
    public static DrainList of(
            List<AffectedRun> runs, Map<String, Presence> presence, int explained, int fewestRuns, double largestQ) {
        DrainRule rule = new DrainRule(List.copyOf(runs), presence, fewestRuns, largestQ);
        Map<Machine, DrainTrials> hosts = DrainTrials.of(rule.runs, Axis.HOST, Set.of());
        Map<Machine, DrainTrials> devices = DrainTrials.of(rule.runs, Axis.DEVICE, Set.of());
        int families = (DrainTrials.canTell(hosts) ? 1 : 0) + (DrainTrials.canTell(devices) ? 1 : 0);
        DrainTrials.adjust(hosts, Math.max(1, families));
        DrainTrials.adjust(devices, Math.max(1, families));
        int lineages = (int) runs.stream().map(AffectedRun::lineage).distinct().count();
        return new DrainList(
                rule.entries(hosts, devices),
                hosts.size(),
                lineages,
                explained,
                fewestRuns,
                largestQ,
                falseRate(fewestRuns, largestQ));
    }

    private static String falseRate(int fewestRuns, double largestQ) {
        return fewestRuns == MEASURED_RUNS && largestQ == FalseDiscoveries.RATE
                ? MEASURED
                : MEASURED + ". That was with at least " + MEASURED_RUNS + " runs and q ≤ " + FalseDiscoveries.RATE
                        + ", not as set here";
    }

    private List<Entry> entries(Map<Machine, DrainTrials> hosts, Map<Machine, DrainTrials> devices) {
        Set<Rank> suspicious = DrainTrials.ofRanks(runs).entrySet().stream()
                .filter(e -> e.getValue().q <= FalseDiscoveries.RATE
                        && e.getValue().hit.size() > 1)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        Map<Machine, DrainTrials> hostsWithout =
                suspicious.isEmpty() ? hosts : DrainTrials.of(runs, Axis.HOST, suspicious);
        Map<Machine, DrainTrials> devicesWithout =
                suspicious.isEmpty() ? devices : DrainTrials.of(runs, Axis.DEVICE, suspicious);
        Map<String, List<Entry>> badDevices = new HashMap<>();
        devices.forEach((device, trials) -> {
            if (trials.q <= largestQ) {
                entry(device, trials, devicesWithout.get(device), suspicious)
                        .filter(DrainRule::drains)
                        .ifPresent(entry -> badDevices
                                .computeIfAbsent(device.host(), h -> new ArrayList<>())
                                .add(entry));
            }
        });
        List<Entry> entries = new ArrayList<>();
        hosts.forEach((host, trials) -> {
            Optional<Entry> whole = trials.hit.isEmpty()
                    ? Optional.empty()
                    : entry(
                            new Machine(host.host(), oneDevice(host.host())),
                            trials,
                            hostsWithout.get(host),
                            suspicious);
            List<Entry> parts = badDevices.getOrDefault(host.host(), List.of());
            // Who drains a host drains its devices too; where only devices are to be drained, the host need not be
            // watched.
            if (parts.isEmpty() || whole.filter(DrainRule::drains).isPresent()) {
                whole.ifPresent(entries::add);
            } else {
                entries.addAll(parts);
            }
        });
        entries.sort(Comparator.comparing(Entry::verdict)
                .thenComparingDouble(Entry::pValue)
                .thenComparing(Entry::place));
        int drains = (int) entries.stream().filter(DrainRule::drains).count();
        return entries.subList(0, Math.min(entries.size(), drains + MOST_WATCHED));
    }

    private static boolean drains(Entry entry) {
        return entry.verdict() == Verdict.DRAIN;
    }

    /** The one device of several that all located incidents of a host lie on, where that is no coincidence. */
    private @Nullable String oneDevice(String host) {
        Set<String> devices = new TreeSet<>();
        Set<String> lineages = new TreeSet<>();
        boolean elsewhere = false;
        int all = 1;
        for (AffectedRun run : runs) {
            for (Start start : run.starts()) {
                for (Hit hit : start.hits()) {
                    if (hit.host().equals(host)) {
                        elsewhere |= hit.device() == null;
                        if (hit.device() != null) {
                            devices.add(hit.device());
                            lineages.add(run.lineage());
                        }
                        all = Math.max(all, (int) start.places().stream()
                                .filter(p -> p.host().equals(host) && p.device() != null)
                                .map(Place::device)
                                .distinct()
                                .count());
                    }
                }
            }
        }
        boolean one = devices.size() == 1 && !elsewhere && Math.pow(all, 1.0 - lineages.size()) <= ONE_DEVICE;
        return one ? devices.iterator().next() : null;
    }

    /** What is to be told of a host or device, if anything. */
    private Optional<Entry> entry(
            Machine machine, DrainTrials trials, @Nullable DrainTrials without, Set<Rank> suspicious) {
        Set<String> ids = new TreeSet<>();
        List<Hit> here = new ArrayList<>();
        Map<Rank, Set<String>> ranks = new TreeMap<>();
        boolean always = true;
        for (AffectedRun run : runs) {
            for (Start start : run.starts()) {
                for (Hit hit : start.hits()) {
                    if (machine.has(hit)) {
                        here.add(hit);
                        ids.add(run.runId());
                        Optional<Rank> rank = Rank.of(run, hit).filter(suspicious::contains);
                        rank.ifPresent(r ->
                                ranks.computeIfAbsent(r, x -> new TreeSet<>()).add(run.lineage()));
                        always &= rank.isPresent();
                    }
                }
            }
        }
        int seen = trials.hit.size();
        boolean significant = trials.q <= largestQ;
        // What is left must pass the limit that the whole had to pass; q-values grow in step with p-values.
        boolean left = ranks.isEmpty()
                || (without != null
                        && without.hit.size() >= fewestRuns
                        && trials.q * (without.p / Math.max(trials.p, Double.MIN_NORMAL)) <= largestQ);
        String counted = String.format(
                Locale.ROOT,
                "%d of %d affected runs with workers here have it here, %.2g by chance",
                seen,
                trials.chances.size(),
                trials.expected());
        Verdict verdict;
        String reason;
        if (significant && seen >= fewestRuns && left) {
            verdict = Verdict.DRAIN;
            reason = counted;
        } else if (significant && seen >= fewestRuns) {
            verdict = Verdict.WATCH;
            reason = counted + ", but " + blame(ranks, always, seen);
        } else if (seen == 1 && trials.p < 1 && persists(here)) {
            // On the only host of its run any fault lies there; that says nothing of the host.
            verdict = Verdict.WATCH;
            reason = "One run only, where it " + persistence(here) + ": a second run decides";
        } else {
            return Optional.empty();
        }
        Presence present = presence.getOrDefault(machine.host(), new Presence(0, Double.NaN, Double.NaN));
        return Optional.of(new Entry(
                machine.host(),
                machine.device(),
                verdict,
                seen,
                trials.chances.size(),
                trials.expected(),
                trials.p,
                trials.q,
                present.runs(),
                present.workerHours(),
                present.workerSteps(),
                reason,
                List.copyOf(ids),
                here.stream()
                        .map(Hit::finding)
                        .sorted(Finding.ORDER)
                        .limit(MOST_FINDINGS)
                        .toList()));
    }

    /**
     * That ranks may be at fault and not the machine, in words.
     *
     * @param ranks the lineages in which each of them is what goes wrong here
     * @param always whether nothing else goes wrong here
     * @param seen how many lineages go wrong here
     */
    private static String blame(Map<Rank, Set<String>> ranks, boolean always, int seen) {
        long theirs = ranks.values().stream().flatMap(Set::stream).distinct().count();
        String names =
                ranks.keySet().stream().limit(MOST_RANKS).map(Rank::toString).collect(Collectors.joining(" or "));
        int more = ranks.size() - MOST_RANKS;
        return (always ? "it is always " : "in " + theirs + " of these " + seen + " it is ")
                + names
                + (more > 0 ? " or one of " + more + " more" : "")
                + ": the program may be at fault, not the machine. Let "
                + (ranks.size() == 1 ? "that worker" : "those workers")
                + " run elsewhere";
    }

    private static boolean persists(List<Hit> here) {
        return starts(here) > 1
                || here.stream().anyMatch(h -> h.lasts() && h.finding().severity() == Severity.ERROR);
    }

    private static long starts(List<Hit> here) {
        return here.stream().map(h -> h.finding().attempt()).distinct().count();
    }

    private static String persistence(List<Hit> here) {
        List<String> parts = new ArrayList<>();
        if (starts(here) > 1) {
            parts.add("came back in " + starts(here) + " starts");
        }
        if (here.stream().anyMatch(h -> h.lasts() && h.finding().severity() == Severity.ERROR)) {
            parts.add("goes on to the end of the log");
        }
        if (grows(here)) {
            parts.add("grows");
        }
        return String.join(" and ", parts);
    }

    /** Whether findings of one detector and metric follow one another with larger and larger scores. */
    private static boolean grows(List<Hit> here) {
        return here.stream()
                .map(Hit::finding)
                .collect(Collectors.groupingBy(f -> f.detector() + "\n" + f.metric()))
                .values()
                .stream()
                .anyMatch(same -> {
                    List<Finding> ordered = same.stream().sorted(Finding.ORDER).toList();
                    boolean rising = ordered.size() > 1;
                    for (int i = 1; i < ordered.size(); i++) {
                        rising &= ordered.get(i).score() > ordered.get(i - 1).score();
                    }
                    return rising;
                });
    }
}
