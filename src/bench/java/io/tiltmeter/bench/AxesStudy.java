package io.tiltmeter.bench;

import io.tiltmeter.correlate.CauseStudy;
import io.tiltmeter.simulate.CommonCause;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Whether patterns tell the truth: fleets of incidents with a planted common cause, and as many with none. Seeded; the
 * same numbers every time.
 *
 * <pre>./mvnw -Pbench verify -DskipTests -Dbench.main=io.tiltmeter.bench.AxesStudy -Dbench.arguments="200 2000 20"</pre>
 */
public final class AxesStudy {
    private static final int MOST_EXAMPLES = 20;

    private AxesStudy() {}

    /** Arguments: a folder (unused), fleets of each sort, runs of a fleet, projects of a fleet. */
    public static void main(String[] arguments) {
        int fleets = Integer.parseInt(arguments[1]);
        int runs = Integer.parseInt(arguments[2]);
        int projects = Integer.parseInt(arguments[3]);
        long start = System.nanoTime();
        List<CommonCause> causes = Stream.of(CommonCause.values())
                .filter(c -> c != CommonCause.NONE)
                .toList();
        Map<CommonCause, List<CauseStudy.Result>> planted = new TreeMap<>();
        List<CauseStudy.Result> all = IntStream.range(0, fleets)
                .parallel()
                .mapToObj(i -> CauseStudy.run(1_000_000 + i, runs, projects, causes.get(i % causes.size())))
                .toList();
        for (int i = 0; i < fleets; i++) {
            planted.computeIfAbsent(causes.get(i % causes.size()), c -> new ArrayList<>())
                    .add(all.get(i));
        }
        System.out.printf("%d + %d fleets of %,d runs in %d projects%n%n", fleets, fleets, runs, projects);
        System.out.println(
                "| Planted | fleets | found on its axis | bystander a pattern | rejected | other patterns |");
        System.out.println("|---|---|---|---|---|---|");
        planted.forEach((cause, results) -> System.out.printf(
                "| %s | %d | %d | %d | %d | %d |%n",
                cause.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '),
                results.size(),
                results.stream().filter(CauseStudy.Result::found).count(),
                results.stream().filter(CauseStudy.Result::bystander).count(),
                results.stream().filter(CauseStudy.Result::rejected).count(),
                results.stream().mapToInt(r -> r.others().size()).sum()));
        List<CauseStudy.Result> none = IntStream.range(0, fleets)
                .parallel()
                .mapToObj(i -> CauseStudy.run(2_000_000 + i, runs, projects, CommonCause.NONE))
                .toList();
        System.out.printf(
                "%nNothing planted: %d of %d fleets show a pattern, %d patterns in all%n",
                none.stream().filter(r -> !r.others().isEmpty()).count(),
                fleets,
                none.stream().mapToInt(r -> r.others().size()).sum());
        Stream.concat(all.stream(), none.stream())
                .flatMap(r -> r.others().stream())
                .limit(MOST_EXAMPLES)
                .forEach(text -> System.out.println("  false: " + text));
        System.out.printf(
                "%.0f s, %d cores, Java %s%n",
                (System.nanoTime() - start) / 1e9, Runtime.getRuntime().availableProcessors(), Runtime.version());
    }
}
