package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShufflePartitionsTest {
    @ParameterizedTest
    @CsvSource({"0, 2", "4000, 2", "200000, 2", "200001, 3", "20000000, 200", "1000000000000, 10000"})
    void followRows(long rows, long partitions) {
        assertThat(ShufflePartitions.of(rows, 2)).isEqualTo(partitions);
    }

    @Test
    void keepEveryCoreBusy() {
        assertThat(ShufflePartitions.of(1, 64)).isEqualTo(64);
    }
}
