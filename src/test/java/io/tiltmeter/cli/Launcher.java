package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.docs.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Starts the scripts in {@code jobs/} as a user does. */
record Launcher(Path folder, Map<String, String> environment) {
    private static final List<String> NOT_INHERITED = List.of(
            "SPARK_HOME",
            "SPARK_CONF_DIR",
            "SPARK_MASTER",
            "COLUMNS",
            "TILTMETER_JAVA_OPTS",
            "TILTMETER_TTY",
            "NO_COLOR");

    /** How a process ended and what it said. */
    record Result(int code, String out, String err) {
        /** Lines of the error stream but for progress and Spark's own. */
        List<String> problems() {
            return err.lines().filter(line -> line.startsWith("jobs/")).toList();
        }
    }

    /** Runs {@code jobs/COMMAND} in the folder. */
    Result run(String command, String... arguments) throws IOException, InterruptedException {
        Path out = Files.createTempFile("tiltmeter", ".out");
        Path err = Files.createTempFile("tiltmeter", ".err");
        List<String> line = new ArrayList<>();
        line.add(Repository.file("jobs/" + command).toString());
        line.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(folder.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().keySet().removeAll(NOT_INHERITED);
        builder.environment().put("SPARK_MASTER", "local[2]");
        // Jobs this short spend half of their time on compiling what they run a few times.
        builder.environment().put("TILTMETER_JAVA_OPTS", "-XX:TieredStopAtLevel=1");
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(170, TimeUnit.SECONDS))
                    .as("jobs/%s ends", command)
                    .isTrue();
            return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            process.destroyForcibly();
            Files.delete(out);
            Files.delete(err);
        }
    }
}
