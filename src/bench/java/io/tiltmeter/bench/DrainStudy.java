package io.tiltmeter.bench;

import io.tiltmeter.correlate.DrainRule;
import io.tiltmeter.correlate.DrainRule.AffectedRun;
import io.tiltmeter.correlate.DrainRule.Hit;
import io.tiltmeter.correlate.DrainRule.Start;
import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.DrainList.Verdict;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Severity;
import io.tiltmeter.stats.Proportion;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * How often the rule drains sound hosts, and how many bad ones it finds. Fleets in which hosts are used very unevenly,
 * projects keep to their own hosts in one order, have very different numbers of hardware incidents, continue half of the
 * affected runs on the same hosts with the same fault, and hit several hosts at once now and then. Seeded; the same numbers
 * every time.
 *
 * <pre>./mvnw -Pbench verify -DskipTests -Dbench.main=io.tiltmeter.bench.DrainStudy -Dbench.arguments="2000 400"</pre>
 */
public final class DrainStudy {
    private static final int HOSTS = 120;
    private static final int DEVICES = 8;
    private static final int PROJECTS = 12;
    private static final long FIRST_SEED = 7_300_000_000L;

    private DrainStudy() {}

    /** What is planted into a fleet. */
    private enum Plan {
        NOTHING("nothing", 0, false),
        RANKS("nothing; in four projects worker 0 is at fault", 0, true),
        ONE_HOST("1 bad host", 1, false),
        THREE_HOSTS("3 bad hosts", 3, false),
        HOST_AND_RANKS("1 bad host; in four projects worker 0 is at fault", 1, true);

        final String text;
        final int bad;
        final boolean ranks;

        Plan(String text, int bad, boolean ranks) {
            this.text = text;
            this.bad = bad;
            this.ranks = ranks;
        }
    }

    /**
     * What became of a fleet.
     *
     * @param findable bad hosts that spoilt at least two independent runs of several hosts
     */
    private record Result(int drained, int sound, int bad, int findable, int found, int watchedBad) {}

    /** Arguments: a folder (unused), fleets of each sort, runs of a fleet. */
    public static void main(String[] arguments) {
        int fleets = Integer.parseInt(arguments[1]);
        int runs = Integer.parseInt(arguments[2]);
        long start = System.nanoTime();
        System.out.printf(
                "%,d fleets of each sort, %,d runs on %d hosts of %d devices%n%n", fleets, runs, HOSTS, DEVICES);
        System.out.println(
                "| Planted | fleets with a sound host drained | 95 % interval | sound among the drained"
                        + " | bad hosts drained, of all (of those that spoilt two runs of several hosts) | bad hosts watched |");
        System.out.println("|---|---|---|---|---|---|");
        for (Plan plan : Plan.values()) {
            List<Result> results = IntStream.range(0, fleets)
                    .parallel()
                    .mapToObj(i -> judge(FIRST_SEED + 1_000_000L * plan.ordinal() + i, runs, plan))
                    .toList();
            Proportion wrong = new Proportion(
                    (int) results.stream().filter(r -> r.sound > 0).count(), fleets);
            int drained = results.stream().mapToInt(Result::drained).sum();
            int sound = results.stream().mapToInt(Result::sound).sum();
            int bad = results.stream().mapToInt(Result::bad).sum();
            int findable = results.stream().mapToInt(Result::findable).sum();
            System.out.printf(
                    "| %s | %d of %d (%.2f %%) | %.2f–%.2f %% | %d of %d | %s | %s |%n",
                    plan.text,
                    wrong.hits(),
                    fleets,
                    100 * wrong.share(),
                    100 * wrong.low(),
                    100 * wrong.high(),
                    sound,
                    drained,
                    bad == 0
                            ? ""
                            : results.stream().mapToInt(Result::found).sum() + " of " + bad + " (" + findable + ")",
                    bad == 0
                            ? ""
                            : Integer.toString(results.stream()
                                    .mapToInt(Result::watchedBad)
                                    .sum()));
        }
        System.out.printf(
                "%n%.0f s, %d cores, Java %s%n",
                (System.nanoTime() - start) / 1e9, Runtime.getRuntime().availableProcessors(), Runtime.version());
    }

