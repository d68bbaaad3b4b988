package io.tiltmeter.correlate;

import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.correlate.FleetRun.Reading;
import io.tiltmeter.model.RunRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** All values of all axes that runs of a fleet share, and who was exposed to them. */
final class Exposures {
    private static final Map<Axis, Function<RunRecord, @Nullable String>> RECORDED = recorded();

    private final List<FleetRun> runs;
    private final List<Map<String, String>> settings;
    private final int fewest;
    private final List<Exposure> recorded = new ArrayList<>();
    private final List<Quantity> quantities = new ArrayList<>();
    private final Map<Axis, Map<String, TreeMap<Integer, Double>>> places = new TreeMap<>();

    /** @param fewest runs that a value needs to be worth a look */
    Exposures(List<FleetRun> runs, int fewest) {
        this.runs = runs;
        this.fewest = fewest;
        settings = runs.stream().map(run -> RunSettings.of(run.run())).toList();
        RECORDED.forEach((axis, read) -> byText(
                axis, run -> RunSettings.known(read.apply(runs.get(run).run())).orElse(null)));
        Set<String> names = new TreeSet<>();
        settings.forEach(own -> names.addAll(own.keySet()));
        names.forEach(this::setting);
        quantity(Axis.SCALE, "workers", run -> positive(runs.get(run).summary().workers()));
        for (Axis axis : List.of(Axis.HOST, Axis.DEVICE, Axis.RACK)) {
            places.put(axis, placed(axis));
        }
    }

    private static Map<Axis, Function<RunRecord, @Nullable String>> recorded() {
        Map<Axis, Function<RunRecord, @Nullable String>> readers = new TreeMap<>();
        readers.put(Axis.DATASET, RunRecord::dataset);
        readers.put(
                Axis.DATASET_VERSION,
                run -> run.datasetVersion() == null
                        ? null
                        : (run.dataset() == null ? "" : run.dataset() + " ") + run.datasetVersion());
        readers.put(Axis.TOKENIZER, RunRecord::tokenizer);
        readers.put(Axis.CODE_VERSION, RunRecord::codeVersion);
        readers.put(Axis.FRAMEWORK, RunRecord::framework);
        readers.put(Axis.HARDWARE, RunRecord::hardware);
        return readers;
    }

    private static double positive(double value) {
        return value > 0 ? value : Double.NaN;
    }

    /** Texts that runs have in common: datasets, versions, settings that are no numbers or are numbers beside texts. */
    List<Exposure> recordedTexts() {
        return recorded;
    }

    /** Settings and sizes that are numbers: of each project, and of the fleet where it has several. */
    List<Quantity> quantities() {
        return quantities;
    }

    /** Hosts, devices and racks. */
    List<Exposure> places(boolean located) {
        List<Exposure> found = new ArrayList<>();
        places.forEach((axis, values) -> values.forEach((value, members) -> {
            if (members.size() >= fewest) {
                found.add(exposure(axis, value, members, located));
            }
        }));
        return found;
    }

    /** Data shards that affected runs read, with how much of a run is theirs. */
    List<Exposure> shards(Kind kind) {
        Map<String, TreeMap<Integer, Double>> readers = new TreeMap<>();
        kind.first()
                .forEach((run, event) -> event.shards()
                        .forEach((shard, reading) -> readers.computeIfAbsent(shard, s -> new TreeMap<>())
                                .put(run, reading.share())));
        List<Exposure> found = new ArrayList<>();
        readers.forEach((shard, members) -> {
            if (members.size() >= fewest) {
                found.add(exposure(Axis.SHARD, shard, members, true));
            }
        });
        return found;
    }

    /** Affected runs of which it is known what they read at the incident. */
    static BitSet readers(Kind kind) {
        BitSet readers = new BitSet();
        kind.first().forEach((run, event) -> {
            if (event.shards().values().stream().anyMatch(Reading::atIncident)) {
                readers.set(run);
            }
        });
        return readers;
    }

    private static Exposure exposure(Axis axis, String value, TreeMap<Integer, Double> members, boolean pointed) {
        return new Exposure(
                axis,
                value,
                "",
                members.keySet().stream().mapToInt(Integer::intValue).toArray(),
                pointed
                        ? members.values().stream()
                                .mapToDouble(Double::doubleValue)
                                .toArray()
                        : new double[0]);
    }

    private Map<String, TreeMap<Integer, Double>> placed(Axis axis) {
        Map<String, TreeMap<Integer, Double>> values = new TreeMap<>();
        for (int r = 0; r < runs.size(); r++) {
            double all = runs.get(r).places().stream().mapToInt(Place::workers).sum();
            for (Place place : runs.get(r).places()) {
                String value = Exposure.name(axis, place);
                if (!value.isEmpty()) {
                    values.computeIfAbsent(value, v -> new TreeMap<>()).merge(r, place.workers() / all, Double::sum);
                }
            }
        }
        return values;
    }

