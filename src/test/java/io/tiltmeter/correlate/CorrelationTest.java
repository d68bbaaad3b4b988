package io.tiltmeter.correlate;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.correlate.FleetRun.Event;
import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.simulate.CommonCause;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CorrelationTest {
    private static final long MINUTE = 60_000_000L;

    private static FleetRun run(int i, Map<String, String> settings, String host, boolean affected, long time) {
        String id = "run-%03d".formatted(i);
        Place place = new Place(null, host, null, 8);
        Event event = new Event("divergence", "loss", Severity.ERROR, 100 + 7L * i, time, -1, null, 8, 5, Map.of());
        return new FleetRun(
                RunRecord.of(id, "p", settings),
                new RunSummary(id, "p", 1, 8, 1000, 0, 999, 1000, 10, 3, 3, Double.NaN, false, Double.NaN),
                Set.of("divergence"),
                affected ? List.of(event) : List.of(),
                List.of(place),
                i * 5 * MINUTE,
                i * 5 * MINUTE + 1000 * MINUTE);
    }

    private static List<Pattern> find(List<FleetRun> runs) {
        return Correlation.find(Map.of(), List.of(), runs);
    }

    @ParameterizedTest
    @EnumSource(value = CommonCause.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void findsWhatWasPlantedAndNotWhatGoesWithIt(CommonCause cause) {
        CauseStudy.Result result = CauseStudy.run(1, 1000, 10, cause);

        assertThat(result.found()).isTrue();
        assertThat(result.bystander()).isFalse();
        assertThat(result.others()).isEmpty();
    }

    @Test
    void findsNothingWhereNothingIsPlanted() {
        for (int seed = 1; seed <= 5; seed++) {
            assertThat(CauseStudy.run(seed, 1000, 10, CommonCause.NONE).others())
                    .as("seed %d", seed)
                    .isEmpty();
        }
    }

    @Test
    void whatAlwaysGoesTogetherIsSaidToBeTheSame() {
        List<FleetRun> runs = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            boolean odd = i % 4 == 0;
            runs.add(run(
                    i,
                    Map.of("precision", odd ? "fp8" : "bf16", "kernel", odd ? "new" : "old"),
                    "host-" + i % 5,
                    odd,
                    FleetRun.NO_TIME));
        }
        assertThat(find(runs)).singleElement().satisfies(pattern -> {
            assertThat(pattern.axis()).isEqualTo("setting");
            assertThat(pattern.value()).isEqualTo("kernel = new");
            assertThat(pattern.runs()).hasSize(10);
            assertThat(pattern.exposed()).isEqualTo(10);
            // All ten, where a quarter of all forty would be 2.5.
            assertThat(pattern.lift()).isEqualTo(4);
            assertThat(pattern.contrasts()).containsExactly(new Pattern.Contrast("comparable runs without it", 0, 30));
            assertThat(pattern.confounders()).singleElement().satisfies(other -> {
                assertThat(other.value()).isEqualTo("precision = fp8");
                assertThat(other.rejected()).isFalse();
            });
        });
    }

    @Test
    void runsThatFailWithinMinutesOfTheClockShareTheTime() {
        List<FleetRun> runs = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            // Every fourth run fails at minute 500, at an age of its own; three more at times of their own.
            boolean then = i % 4 == 0;
            boolean alone = i % 20 == 1;
            runs.add(
                    run(i, Map.of(), "host-" + i % 7, then || alone, then ? 500 * MINUTE + i : (600 + i * 9) * MINUTE));
        }
        assertThat(find(runs)).singleElement().satisfies(pattern -> {
            assertThat(pattern.axis()).isEqualTo("time");
            assertThat(pattern.value()).isEqualTo("1970-01-01T08:20:00Z");
            assertThat(pattern.runs()).hasSize(15);
        });
    }

    @Test
    void runsThatStumbleAtOneAgeDoNotShareTheTimeBecauseTheyWereStartedTogether() {
        List<FleetRun> runs = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            FleetRun run = run(i, Map.of(), "host-" + i, true, 500 * MINUTE + i);
            runs.add(new FleetRun(
                    run.run(), run.summary(), run.observed(), run.events(), run.places(), i, 1000 * MINUTE + i));
        }
        assertThat(find(runs)).isEmpty();
    }

    @Test
    void runsThatTheDetectorCouldNotJudgeAreNotCompared() {
        List<FleetRun> runs = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            FleetRun run = run(i, Map.of("logger", i < 10 ? "full" : "brief"), "host", i < 10, FleetRun.NO_TIME);
            runs.add(i < 10 ? run : new FleetRun(run.run(), run.summary(), Set.of(), run.events(), run.places(), 0, 1));
        }
        assertThat(find(runs)).isEmpty();
    }
}
