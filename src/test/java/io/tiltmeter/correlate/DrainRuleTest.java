package io.tiltmeter.correlate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.correlate.DrainRule.AffectedRun;
import io.tiltmeter.correlate.DrainRule.Hit;
import io.tiltmeter.correlate.DrainRule.Presence;
import io.tiltmeter.correlate.DrainRule.Start;
import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.DrainList.Verdict;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Hosts whose chances are known by hand: a worker a host, unless said otherwise. */
class DrainRuleTest {

    private static Finding finding(String run, int attempt, int worker, String host, double score) {
        return new Finding(
                run,
                "straggler",
                "compute_seconds",
                attempt,
                worker,
                host,
                null,
                null,
                100,
                200,
                100,
                score,
                1.1,
                Severity.ERROR,
                Cause.WORKER,
                "slow");
    }

    private static Hit hit(String run, int worker, String host) {
        return new Hit(finding(run, 0, worker, host, 2), null, false);
    }

    /** Hosts {@code h0} to {@code h(n-1)} with a worker each. */
    private static List<Place> hosts(int n) {
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            places.add(new Place(null, "h" + i, null, 1));
        }
        return places;
    }

    private static AffectedRun run(String id, String lineage, String project, List<Place> places, Hit... hits) {
        return new AffectedRun(id, lineage, project, List.of(new Start(0, places, List.of(hits))));
    }

    private static DrainList judge(AffectedRun... runs) {
        return DrainRule.of(List.of(runs), Map.of(), 0, 2, 0.05);
    }

    @Test
    void aHostThatThreeRunsOfTenHitIsDrained() {
        DrainList list = DrainRule.of(
                List.of(
                        run("a", "a", "p", hosts(10), hit("a", 7, "h3")),
                        run("b", "b", "q", hosts(10), hit("b", 1, "h3")),
                        run("c", "c", "r", hosts(10), hit("c", 2, "h3"))),
                Map.of("h3", new Presence(12, 34.5, 6700)),
                4,
                2,
                0.05);

        assertThat(list.entries()).hasSize(1);
        DrainList.Entry entry = list.entries().get(0);
        assertThat(entry.verdict()).isEqualTo(Verdict.DRAIN);
        assertThat(entry.host()).isEqualTo("h3");
        assertThat(entry.seen()).isEqualTo(3);
        assertThat(entry.chances()).isEqualTo(3);
        assertThat(entry.expected()).isCloseTo(0.3, within(1e-12));
        assertThat(entry.pValue()).isCloseTo(1e-3, within(1e-12));
        // Ten hosts were asked.
        assertThat(entry.qValue()).isCloseTo(1e-2, within(1e-12));
        assertThat(entry.runs()).containsExactly("a", "b", "c");
        assertThat(entry.findings()).hasSize(3);
        assertThat(entry.runsHere()).isEqualTo(12);
        assertThat(entry.workerHours()).isEqualTo(34.5);
        assertThat(entry.reason()).isEqualTo("3 of 3 affected runs with workers here have it here, 0.30 by chance");
        assertThat(list.explained()).isEqualTo(4);
        assertThat(list.runs()).isEqualTo(3);
    }

    @Test
    void exposureCounts() {
        // The host has 8 of 10 workers in each run: three hits are nothing, .8³ = .512.
        List<Place> places =
                List.of(new Place(null, "big", null, 8), new Place(null, "x", null, 1), new Place(null, "y", null, 1));
        DrainList list = judge(
                run("a", "a", "p", places, hit("a", 0, "big")),
                run("b", "b", "q", places, hit("b", 1, "big")),
                run("c", "c", "r", places, hit("c", 2, "big")));

        assertThat(list.entries()).isEmpty();
    }

    @Test
    void oneRunNeverDrainsHoweverOftenItWasContinued() {
        DrainList list = judge(
                run("a", "a", "p", hosts(100), hit("a", 7, "h3")),
                run("a2", "a", "p", hosts(100), hit("a2", 8, "h3")),
                run("a3", "a", "p", hosts(100), hit("a3", 9, "h3")));

        assertThat(list.count(Verdict.DRAIN)).isZero();
        assertThat(list.runs()).isEqualTo(1);
    }

    @Test
    void oneRunWithALastingFaultIsWatched() {
        Finding first = finding("a", 0, 3, "h3", 1.2);
        Finding second = finding("a", 1, 4, "h3", 1.9);
        AffectedRun run = new AffectedRun(
                "a",
                "a",
                "p",
                List.of(
                        new Start(0, hosts(10), List.of(new Hit(first, null, false))),
                        new Start(1, hosts(10), List.of(new Hit(second, null, true)))));

        DrainList list = judge(run, run("b", "b", "q", hosts(10), hit("b", 5, "h5")));

        assertThat(list.entries()).hasSize(1);
        assertThat(list.entries().get(0).verdict()).isEqualTo(Verdict.WATCH);
        assertThat(list.entries().get(0).reason())
                .isEqualTo("One run only, where it came back in 2 starts and goes on to the end of the log and grows: a"
                        + " second run decides");
        // Hit once at least in two starts, 1 - .9², and a tenth for the other run.
        assertThat(list.entries().get(0).expected()).isCloseTo(0.29, within(1e-12));
    }

    @Test
    void theOnlyHostOfARunIsNotWatched() {
        List<Hit> lasting = List.of(new Hit(finding("a", 0, 1, "h0", 2), null, true));

        assertThat(judge(new AffectedRun("a", "a", "p", List.of(new Start(0, hosts(1), lasting))))
                        .entries())
                .isEmpty();
        // The same with another host beside it.
        assertThat(judge(new AffectedRun("a", "a", "p", List.of(new Start(0, hosts(2), lasting))))
                        .entries())
                .singleElement()
                .extracting(DrainList.Entry::verdict)
                .isEqualTo(Verdict.WATCH);
    }

    @Test
    void aRankThatIsAlwaysAtFaultIsNotTheMachinesFault() {
        // Worker 0 of each run of the project, always on the same host.
        DrainList same = judge(
                run("a", "a", "p", hosts(10), hit("a", 0, "h0")),
                run("b", "b", "p", hosts(10), hit("b", 0, "h0")),
                run("c", "c", "p", hosts(10), hit("c", 0, "h0")));

        assertThat(same.entries()).hasSize(1);
        assertThat(same.entries().get(0).verdict()).isEqualTo(Verdict.WATCH);
        assertThat(same.entries().get(0).reason())
                .endsWith(
                        "but it is always worker 0 of project p: the program may be at fault, not the machine. Let that"
                                + " worker run elsewhere");

        // The same host in other projects as well: enough is left of it.
        DrainList more = judge(
                run("a", "a", "p", hosts(10), hit("a", 0, "h0")),
                run("b", "b", "p", hosts(10), hit("b", 0, "h0")),
                run("c", "c", "p", hosts(10), hit("c", 0, "h0")),
                run("d", "d", "q", hosts(10), hit("d", 4, "h0")),
                run("e", "e", "r", hosts(10), hit("e", 5, "h0")),
                run("f", "f", "s", hosts(10), hit("f", 6, "h0")));

        assertThat(more.entries().get(0).verdict()).isEqualTo(Verdict.DRAIN);
    }

    @Test
    void saysInHowManyRunsARankIsAtFault() {
        DrainList list = judge(
                run("a", "a", "p", hosts(10), hit("a", 0, "h0")),
                run("b", "b", "p", hosts(10), hit("b", 0, "h0")),
                run("c", "c", "p", hosts(10), hit("c", 0, "h0")),
                run("d", "d", "q", hosts(10), hit("d", 4, "h0")));

        assertThat(list.entries()).hasSize(1);
        assertThat(list.entries().get(0).verdict()).isEqualTo(Verdict.WATCH);
        assertThat(list.entries().get(0).reason())
                .isEqualTo(
                        "4 of 4 affected runs with workers here have it here, 0.40 by chance, but in 3 of these 4 it is"
                                + " worker 0 of project p: the program may be at fault, not the machine. Let that worker run"
                                + " elsewhere");
    }

    @Test
    void namesAllRanksThatMayBeAtFault() {
        List<AffectedRun> runs = new ArrayList<>();
        for (String project : List.of("p", "q")) {
            for (int i = 0; i < 4; i++) {
                String id = project + i;
                runs.add(run(id, id, project, hosts(10), hit(id, 0, "h0")));
            }
        }

        DrainList list = judge(runs.toArray(AffectedRun[]::new));

        assertThat(list.entries()).hasSize(1);
        assertThat(list.entries().get(0).reason())
                .endsWith(", but it is always worker 0 of project p or worker 0 of project q: the program may be at"
                        + " fault, not the machine. Let those workers run elsewhere");
    }

    @Test
    void aDeviceThatHasItAllIsNamed() {
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            places.add(new Place(null, "h" + i / 8, "gpu" + i % 8, 1));
        }
        AffectedRun[] runs = new AffectedRun[4];
        for (int i = 0; i < runs.length; i++) {
            String id = "run" + i;
            runs[i] = run(id, id, "p" + i, places, new Hit(finding(id, 0, i, "h2", 2), "gpu5", false));
        }

        DrainList list = judge(runs);

        assertThat(list.entries()).hasSize(1);
        assertThat(list.entries().get(0).place()).isEqualTo("h2 gpu5");
    }

    @Test
    void aDeviceOfRunsOnOneHostIsFound() {
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            places.add(new Place(null, "only", "gpu" + i, 1));
        }
        AffectedRun[] runs = new AffectedRun[4];
        for (int i = 0; i < runs.length; i++) {
            String id = "run" + i;
            runs[i] = run(id, id, "p" + i, places, new Hit(finding(id, 0, 3, "only", 2), "gpu3", false));
        }

        DrainList list = judge(runs);

        assertThat(list.entries()).hasSize(1);
        assertThat(list.entries().get(0).verdict()).isEqualTo(Verdict.DRAIN);
        assertThat(list.entries().get(0).place()).isEqualTo("only gpu3");
        // A host that is all of a run has no chance to be told by it; of its devices each has an eighth.
        assertThat(list.entries().get(0).pValue()).isCloseTo(Math.pow(8, -4), within(1e-15));
    }

    /** Twelve runs of different projects, hit on {@code gpu3} and {@code gpu5} of a host in turn. */
    private static DrainList judgeTwoDevices(List<Place> places, String host) {
        AffectedRun[] runs = new AffectedRun[12];
        for (int i = 0; i < runs.length; i++) {
            String id = "run" + i;
            String device = i % 2 == 0 ? "gpu3" : "gpu5";
            runs[i] = run(id, id, "p" + i, places, new Hit(finding(id, 0, i % 8, host, 2), device, false));
        }
        return judge(runs);
    }

    @Test
    void twoDevicesOfAHostAreBothListed() {
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            places.add(new Place(null, "only", "gpu" + i, 1));
        }

        DrainList list = judgeTwoDevices(places, "only");

        assertThat(list.entries())
                .extracting(DrainList.Entry::place, DrainList.Entry::verdict, DrainList.Entry::seen)
                .containsExactly(tuple("only gpu3", Verdict.DRAIN, 6), tuple("only gpu5", Verdict.DRAIN, 6));
    }

    @Test
    void devicesOfAHostThatIsListedAsAWholeAreNot() {
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            places.add(new Place(null, "h" + i / 8, "gpu" + i % 8, 1));
        }

        DrainList list = judgeTwoDevices(places, "h2");

        assertThat(list.entries()).extracting(DrainList.Entry::place).containsExactly("h2");
    }

    @Test
    void ofSeveralHostsHitInARunEachHasItsChanceToBeAmongThem() {
        Map<String, Double> equal = new TreeMap<>(Map.of("a", 0.25, "b", 0.25, "c", 0.25, "d", 0.25));
        DrainTrials.inclusion(equal, 2)
                .values()
                .forEach(chance -> assertThat(chance).isCloseTo(0.5, within(1e-9)));
        assertThat(DrainTrials.inclusion(equal, 1)).isEqualTo(equal);
        assertThat(DrainTrials.inclusion(equal, 4).values()).containsOnly(1.0);

        // Shares .5, .25, .25, two hit: 1 - exp(-s t) add up to 2 where exp(-t/4) = x solves x² + 2x = 1, x = √2 - 1.
        Map<String, Double> unequal = DrainTrials.inclusion(new TreeMap<>(Map.of("a", 0.5, "b", 0.25, "c", 0.25)), 2);
        assertThat(unequal.get("b")).isCloseTo(2 - Math.sqrt(2), within(1e-9));
        assertThat(unequal.get("a")).isCloseTo(2 * Math.sqrt(2) - 2, within(1e-9));
    }

    @Test
    void onlyWhatLiesOnAMachineCounts() {
        Finding slow = finding("a", 0, 3, "h3", 2);
        assertThat(DrainRule.isOfHardware(slow)).isTrue();
        assertThat(DrainRule.isOfHardware(slow.withHost(null))).isFalse();
        assertThat(DrainRule.isOfHardware(slow.withSeverity(Severity.INFO))).isFalse();
    }

    @Test
    void whatASettingExplainsIsNotHeldAgainstAMachine() {
        Finding slow = finding("a", 0, 3, "h3", 2);

        assertThat(DrainRule.isExplained(slow, List.of(pattern("setting", "straggler"))))
                .isTrue();
        assertThat(DrainRule.isExplained(slow, List.of(pattern("host", "straggler"))))
                .isFalse();
        assertThat(DrainRule.isExplained(slow, List.of(pattern("setting", "non-finite"))))
                .isFalse();
        assertThat(DrainRule.isExplained(slow, List.of())).isFalse();
    }

    private static Pattern pattern(String axis, String kind) {
        return new Pattern(
                axis,
                "v",
                "p",
                kind,
                "m",
                Severity.ERROR,
                0,
                10,
                List.of("a", "b", "c"),
                3,
                2,
                1,
                3,
                0.01,
                2,
                "",
                List.of(),
                List.of(),
                "",
                "");
    }

    @Test
    void aWholeHostThatIsSlowCountsWithoutAWorker() {
        Hit group = new Hit(finding("a", 0, StepRecord.NO_WORKER, "h3", 2), null, false);
        Hit second = new Hit(finding("b", 0, StepRecord.NO_WORKER, "h3", 2), null, false);

        DrainList list = judge(run("a", "a", "p", hosts(30), group), run("b", "b", "p", hosts(30), second));

        assertThat(list.entries().get(0).verdict()).isEqualTo(Verdict.DRAIN);
        assertThat(list.entries().get(0).pValue()).isCloseTo(1 / 900.0, within(1e-12));
    }
}
