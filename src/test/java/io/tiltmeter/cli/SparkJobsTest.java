package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SparkJobsTest {
    @ParameterizedTest
    @CsvSource({
        "demo, local[*], 1, local[2]",
        "demo, local[*], 2, local[*]",
        "demo, local[1], 1, local[1]",
        "demo, spark://head:7077, 1, spark://head:7077",
        "train, local[*], 1, local[*]"
    })
    void onlyTheDemoRunsOnMoreThreadsThanThereAreCores(String command, String told, int cores, String taken) {
        assertThat(SparkJobs.master(command, told, cores)).isEqualTo(taken);
    }
}