    /**
     * The numbers of a setting are asked for an edge, among the runs that have a number. Each of its texts is a value by itself,
     * held against all comparable runs without it, and so are, all together, the numbers of a project of which other runs have
     * a text: {@code lr = 0.001}, or {@code lr = a number} where there are several. A text in one run so takes nothing from
     * the numbers of the others.
     */
    private void setting(String name) {
        double[] numbers = new double[runs.size()];
        Map<String, TreeSet<Double>> ofProject = new HashMap<>();
        Set<String> withTexts = new HashSet<>();
        for (int r = 0; r < numbers.length; r++) {
            String text = settings.get(r).get(name);
            numbers[r] = text == null ? Double.NaN : RunSettings.number(text).orElse(Double.NaN);
            String project = runs.get(r).project();
            if (!Double.isNaN(numbers[r])) {
                ofProject.computeIfAbsent(project, p -> new TreeSet<>()).add(numbers[r]);
            } else if (text != null) {
                withTexts.add(project);
            }
        }
        ofProject.keySet().retainAll(withTexts);
        Map<String, String> together = new HashMap<>();
        ofProject.forEach((project, values) ->
                together.put(project, values.size() == 1 ? Quantity.text(values.first()) : "a number"));
        quantity(Axis.SETTING, name, run -> numbers[run]);
        byText(Axis.SETTING, run -> {
            String text = settings.get(run).get(name);
            String value = Double.isNaN(numbers[run])
                    ? text
                    : together.get(runs.get(run).project());
            return value == null ? null : name + " = " + value;
        });
    }

    private void byText(Axis axis, IntFunction<@Nullable String> read) {
        Map<String, TreeMap<Integer, Double>> values = new TreeMap<>();
        for (int r = 0; r < runs.size(); r++) {
            String value = read.apply(r);
            if (value != null) {
                values.computeIfAbsent(value, v -> new TreeMap<>()).put(r, 1.0);
            }
        }
        values.forEach((value, members) -> {
            if (members.size() >= fewest) {
                recorded.add(exposure(axis, value, members, false));
            }
        });
    }

    private void quantity(Axis axis, String name, IntToDoubleFunction read) {
        Map<String, TreeMap<Integer, Double>> byProject = new TreeMap<>();
        for (int r = 0; r < runs.size(); r++) {
            double value = read.applyAsDouble(r);
            if (!Double.isNaN(value)) {
                byProject
                        .computeIfAbsent(runs.get(r).project(), p -> new TreeMap<>())
                        .put(r, value);
            }
        }
        byProject
                .values()
                .removeIf(values -> values.values().stream().distinct().count() < 2);
        byProject.forEach((project, values) -> quantities.add(quantity(axis, name, project, values)));
        if (byProject.size() > 1) {
            TreeMap<Integer, Double> all = new TreeMap<>();
            byProject.values().forEach(all::putAll);
            quantities.add(quantity(axis, name, "", all));
        }
    }

    private static Quantity quantity(Axis axis, String name, String project, TreeMap<Integer, Double> values) {
        return new Quantity(
                axis,
                name,
                project,
                values.keySet().stream().mapToInt(Integer::intValue).toArray(),
                values.values().stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** Groups of runs of one project that were planned to be about equally long, to within a factor of two. */
    List<String> equallyLong() {
        return runs.stream()
                .map(run -> {
                    Long steps = run.run().plannedSteps();
                    return run.project() + "\n" + (steps == null ? 0 : doublings(steps));
                })
                .toList();
    }

    /**
     * Groups of runs of one project that were about equally long and large, to within a factor of two: longer and larger
     * runs meet more machines, and more trouble.
     */
    List<String> equallyExposed() {
        return runs.stream()
                .map(run -> run.project() + "\n" + doublings(run.summary().points()) + " "
                        + doublings(
                                run.places().stream().mapToInt(Place::workers).sum()))
                .toList();
    }

    private static int doublings(long value) {
        return 64 - Long.numberOfLeadingZeros(value);
    }

    /** Whether two exposures concern the same runs in the same measure. */
    static String fingerprint(Exposure exposure, BitSet hits, Strata strata) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < exposure.runs().length; i++) {
            if (strata.has(exposure.runs()[i])) {
                text.append(exposure.runs()[i])
                        .append(':')
                        .append((float) exposure.share(i))
                        .append(' ');
            }
        }
        return text.append(hits).append(Arrays.hashCode(exposure.shares())).toString();
    }
}
