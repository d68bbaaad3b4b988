package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.sources.RunNaming.Name;
import io.tiltmeter.sources.RunNaming.Place;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunNamingTest {
    private static List<String> ids(String... paths) {
        return RunNaming.name(Arrays.stream(paths).map(RunNamingTest::place).toList()).stream()
                .map(Name::runId)
                .toList();
    }

    private static Place place(String path) {
        return new Place(new InputFile(0, "in", "in/" + path, path, 1), null);
    }

    @Test
    void aNameThatSaysNothingGivesWayToItsFolder() {
        assertThat(ids("a/metrics.jsonl", "b/train.log", "c/run7.csv", "metrics.jsonl"))
                .containsExactly("in/a", "in/b", "in/c/run7", "in");
        // With another log beside it the name is needed.
        assertThat(ids("a/train.log", "a/eval.log")).containsExactly("in/a/train", "in/a/eval");
    }

    @Test
    void versionsAreNoExtensions() {
        assertThat(ids("v0.40", "x.log.gz", "lr_1e-3.jsonl")).containsExactly("in/v0.40", "in/x", "in/lr_1e-3");
    }

    @Test
    void runsThatWouldShareANameKeepTheirExtension() {
        assertThat(ids("a/x.csv", "a/x.json", "a/y.csv")).containsExactly("in/a/x.csv", "in/a/x.json", "in/a/y");
        assertThat(ids("a.log/metrics.csv", "a.log.csv")).doesNotHaveDuplicates();
    }

    @Test
    void hostileNamesStayDataWithoutControlCharacters() {
        assertThat(ids("../../x/a.log", "<script>alert(1)</script>.log", "b\u0000\u001b[2J.log"))
                .containsExactly("in/../../x/a", "in/<script>alert(1)</script>", "in/b\uFFFD\uFFFD[2J");
    }

    @Test
    void namesAreCutAndStayDifferent() {
        String long_ = "x".repeat(2000);
        List<String> ids = ids(long_ + "1/metrics.csv", long_ + "2/metrics.csv", long_ + "3/metrics.csv");
        assertThat(ids).doesNotHaveDuplicates().allSatisfy(id -> assertThat(id).hasSizeLessThanOrEqualTo(1000));
    }

    @Test
    void theInputItselfMayBeTheLog() {
        Place log = new Place(new InputFile(0, "train.log", "/data/train.log", "", 1), null);
        assertThat(RunNaming.name(List.of(log))).containsExactly(new Name("train", "train"));
    }

    @Test
    void filesOfOneRunFolderShareItAndInputsDoNot() {
        Place a = new Place(new InputFile(0, "in", "x/r/metrics/a", "r/metrics/a", 1), "r");
        Place b = new Place(new InputFile(0, "in", "x/r/metrics/b", "r/metrics/b", 1), "r");
        Place other = new Place(new InputFile(1, "in", "y/r/metrics/a", "r/metrics/a", 1), "r");
        assertThat(RunNaming.name(List.of(a, b, other)))
                .containsExactly(new Name("in/r", "in"), new Name("in/r", "in"), new Name("in/r~2", "in"));
    }

    @Test
    void theProjectIsTheFolderAbove() {
        assertThat(RunNaming.name(List.of(place("sweep/lr_1/metrics.jsonl"), place("sweep/x.csv"))))
                .containsExactly(new Name("in/sweep/lr_1", "in/sweep"), new Name("in/sweep/x", "in/sweep"));
    }
}
