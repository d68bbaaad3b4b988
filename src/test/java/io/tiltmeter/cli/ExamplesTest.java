package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tiltmeter.docs.Repository;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The examples for schedulers can at least be read by what they are for. */
class ExamplesTest {

    @Test
    void theCronJobIsYamlAndCallsACommandAsItTakesIt() {
        Object job = new Yaml(new SafeConstructor(new LoaderOptions()))
                .load(Repository.text("jobs/examples/kubernetes-cronjob.yaml"));

        assertThat(at(job, "kind")).isEqualTo("CronJob");
        Object container = ((List<?>) at(job, "spec", "jobTemplate", "spec", "template", "spec", "containers")).get(0);
        List<String> arguments = new ArrayList<>();
        ((List<?>) at(container, "args")).forEach(argument -> arguments.add((String) argument));
        int jar = arguments.indexOf("/opt/tiltmeter/tiltmeter.jar");
        FakeJobs jobs = FakeJobs.sound();
        CommandRunner runner = new CommandRunner(jobs::open, new Terminal(System.out, System.err, 120, false, false));
        assertThat(runner.run(arguments.subList(jar + 1, arguments.size()).toArray(String[]::new))
                        .code())
                .isEqualTo(ExitCode.SOUND);
        assertThat(jobs.opened).containsExactly("nightly");
    }

    @Test
    void theDagIsPython() throws IOException, InterruptedException {
        Process python;
        try {
            python = new ProcessBuilder(
                            "python3",
                            "-c",
                            "import ast, sys; ast.parse(open(sys.argv[1]).read())",
                            Repository.file("jobs/examples/airflow_dag.py").toString())
                    .inheritIO()
                    .start();
        } catch (IOException e) {
            assumeTrue(false, "There is no python3 to read the example with");
            return;
        }
        assertThat(python.waitFor()).isZero();
    }

    private static Object at(Object tree, String... path) {
        Object node = tree;
        for (String key : path) {
            node = Objects.requireNonNull(((Map<?, ?>) node).get(key), key);
        }
        return node;
    }
}
