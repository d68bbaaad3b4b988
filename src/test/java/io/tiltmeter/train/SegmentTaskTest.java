package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.config.ConfigException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentTaskTest {
    @Test
    void takesTheGpuThatSparkNamed() {
        assertThat(SegmentTask.number("0", 1)).isZero();
        assertThat(SegmentTask.number("3", 4)).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "-1", "GPU-5f3a", "", "99999999999"})
    void refusesAGpuThatIsNotThere(String address) {
        assertThatThrownBy(() -> SegmentTask.number(address, 2))
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        "Spark gave a worker the GPU '" + address + "', but there are 2 here, expected one of 0 to 1:"
                                + " correct spark.executor.resource.gpu.discoveryScript");
    }

    @Test
    void aSegmentDoesNotTellItsSecret() {
        Segment segment = Workers.segment(Path.of("m"), 50, 16, new Policies(Map.of(), Double.NaN));

        assertThat(segment.secret()).isEqualTo(99);
        assertThat(segment).hasToString("segment 0 of run 'a-run', attempt 0, steps 0 to 50");
    }
}
