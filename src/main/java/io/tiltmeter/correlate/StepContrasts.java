package io.tiltmeter.correlate;

import io.tiltmeter.correlate.PatternFinder.JudgedRun;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Runs of other projects that logged the steps of a pattern: those of the projects next to it by name, and all together. A
 * folder in which the cause was mended, or another recipe, shows as a contrast.
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
        NavigableMap<String, Pattern.Contrast> others = new TreeMap<>();
        projects.forEach((name, runs) -> {
            if (!name.equals(project)) {
                contrast(name, runs, like, from, to).ifPresent(contrast -> others.put(name, contrast));
            }
        });
        List<Pattern.Contrast> contrasts = new ArrayList<>();
        Stream.of(others.lowerEntry(project), others.higherEntry(project))
                .filter(java.util.Objects::nonNull)
                .forEach(entry -> contrasts.add(entry.getValue()));
        if (others.size() > contrasts.size()) {
            contrasts.add(new Pattern.Contrast(
                    "runs of all " + others.size() + " other projects",
                    others.values().stream()
                            .mapToInt(Pattern.Contrast::affected)
                            .sum(),
                    others.values().stream().mapToInt(Pattern.Contrast::of).sum()));
        }
        return contrasts;
    }

    private static Optional<Pattern.Contrast> contrast(
            String project, List<JudgedRun> runs, Finding like, long from, long to) {
        int affected = 0;
        int of = 0;
        for (JudgedRun run : runs) {
            if (run.logged(from) && run.logged(to)) {
                of++;
                affected += run.findings().stream()
                                .anyMatch(f -> f.detector().equals(like.detector())
                                        && f.metric().equals(like.metric())
                                        && f.stepFrom() >= from
                                        && f.stepFrom() <= to)
                        ? 1
                        : 0;
            }
        }
        return of == 0 ? Optional.empty() : Optional.of(new Pattern.Contrast("runs of " + project, affected, of));
    }
}
