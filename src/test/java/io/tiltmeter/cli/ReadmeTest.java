package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.docs.Repository;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What README, documentation and examples tell people to type and to open is there. */
class ReadmeTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern JOB = Pattern.compile("jobs/([a-z][a-z0-9_./-]*[a-z0-9])");
    private static final Pattern COMMAND = Pattern.compile("\\bjobs/([a-z]+) ([^`;&|\\n]*)");
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z-]*");
    /** Options of ours; all others that the texts name are Spark's. */
    private static final List<String> COMMANDS =
            List.of("compare", "demo", "ingest", "nightly", "score", "train", "validate");

    static Stream<String> documents() throws IOException {
        List<String> documents = new ArrayList<>(List.of("README.md"));
        for (String folder : List.of("src/site/markdown", "jobs/examples")) {
            try (Stream<Path> files = Files.list(Repository.file(folder))) {
                files.filter(Files::isRegularFile)
                        .map(file -> folder + "/" + file.getFileName())
                        .sorted()
                        .forEach(documents::add);
            }
        }
        return documents.stream();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void linksLeadSomewhere(String document) {
        Matcher link = LINK.matcher(Repository.text(document));
        while (link.find()) {
            if (URI.create(link.group(1)).getScheme() == null) {
                String[] pathAndAnchor = link.group(1).split("#", 2);
                Path page = Repository.file(document);
                // Without a path an anchor is on the same page.
                Path target = pathAndAnchor[0].isEmpty()
                        ? page
                        : page.resolveSibling(pathAndAnchor[0]).normalize();
                assertThat(target).exists();
                if (pathAndAnchor.length == 2) {
                    assertThat(anchors(target)).contains(pathAndAnchor[1]);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyJobNamedIsThere(String document) {
        Matcher job = JOB.matcher(Repository.text(document));
        while (job.find()) {
            assertThat(Repository.file("jobs/" + job.group(1))).exists();
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyOptionOfACommandIsKnownToIt(String document) {
        Matcher command = COMMAND.matcher(oneLineACommand(Repository.text(document)));
        while (command.find()) {
            Set<String> known = options(command.group(1));
            known.addAll(sparkOptions());
            assertThat(known).as(command.group()).containsAll(optionsIn(command.group(2)));
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyOptionNamedIsKnown(String document) {
        Set<String> known = new TreeSet<>(sparkOptions());
        // Of spark-submit, where the launchers give it themselves; and of Megatron-LM.
        known.addAll(List.of("--class", "--initial-loss-scale"));
        COMMANDS.forEach(command -> known.addAll(options(command)));

        assertThat(known).containsAll(optionsIn(Repository.text(document)));
    }

    @Test
    void findsWhatItLooksFor() {
        String readme = Repository.text("README.md");

        assertThat(COMMAND.matcher(readme).results()).hasSizeGreaterThanOrEqualTo(4);
        assertThat(LINK.matcher(readme).results()).hasSizeGreaterThan(8);
        assertThat(options("nightly")).contains("--metrics", "--set", "--help").doesNotContain("--input");
        assertThat(sparkOptions()).contains("--master", "--conf", "--queue").doesNotContain("--config");
    }

    @Test
    void exitCodesAreThoseOfTheProgram() {
        String readme = Repository.text("README.md")
                .replace(" (`info`, `warning`, `error`)", "")
                .replace("`", "");
        for (ExitCode code : ExitCode.values()) {
            assertThat(readme).contains("| " + code.code() + " | " + code.meaning() + " |");
        }
    }

    @Test
    void theTestCommandIsTheOneThatIsRun() {
        assertThat(Repository.text("README.md")).contains("./mvnw -B verify");
        assertThat(Repository.text(".ci/run")).contains("./mvnw -B -ntp verify");
        assertThat(Files.isExecutable(Repository.file("mvnw"))).isTrue();
        assertThat(Files.isExecutable(Repository.file(".ci/run"))).isTrue();
    }

    @Test
    void thePictureIsSmall() throws IOException {
        assertThat(Files.size(Repository.file("src/site/markdown/images/report.png")))
                .isBetween(10_000L, 300_000L);
    }

    private static String oneLineACommand(String text) {
        return text.replace("\\\n", " ");
    }

    private static Set<String> optionsIn(String text) {
        Set<String> options = new TreeSet<>();
        OPTION.matcher(text).results().forEach(match -> options.add(match.group()));
        return options;
    }

    /** Options a command's help lists. */
    private static Set<String> options(String command) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream printed = new PrintStream(out, true, StandardCharsets.UTF_8);
        new CommandRunner(name -> FakeJobs.sound(), new Terminal(printed, printed, 120, false, false))
                .run(command, "--help");
        Set<String> options = new TreeSet<>();
        Pattern.compile("(?m)^ *(--[a-z][a-z-]*)")
                .matcher(out.toString(StandardCharsets.UTF_8))
                .results()
                .forEach(match -> options.add(match.group(1)));
        return options;
    }

    /** Options the launchers hand to Spark. */
    private static Set<String> sparkOptions() {
        String launcher = Repository.text("jobs/_launch");
        int begin = launcher.indexOf("local spark_options='");
        return optionsIn(launcher.substring(begin, launcher.indexOf("'", begin + 25)));
    }

    /** Anchors of a page's headings, as forges make them. */
    private static List<String> anchors(Path page) {
        try (Stream<String> lines = Files.lines(page)) {
            return lines.filter(line -> line.startsWith("#"))
                    .map(line -> line.replaceFirst("^#+ ", "")
                            .toLowerCase(java.util.Locale.ROOT)
                            .replaceAll("[^a-z0-9 -]", "")
                            .replace(' ', '-'))
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
