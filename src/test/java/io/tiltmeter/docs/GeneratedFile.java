package io.tiltmeter.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files of the repository that are made of the program: compared with it by tests, and written by them on demand. */
public final class GeneratedFile {
    private static final String SWITCH = "generate";

    private GeneratedFile() {}

    /** Writes the file, where the command line asks for it ({@code -Dgenerate}). */
    public static void generate(String file, String text) throws IOException {
        if (System.getProperty(SWITCH) != null) {
            Path path = Repository.file(file);
            Files.createDirectories(path.getParent());
            Files.writeString(path, text);
        }
    }

    /** Fails, saying how to make it anew, if the file is not exactly this text. */
    public static void check(String file, String text) {
        assertThat(Repository.file(file))
                .as(
                        "%s does not say what the program does. Write it anew, and look at what changed: ./mvnw -q -B test"
                                + " -Dtest='*DocumentTest' -D" + SWITCH,
                        file)
                .exists()
                .content()
                .isEqualTo(text);
    }
}
