package io.tiltmeter.validate;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.detect.DetectorInfo.Parameter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every check promises. New checks are picked up by themselves. */
class CheckContractTest {
    private static final DataSpec DATA = new DataSpec(Map.of(), 0, 5);

    static List<Check> checks() {
        return Checks.all();
    }

    @Test
    void theRegistryHasThemAll() {
        assertThat(checks()).hasSizeGreaterThanOrEqualTo(20);
        assertThat(Checks.infos())
                .extracting(CheckInfo::id)
                .doesNotHaveDuplicates()
                .isSorted();
    }

    @ParameterizedTest
    @MethodSource("checks")
    void describesItself(Check check) {
        CheckInfo info = check.info();
        assertThat(info.id()).matches("[a-z]+(-[a-z]+)*");
        assertThat(info.title()).isNotBlank().hasSizeLessThan(50);
        assertThat(info.meaning()).endsWith(".").hasSizeGreaterThan(30);
        assertThat(info.advice()).endsWith(".").hasSizeGreaterThan(20);
        for (Parameter parameter : info.parameters()) {
            assertThat(parameter.name()).matches("[a-z]+(-[a-z]+)*");
            assertThat(parameter.source().text()).hasSizeGreaterThan(15);
        }
    }

    @ParameterizedTest
    @MethodSource("checks")
    void saysNothingBadOfNothing(Check check) {
        ShardProfile empty = new ShardProfile("", DATA);
        DatasetProfile profile = new DatasetProfile(empty.encode(), DATA, 0, Map.of(), Map.of(), "");
        Dataset data = new Dataset(profile, Optional.of(profile), Map.of());

        Results results = Gate.judge(List.of(check), data, Map.of());
        Gate.judgeShard(List.of(check), empty, data, Map.of(), results);

        List<Gate.CheckVerdict> verdicts = Gate.verdicts(List.of(check), results, Map.of());
        assertThat(verdicts.get(0).judgements()).allMatch(judgement -> judgement.status() == Status.PASS);
    }

    @ParameterizedTest
    @MethodSource("checks")
    void canBeDisabled(Check check) {
        ShardProfile empty = new ShardProfile("", DATA);
        DatasetProfile profile = new DatasetProfile(empty.encode(), DATA, 0, Map.of(), Map.of(), "");
        CheckSettings off = new CheckSettings(
                false, Level.ERROR, CheckSettings.defaults(check.info()).values());
        Dataset data = new Dataset(profile, Optional.empty(), Map.of());

        Results results = Gate.judge(List.of(check), data, Map.of(check.info().id(), off));

        assertThat(Gate.verdicts(List.of(check), results, Map.of()).get(0).judged())
                .isZero();
    }

    @Test
    void aCheckThatBreaksFailsAloneAndClosesTheGate() {
        Check sound = checks().get(0);
        Check broken = new Check() {
            @Override
            public CheckInfo info() {
                return new CheckInfo("broken", "Broken", "It breaks.", Level.ERROR, List.of(), "Mend it.");
            }

            @Override
            public void judge(Dataset data, CheckSettings settings, Results results) {
                throw new IllegalStateException("out of order");
            }
        };
        ShardProfile empty = new ShardProfile("", DATA);
        DatasetProfile profile = new DatasetProfile(empty.encode(), DATA, 0, Map.of(), Map.of(), "");
        List<Check> both = List.of(broken, sound);

        Results results = Gate.judge(both, new Dataset(profile, Optional.empty(), Map.of()), Map.of());
        List<Gate.CheckVerdict> verdicts = Gate.verdicts(both, results, Map.of());

        assertThat(verdicts.get(0).status()).contains(Status.FAIL);
        assertThat(verdicts.get(0).judgements().get(0).text()).contains("out of order");
        assertThat(verdicts.get(1).status()).isNotEqualTo(Optional.of(Status.FAIL));
    }

    @Test
    void falseDiscoveriesAreControlledOverAllShardsAndMetrics() {
        // Of 10,000 tests without an effect some hundred have p below 1 %; none of them may stay.
        Check drift = checks().stream()
                .filter(check -> check.info().id().equals("feature-drift"))
                .findFirst()
                .orElseThrow();
        CheckSettings settings = CheckSettings.defaults(drift.info());
        java.util.SplittableRandom random = new java.util.SplittableRandom(1);
        Results results = new Results();
        for (int i = 0; i < 10_000; i++) {
            io.tiltmeter.stats.Estimate atTheBound = new io.tiltmeter.stats.Estimate(
                    settings.get("fail") + 0.1 * random.nextGaussian(), 0.1, Double.POSITIVE_INFINITY);
            results.estimate(drift, settings, "x", "shard-" + i, atTheBound, "deviations", "made up");
        }
        io.tiltmeter.stats.Estimate real = new io.tiltmeter.stats.Estimate(1.5, 0.1, Double.POSITIVE_INFINITY);
        results.estimate(drift, settings, "x", "bad", real, "deviations", "real");

        List<Judgement> failed = Gate.verdicts(List.of(drift), results, Map.of()).get(0).judgements().stream()
                .filter(judgement -> judgement.status() == Status.FAIL)
                .toList();

        assertThat(failed).extracting(Judgement::shard).containsExactly("bad");
    }
}
