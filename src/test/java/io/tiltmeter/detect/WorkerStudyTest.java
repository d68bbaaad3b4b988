package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How often sound workers are blamed, over runs of every kind. */
class WorkerStudyTest {
    static final List<Detector> DETECTORS = List.of(
            new WorkerOutlierDetector(),
            new StragglerDetector(),
            new TokenDriftDetector(),
            new GradientDirectionDetector(),
            new DuplicatedDataDetector(),
            new FrozenWorkerDetector(),
            new ReplicaDriftDetector());

    /** A sound run, all of whose nature comes from the seed. */
    static Team sound(long seed) {
        Random random = new Random(seed);
        int[] sizes = {2, 3, 4, 8, 8, 16, 16, 32, 64};
        int workers = sizes[random.nextInt(sizes.length)];
        int steps = workers > 16 ? 400 + random.nextInt(400) : 200 + random.nextInt(1200);
        double memory = 0.95 * random.nextDouble();
        int freedom = new int[] {0, 3, 5}[random.nextInt(3)];
        double places = random.nextBoolean() ? 0 : 0.3 * random.nextDouble();
        double scale = 0.02 + 0.3 * random.nextDouble();
        WorkerNoise loss = new WorkerNoise(steps, workers, scale / 2, memory, freedom, places / 3, seed + 1);
        WorkerNoise norm = new WorkerNoise(steps, workers, scale, memory, freedom, places, seed + 2);
        WorkerNoise busy =
                new WorkerNoise(steps, workers, 0.02 + 0.1 * random.nextDouble(), memory, freedom, 0.02, seed + 3);
        WorkerNoise tokens = new WorkerNoise(steps, workers, 0.1, 0, 0, 0, seed + 4);
        boolean constant = random.nextBoolean();
        // From gradients with a common direction to those of a network that has learnt what there is.
        double direction = 0.2 * random.nextDouble();
        double scatter = 0.1 + 0.2 * random.nextDouble();
        WorkerNoise cosine = new WorkerNoise(steps, workers, scatter, memory / 2, freedom, 0.02, seed + 5);
        return Team.of(workers, steps)
                .with(Metric.LOSS.ordinal(), (s, w) -> curve(s) * Math.exp(loss.at(s, w)))
                .with(Metric.GRAD_NORM.ordinal(), (s, w) -> (0.3 + 3 * Math.exp(-s / 100.0)) * Math.exp(norm.at(s, w)))
                .with(Metric.GRAD_COSINE.ordinal(), (s, w) -> Math.max(-1, Math.min(1, direction + cosine.at(s, w))))
                .with(Metric.TOKENS.ordinal(), (s, w) -> constant ? 8192 : Math.rint(8192 * Math.exp(tokens.at(s, w))))
                .with(Metric.COMPUTE_SECONDS.ordinal(), (s, w) -> 0.4 * Math.exp(busy.at(s, w)));
    }

    static double curve(int step) {
        return 2.5 + 7.5 * Math.pow(1 + step / 20.0, -0.6);
    }

    /**
     * Autocorrelations up to .95, tails down to three degrees of freedom, 2 to 64 workers, each at a place of its own. Other runs
     * than these with {@code -Dstudy.first}, more with {@code -Dstudy.runs}.
     */
    @Test
    void ofSoundRunsNotOneInAHundredHasAnError() {
        int runs = Integer.getInteger("study.runs", 200);
        int first = Integer.getInteger("study.first", 0);
        int errors = 0;
        int warnings = 0;
        for (int i = 0; i < runs; i++) {
            List<Finding> findings = sound(1000L * (first + i)).judge(DETECTORS);
            errors += findings.stream().anyMatch(f -> f.severity() == Severity.ERROR) ? 1 : 0;
            warnings += findings.stream().anyMatch(f -> f.severity() == Severity.WARNING) ? 1 : 0;
        }
        System.out.printf(
                "Of %d sound runs from number %d on, %d have an error and %d a warning%n",
                runs, first, errors, warnings);
        assertThat(errors).as("runs of %d with an error, from %d", runs, first).isLessThanOrEqualTo(runs / 100);
        assertThat(warnings)
                .as("runs of %d with a warning, from %d", runs, first)
                .isLessThanOrEqualTo(runs / 50);
    }
}
