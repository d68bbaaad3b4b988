package io.tiltmeter.docs;

import io.tiltmeter.report.CheckTable;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.Checks;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ChecksDocumentTest {
    private static final String FILE = "src/site/markdown/checks.md";

    @BeforeAll
    static void generate() throws IOException {
        GeneratedFile.generate(FILE, text());
    }

    @Test
    void documentsEveryCheck() {
        GeneratedFile.check(FILE, text());
    }

    private static String text() {
        List<CheckInfo> checks = Checks.infos();
        StringBuilder text = new StringBuilder("""
                # Checks of the gate

                [The gate](gate.md) runs these checks over every dataset. This page is made of the checks themselves. Each is
                set under `validate.checks.<id>` in the [settings](../../../conf/tiltmeter.conf): `enabled`, `level` (`error`
                closes the gate, `warning` only reports), and its bounds.

                """);
        text.append(CheckTable.markdown(checks)).append("\n## What to do\n\n");
        for (CheckInfo check : checks) {
            text.append("- **")
                    .append(check.title())
                    .append("** (`")
                    .append(check.id())
                    .append("`): ")
                    .append(check.advice())
                    .append('\n');
        }
        return text.toString();
    }
}