    private static Result judge(long seed, int runs, Plan plan) {
        SplittableRandom random = new SplittableRandom(seed);
        Set<Integer> bad = new TreeSet<>();
        while (bad.size() < plan.bad) {
            // Of one half of the hosts, whatever runs there.
            bad.add(random.nextInt(HOSTS / 2));
        }
        List<AffectedRun> fleet = fleet(random, runs, plan, bad);
        DrainList list = DrainRule.of(fleet, Map.of(), 0, 2, 0.05);
        Set<String> names = new TreeSet<>();
        bad.forEach(host -> names.add("h" + host));
        Set<String> drained = new TreeSet<>();
        Set<String> watched = new TreeSet<>();
        list.entries().forEach(e -> (e.verdict() == Verdict.DRAIN ? drained : watched).add(e.host()));
        int found = (int) drained.stream().filter(names::contains).count();
        return new Result(
                drained.size(),
                drained.size() - found,
                bad.size(),
                (int) names.stream().filter(host -> spoilt(fleet, host) > 1).count(),
                found,
                (int) watched.stream().filter(names::contains).count());
    }

    /** Independent runs of several hosts with an incident on this one. */
    private static long spoilt(List<AffectedRun> fleet, String host) {
        return fleet.stream()
                .filter(run -> run.starts().get(0).places().size() > DEVICES
                        && run.starts().get(0).hits().stream()
                                .anyMatch(hit -> host.equals(hit.finding().host())))
                .map(AffectedRun::lineage)
                .distinct()
                .count();
    }

    private static List<AffectedRun> fleet(SplittableRandom random, int runs, Plan plan, Set<Integer> bad) {
        // Projects' rates differ tenfold; each has its own range of hosts, which overlap, and likes the first of them.
        double[] rate = new double[PROJECTS];
        int[] first = new int[PROJECTS];
        int[] size = new int[PROJECTS];
        for (int p = 0; p < PROJECTS; p++) {
            rate[p] = 0.03 * Math.exp(random.nextDouble() * Math.log(10));
            first[p] = random.nextInt(HOSTS);
            size[p] = 1 << random.nextInt(5);
        }
        List<AffectedRun> affected = new ArrayList<>();
        for (int r = 0; r < runs; r++) {
            int project = random.nextInt(PROJECTS);
            List<Integer> hosts = hosts(random, first[project], size[project]);
            String lineage = "r" + r;
            List<Hit> hits = new ArrayList<>();
            if (random.nextDouble() < rate[project]) {
                // Mostly one worker; now and then a quarter of the hosts at once, as a network has it.
                int n = random.nextDouble() < 0.1 ? Math.max(1, hosts.size() / 4) : random.nextDouble() < 0.2 ? 2 : 1;
                for (int i = 0; i < n; i++) {
                    hits.add(hit(lineage, hosts, random.nextInt(hosts.size() * DEVICES)));
                }
            }
            if (plan.ranks && project < 4 && random.nextDouble() < 0.3) {
                hits.add(hit(lineage, hosts, 0));
            }
            for (int i = 0; i < hosts.size(); i++) {
                if (bad.contains(hosts.get(i)) && random.nextDouble() < 0.4) {
                    hits.add(hit(lineage, hosts, i * DEVICES + random.nextInt(DEVICES)));
                }
            }
            if (!hits.isEmpty()) {
                affected.add(run(lineage, lineage, project, hosts, hits));
                if (random.nextBoolean()) {
                    // Continued where it was, with what was wrong with it.
                    String id = lineage + "b";
                    affected.add(run(
                            id,
                            lineage,
                            project,
                            hosts,
                            hits.stream()
                                    .map(h -> hit(id, hosts, h.finding().worker()))
                                    .toList()));
                }
            }
        }
        return affected;
    }

    /** Hosts of a run in the order of its ranks: mostly the first free ones of the project's. */
    private static List<Integer> hosts(SplittableRandom random, int first, int size) {
        Set<Integer> hosts = new LinkedHashSet<>();
        int at = first;
        while (hosts.size() < size) {
            if (random.nextDouble() < 0.7) {
                hosts.add(Math.floorMod(at, HOSTS));
            }
            at++;
        }
        return List.copyOf(hosts);
    }

    private static AffectedRun run(String id, String lineage, int project, List<Integer> hosts, List<Hit> hits) {
        List<Place> places = new ArrayList<>();
        for (int host : hosts) {
            for (int d = 0; d < DEVICES; d++) {
                places.add(new Place(null, "h" + host, "gpu" + d, 1));
            }
        }
        return new AffectedRun(id, lineage, "p" + project, List.of(new Start(0, places, hits)));
    }

    private static Hit hit(String run, List<Integer> hosts, int worker) {
        Finding finding = new Finding(
                run,
                "straggler",
                "compute_seconds",
                0,
                worker,
                "h" + hosts.get(worker / DEVICES),
                null,
                null,
                100,
                1000,
                100,
                1.5,
                1.1,
                Severity.ERROR,
                Cause.WORKER,
                "");
        return new Hit(finding, "gpu" + worker % DEVICES, true);
    }
}
