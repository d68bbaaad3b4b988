package io.tiltmeter.correlate;

import io.tiltmeter.correlate.PatternFinder.JudgedRun;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Runs of other projects: those of the projects next to it by name, and all together that logged the pattern's steps. A
 * folder in which the cause was mended, or another recipe, shows as a contrast. A neighbour that did not get as far counts
 * with what it shows at any step.
 */
final class StepContrasts {
    private final NavigableMap<String, List<JudgedRun>> projects;

    StepContrasts(NavigableMap<String, List<JudgedRun>> projects) {
        this.projects = projects;
    }

    /**
     * Contrasts of a project's pattern.
     *
     * @param like a finding of the pattern, whose kind and metric count
     */
    List<Pattern.Contrast> of(String project, Finding like, long from, long to) {
        List<Pattern.Contrast> contrasts = new ArrayList<>();
        Stream.of(projects.lowerEntry(project), projects.higherEntry(project))
                .filter(java.util.Objects::nonNull)
                .forEach(next -> contrast(next.getKey(), next.getValue(), like, from, to)
                        .or(() -> anywhere(next.getKey(), next.getValue(), like))
                        .ifPresent(contrasts::add));
        List<Pattern.Contrast> others = new ArrayList<>();
        projects.forEach((name, runs) -> {
            if (!name.equals(project)) {
                contrast(name, runs, like, from, to).ifPresent(others::add);
            }
        });
        if (!others.isEmpty() && others.size() >= contrasts.size()) {
            contrasts.add(new Pattern.Contrast(
                    "runs of all " + others.size() + " other projects that logged these steps",
                    others.stream().mapToInt(Pattern.Contrast::affected).sum(),
                    others.stream().mapToInt(Pattern.Contrast::of).sum()));
        }
        return contrasts;
    }

    private static Optional<Pattern.Contrast> contrast(
            String project, List<JudgedRun> runs, Finding like, long from, long to) {
        List<JudgedRun> exposed =
                runs.stream().filter(run -> run.logged(from) && run.logged(to)).toList();
        return count("runs of " + project, exposed, f -> isLike(f, like) && f.stepFrom() >= from && f.stepFrom() <= to);
    }

    private static Optional<Pattern.Contrast> anywhere(String project, List<JudgedRun> runs, Finding like) {
        List<JudgedRun> logged =
                runs.stream().filter(run -> run.summary().points() > 0).toList();
        return count("runs of " + project + " at any step, for they did not get as far", logged, f -> isLike(f, like));
    }

    private static boolean isLike(Finding finding, Finding like) {
        return finding.detector().equals(like.detector()) && finding.metric().equals(like.metric());
    }

    private static Optional<Pattern.Contrast> count(String among, List<JudgedRun> runs, Predicate<Finding> counts) {
        int affected = (int) runs.stream()
                .filter(run -> run.findings().stream().anyMatch(counts))
                .count();
        return runs.isEmpty() ? Optional.empty() : Optional.of(new Pattern.Contrast(among, affected, runs.size()));
    }
}
