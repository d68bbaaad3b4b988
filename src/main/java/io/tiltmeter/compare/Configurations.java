package io.tiltmeter.compare;

import io.tiltmeter.model.RunRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What configuration a run has, and which runs share one. */
public final class Configurations {
    /** Settings that name a run and do not describe it. */
    private static final Set<String> NAMES = Set.of(
            "run",
            "run_id",
            "run_name",
            "run_num",
            "trial",
            "name",
            "output",
            "output_dir",
            "logging_dir",
            "log_dir",
            "save",
            "load",
            "tensorboard_dir",
            "wandb_id",
            "timestamp",
            "date",
            "time",
            "hostname",
            "pid");

    private Configurations() {}

    /**
     * Settings of a run, seed and names aside: its attributes, and data, tokenizer, framework, code and hardware.
     *
     * @param ignored further attributes that do not matter
     */
    public static Map<String, String> of(RunRecord run, Set<String> ignored) {
        Map<String, String> settings = new TreeMap<>();
        run.attributes().forEach((name, value) -> {
            if (!isName(name) && !ignored.contains(name)) {
                settings.put(name, value);
            }
        });
        put(settings, "dataset", run.dataset());
        put(settings, "dataset_version", run.datasetVersion());
        put(settings, "dataset_fingerprint", run.datasetFingerprint());
        put(settings, "tokenizer", run.tokenizer());
        put(settings, "framework", run.framework());
        put(settings, "code_version", run.codeVersion());
        put(settings, "hardware", run.hardware());
        settings.keySet().removeAll(ignored);
        return settings;
    }

    private static void put(Map<String, String> settings, String name, @Nullable String value) {
        if (value != null) {
            settings.put(name, value);
        }
    }

    /** Whether runs differ in it though they repeat one another: a name, or a seed. */
    private static boolean isName(String attribute) {
        String plain = attribute
                .substring(attribute.lastIndexOf('.') + 1)
                .toLowerCase(Locale.ROOT)
                .replace('-', '_');
        return NAMES.contains(plain) || RunRecord.isSeed(attribute);
    }

    /** The runs of each configuration of each project, as sets ordered by project and configuration. */
    public static List<RunSet> group(List<RunRecord> runs, Set<String> ignored) {
        Map<String, List<RunRecord>> projects = new TreeMap<>();
        runs.forEach(run -> projects.computeIfAbsent(run.project() == null ? "" : run.project(), p -> new ArrayList<>())
                .add(run));
        List<RunSet> sets = new ArrayList<>();
        projects.forEach((project, members) -> {
            Map<String, List<String>> varying = varying(members, ignored);
            Map<Map<String, String>, List<RunRecord>> configurations =
                    members.stream().collect(Collectors.groupingBy(run -> of(run, ignored)));
            configurations.entrySet().stream()
                    .map(each -> new RunSet(
                            name(project, each.getKey(), varying.keySet()), ordered(each.getValue()), Map.of()))
                    .sorted(Comparator.comparing(RunSet::name)
                            .thenComparing(set -> set.runs().get(0).runId()))
                    .forEach(sets::add);
        });
        return sets;
    }

    /** The runs as one set, whatever they are. */
    public static RunSet together(List<RunRecord> runs, Set<String> ignored) {
        List<RunRecord> ordered = ordered(runs);
        return new RunSet("the runs asked for", ordered, varying(ordered, ignored));
    }

    private static List<RunRecord> ordered(List<RunRecord> runs) {
        return runs.stream().sorted(Comparator.comparing(RunRecord::runId)).toList();
    }

    private static String name(String project, Map<String, String> configuration, Set<String> varying) {
        String settings = configuration.entrySet().stream()
                .filter(each -> varying.contains(each.getKey()))
                .map(each -> each.getKey() + "=" + each.getValue())
                .collect(Collectors.joining(" "));
        return project.isEmpty() ? settings : settings.isEmpty() ? project : project + ": " + settings;
    }

    /** Settings in which runs differ, with the value of each run; {@code ""} where it has none. */
    static Map<String, List<String>> varying(List<RunRecord> runs, Set<String> ignored) {
        List<Map<String, String>> all =
                runs.stream().map(run -> of(run, ignored)).toList();
        Set<String> names = new TreeSet<>();
        all.forEach(settings -> names.addAll(settings.keySet()));
        Map<String, List<String>> varying = new TreeMap<>();
        for (String name : names) {
            List<String> values = all.stream()
                    .map(settings -> settings.getOrDefault(name, ""))
                    .toList();
            if (values.stream().distinct().count() > 1) {
                varying.put(name, values);
            }
        }
        return varying;
    }
}
