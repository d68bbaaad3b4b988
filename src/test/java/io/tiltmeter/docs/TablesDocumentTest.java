package io.tiltmeter.docs;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TablesDocumentTest {
    private static final String FILE = "src/site/markdown/tables.md";

    @BeforeAll
    static void generate() throws IOException {
        GeneratedFile.generate(FILE, TablesDocument.text());
    }

    @Test
    void documentsEveryTable() {
        GeneratedFile.check(FILE, TablesDocument.text());
    }
}
