package io.tiltmeter.corpus;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** The real training logs that some tests read in place. */
public final class Corpus {
    private Corpus() {}

    /** A folder of the corpus; the test is skipped, with the reason, where the corpus is not there. */
    public static Path folder(String name) {
        String root = System.getProperty("corpus", "../shared/corpus");
        Path folder = Path.of(root).resolve(name).toAbsolutePath().normalize();
        assumeTrue(
                Files.isDirectory(folder),
                () -> "Skipped: the corpus of real logs is not at " + root + "; -Dcorpus=DIR says where it is");
        return folder;
    }
}
