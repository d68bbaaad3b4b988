package io.tiltmeter.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.model.Chart;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ChartSamplerTest {

    @Test
    void fewPointsStayAsTheyAre() {
        ChartSampler sampler = new ChartSampler("loss", 10);
        sampler.add(0, 1, 5);
        sampler.add(0, 2, 4);
        Chart chart = sampler.chart();
        assertThat(chart.steps()).containsExactly(1, 2);
        assertThat(chart.low()).containsExactly(5, 4);
        assertThat(chart.high()).containsExactly(5, 4);
        assertThat(chart.last()).containsExactly(5, 4);
    }

    @Test
    void aSpikeAmongAMillionPointsIsKept() {
        ChartSampler sampler = new ChartSampler("loss", 600);
        for (int step = 0; step < 1_000_000; step++) {
            sampler.add(0, step, step == 654_321 ? 99 : step == 123_456 ? -7 : 1);
        }
        Chart chart = sampler.chart();
        assertThat(chart.steps().length).isBetween(300, 600);
        assertThat(Arrays.stream(chart.high()).max()).hasValue(99);
        assertThat(Arrays.stream(chart.low()).min()).hasValue(-7);
        assertThat(chart.steps()).isSorted();
        assertThat(chart.steps()[0]).isZero();
    }

    @Test
    void nanIsKeptAsTheHighest() {
        ChartSampler sampler = new ChartSampler("loss", 4);
        for (int step = 0; step < 64; step++) {
            sampler.add(0, step, step == 20 ? Double.NaN : 1);
        }
        assertThat(Arrays.stream(sampler.chart().high()).anyMatch(Double::isNaN))
                .isTrue();
        assertThat(Arrays.stream(sampler.chart().low())).allMatch(low -> low == 1);
    }

    @Test
    void hundredsOfRestartsStayWithinTheBound() {
        ChartSampler sampler = new ChartSampler("loss", 50);
        for (int attempt = 0; attempt < 500; attempt++) {
            for (int step = 0; step < 7; step++) {
                sampler.add(attempt, step, attempt == 250 && step == 3 ? 9 : 1);
            }
        }
        assertThat(sampler.chart().steps().length).isLessThanOrEqualTo(50);
        assertThat(Arrays.stream(sampler.chart().high()).max()).hasValue(9);
    }

    @Test
    void needsAtLeastFourPoints() {
        assertThatThrownBy(() -> new ChartSampler("loss", 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 4");
    }
}
