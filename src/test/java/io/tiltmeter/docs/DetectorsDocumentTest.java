package io.tiltmeter.docs;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.Detectors;
import io.tiltmeter.report.DetectorTable;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DetectorsDocumentTest {
    private static final String FILE = "src/site/markdown/detectors.md";

    @BeforeAll
    static void generate() throws IOException {
        GeneratedFile.generate(FILE, text());
    }

    @Test
    void documentsEveryDetector() {
        GeneratedFile.check(FILE, text());
    }

    private static String text() {
        List<DetectorInfo> detectors = Detectors.infos();
        StringBuilder text = new StringBuilder("""
                # Detectors

                A detector judges one thing and says so with a number: how far, against which threshold, from which step. It
                also says where it could not judge, because a run did not log what it needs or logged too little of it; the
                report shows that as coverage. This page is made of the detectors themselves.

                Each is set under `detect.<id>` in the [settings](../../../conf/tiltmeter.conf), and turned off with
                `--set detect.<id>.enabled=false`. The first setting of a detector is its main threshold.

                """);
        text.append(DetectorTable.markdown(detectors)).append("\n## What to do\n\n");
        for (DetectorInfo detector : detectors) {
            text.append("- **")
                    .append(detector.title())
                    .append("** (`")
                    .append(detector.id())
                    .append("`): ")
                    .append(detector.advice())
                    .append('\n');
        }
        return text.toString();
    }
}
