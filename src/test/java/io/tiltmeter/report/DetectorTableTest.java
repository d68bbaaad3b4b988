package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DetectorTableTest {

    @Test
    void givesEachDetectorARowAndEachFurtherSettingOne() {
        assertThat(DetectorTable.markdown(List.of(SampleReports.SPIKE))).isEqualTo("""
| Detector | What it finds | Judges | Setting and default | Origin of the default |
|---|---|---|---|---|
| **`loss-spike`** | The loss jumped far above its own recent level and came back. | `loss` | `z` = 6 MADs: How far above the running median | Chowdhery et al., PaLM, 2022, section 5.1 |
|  |  |  | `window` = 128 steps: Length of the running median | Shortest window whose false alarms stay under 1 in 10,000 steps on the corpus |
""");
    }

    @Test
    void keepsForeignTextInsideItsCell() {
        String table =
                DetectorTable.markdown(SampleReports.hostile("a | b\n<script>").detectors());

        assertThat(table.lines()).hasSize(3);
        assertThat(table).contains("a \\| b &lt;script>");
    }
}
