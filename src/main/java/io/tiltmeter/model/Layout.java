package io.tiltmeter.model;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who is whose peer among the workers of one attempt: peers have the same place in the parallel layout but for the data
 * coordinate, so that they compute the same on different data. Workers that the topology does not name are peers of one
 * another.
 */
public final class Layout implements Serializable {
    /** Nothing is known: all workers are peers. */
    public static final Layout UNKNOWN = new Layout(List.of());

    private static final long serialVersionUID = 1;
    private static final int NOWHERE = 0;

    private final int[] worker;
    private final int[] group;
    private final int[] data;
    /** Pipeline coordinate, -1 if unknown. */
    private final int[] stage;

    private final @Nullable String[] host;

    private Layout(List<TopologyRecord> records) {
        int n = records.size();
        worker = new int[n];
        group = new int[n];
        data = new int[n];
        stage = new int[n];
        host = new String[n];
        Map<List<Object>, Integer> groups = new HashMap<>();
        for (int i = 0; i < n; i++) {
            TopologyRecord record = records.get(i);
            worker[i] = record.worker();
            List<Object> place = new ArrayList<>(Arrays.asList(
                    or(record.tensorCoordinate()),
                    or(record.pipelineCoordinate()),
                    or(record.contextCoordinate()),
                    or(record.expertCoordinate())));
            Integer known = groups.putIfAbsent(place, groups.size());
            group[i] = known == null ? groups.size() - 1 : known;
            data[i] = record.dataCoordinate() == null ? -1 : record.dataCoordinate();
            stage[i] = record.pipelineCoordinate() == null ? -1 : record.pipelineCoordinate();
            host[i] = record.host();
        }
    }

    private static Object or(@Nullable Integer coordinate) {
        return coordinate == null ? -1 : coordinate;
    }

    /** The layout that these rows of one attempt tell; of several rows of a worker any one counts. */
    public static Layout of(List<TopologyRecord> records) {
        if (records.isEmpty()) {
            return UNKNOWN;
        }
        Map<Integer, TopologyRecord> byWorker = new HashMap<>();
        records.forEach(record -> byWorker.putIfAbsent(record.worker(), record));
        return new Layout(byWorker.values().stream()
                .sorted(Comparator.comparingInt(TopologyRecord::worker))
                .toList());
    }

    /** Number of workers whose place is known. */
    public int size() {
        return worker.length;
    }

    private int find(int wanted) {
        return Arrays.binarySearch(worker, wanted);
    }

    /** Number of the group of peers a worker belongs to. */
    public int group(int ofWorker) {
        int at = find(ofWorker);
        return at < 0 ? NOWHERE : group[at];
    }

    /** Whether two workers are known to read the same data, as ranks do that share a model between them. */
    public boolean shareData(int one, int other) {
        int a = find(one);
        int b = find(other);
        return a >= 0 && b >= 0 && data[a] >= 0 && data[a] == data[b];
    }

    /** Whether two workers are known to read different data. */
    public boolean differInData(int one, int other) {
        int a = find(one);
        int b = find(other);
        return a >= 0 && b >= 0 && data[a] >= 0 && data[b] >= 0 && data[a] != data[b];
    }

    /** Pipeline stage of a worker; -1 if unknown. */
    public int stage(int ofWorker) {
        int at = find(ofWorker);
        return at < 0 ? -1 : stage[at];
    }

    /** Number of workers of a pipeline stage, if there are others; 0 if all are in one. */
    public int sizeOfStage(int wanted) {
        int size = (int) Arrays.stream(stage).filter(s -> s == wanted).count();
        return size == stage.length ? 0 : size;
    }

    /** Host of a worker; null if unknown. */
    public @Nullable String host(int ofWorker) {
        int at = find(ofWorker);
        return at < 0 ? null : host[at];
    }

    /** Whether two workers are known to run on one host. */
    public boolean shareHost(int one, int other) {
        String name = host(one);
        return name != null && Objects.equals(name, host(other));
    }

    /** Whether any host is known. */
    public boolean hasHosts() {
        return Arrays.stream(host).anyMatch(Objects::nonNull);
    }
}
