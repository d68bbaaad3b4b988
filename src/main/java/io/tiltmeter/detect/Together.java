package io.tiltmeter.detect;

import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.model.Layout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Episodes of several workers that begin together and belong together: all of a pipeline stage, side by side on one host, or
 * with consecutive numbers where hosts are not known. What they share is more likely at fault than each of them.
 */
final class Together {
    /** Workers with consecutive numbers that make a group; fewer do so by chance. */
    private static final int FEWEST = 4;
    /** Chunks of steps within which they begin. */
    private static final int CHUNKS = 2;

    private Together() {}

    /** The episodes in groups, most of them alone; ordered by first step and worker. */
    static List<List<Episode>> groups(List<Episode> episodes, Layout layout, double stride) {
        double reach = CHUNKS * WorkerLevels.CHUNK * stride;
        List<List<Episode>> settled = new ArrayList<>();
        List<Episode> byWorker = new ArrayList<>(episodes);
        for (List<Episode> stage : stages(episodes, layout, reach)) {
            settled.add(stage);
            byWorker.removeAll(stage);
        }
        byWorker.sort(Comparator.comparingInt((Episode e) -> e.attempt)
                .thenComparing(e -> e.up)
                .thenComparingInt(e -> e.worker)
                .thenComparingLong(e -> e.from));
        List<List<Episode>> groups = new ArrayList<>();
        for (Episode episode : byWorker) {
            List<Episode> open = groups.isEmpty() ? List.of() : groups.get(groups.size() - 1);
            if (!open.isEmpty() && isNext(open.get(open.size() - 1), episode, layout, reach)) {
                open.add(episode);
            } else {
                groups.add(new ArrayList<>(List.of(episode)));
            }
        }
        for (List<Episode> group : groups) {
            if (group.size() >= FEWEST || (group.size() > 1 && layout.hasHosts() && hasAHostAlone(group, layout))) {
                settled.add(group);
            } else {
                group.forEach(episode -> settled.add(List.of(episode)));
            }
        }
        settled.sort(Comparator.comparingInt((List<Episode> g) -> g.get(0).attempt)
                .thenComparingLong(g -> g.get(0).from)
                .thenComparingInt(g -> g.get(0).worker));
        return settled;
    }

    /** Whole pipeline stages: an episode of each of its workers, begun together. */
    private static List<List<Episode>> stages(List<Episode> episodes, Layout layout, double reach) {
        Map<List<Integer>, List<Episode>> byStage = new LinkedHashMap<>();
        for (Episode episode : episodes) {
            int stage = layout.stage(episode.worker);
            if (stage >= 0) {
                byStage.computeIfAbsent(List.of(episode.attempt, episode.up ? 1 : 0, stage), s -> new ArrayList<>())
                        .add(episode);
            }
        }
        List<List<Episode>> whole = new ArrayList<>();
        byStage.forEach((key, all) -> {
            int size = layout.sizeOfStage(key.get(2));
            List<Episode> byStep = new ArrayList<>(all);
            byStep.sort(Comparator.comparingLong((Episode e) -> e.from).thenComparingInt(e -> e.worker));
            for (int i = 0; size > 1 && i + size <= byStep.size(); i++) {
                List<Episode> next = byStep.subList(i, i + size);
                boolean together = next.get(size - 1).from - next.get(0).from <= reach;
                if (together && next.stream().mapToInt(e -> e.worker).distinct().count() == size) {
                    whole.add(next.stream()
                            .sorted(Comparator.comparingInt(e -> e.worker))
                            .toList());
                    i += size - 1;
                }
            }
        });
        return whole;
    }

    private static boolean isNext(Episode one, Episode next, Layout layout, double reach) {
        boolean begins = one.attempt == next.attempt && one.up == next.up && Math.abs(one.from - next.from) <= reach;
        boolean beside = layout.hasHosts() ? layout.shareHost(one.worker, next.worker) : next.worker == one.worker + 1;
        return begins && beside;
    }

    /** Whether the neighbours of a group, by number, are on other hosts. */
    private static boolean hasAHostAlone(List<Episode> group, Layout layout) {
        int before = group.get(0).worker - 1;
        int last = group.get(group.size() - 1).worker;
        return !layout.shareHost(before, last) && !layout.shareHost(last + 1, last);
    }

    /** A group in words. */
    static String words(List<Episode> group, Layout layout) {
        int first = group.get(0).worker;
        int last = group.get(group.size() - 1).worker;
        String host = layout.host(first);
        if (group.stream().anyMatch(e -> !layout.shareHost(first, e.worker))
                && layout.sizeOfStage(layout.stage(first)) == group.size()) {
            return "all " + group.size() + " workers of pipeline stage " + layout.stage(first);
        }
        return "workers " + first + " to " + last + (host == null ? "" : " of host " + host);
    }
}
