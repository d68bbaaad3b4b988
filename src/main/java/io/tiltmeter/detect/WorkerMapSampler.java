package io.tiltmeter.detect;

import io.tiltmeter.blocks.Channel;
import io.tiltmeter.blocks.Digest;
import io.tiltmeter.blocks.EqualClasses;
import io.tiltmeter.blocks.WorkerEvidence;
import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.WorkerMap;
import io.tiltmeter.model.WorkerMap.Unit;
import io.tiltmeter.stats.Robust;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Draws a {@link WorkerMap} from the windows of a run while they stream by, in bounded memory: all workers are kept, and when
 * the columns are full, neighbours are merged and every later column takes twice as many chunks of steps. Which rows are shown
 * is settled at the end.
 */
public final class WorkerMapSampler {
    /** Most rows of a map. */
    public static final int MOST_ROWS = 32;
    /** Most columns of a map. */
    public static final int MOST_COLUMNS = 64;
    /** Most values held: 8 MB of sums and weights; 64 columns of some 16,000 workers. */
    private static final int MOST_CELLS = 1 << 20;
    /** Columns that there are always. */
    private static final int FEWEST_COLUMNS = 8;
    /** Rows beside a worker at fault, on each side. */
    private static final int NEIGHBOURS = 4;

    private final WorkerMapRequest request;
    private final Workers workers = new Workers();
    private final List<Column> columns = new ArrayList<>();
    private final Map<Integer, Integer> numbers = new HashMap<>();
    private Layout layout = Layout.UNKNOWN;
    private int channel = -1;
    private Unit unit = Unit.LOG_RATIO;
    private int perColumn = 1;

    /** Some chunks of steps, of all workers. */
    private static final class Column {
        final long from;
        long to;
        int chunks = 1;
        float[] sum;
        float[] weight;
        final BitSet nonFinite = new BitSet();

        Column(long from, long to, int width) {
            this.from = from;
            this.to = to;
            sum = new float[width];
            weight = new float[width];
        }

        void add(int slot, double value, double steps) {
            if (slot >= sum.length) {
                int width = Math.max(slot + 1, sum.length * 2);
                sum = Arrays.copyOf(sum, width);
                weight = Arrays.copyOf(weight, width);
            }
            sum[slot] += (float) (value * steps);
            weight[slot] += (float) steps;
        }

        void add(Column next) {
            to = next.to;
            chunks += next.chunks;
            for (int slot = 0; slot < next.sum.length; slot++) {
                if (next.weight[slot] > 0) {
                    add(slot, next.sum[slot] / next.weight[slot], next.weight[slot]);
                }
            }
            nonFinite.or(next.nonFinite);
        }

        double value(int slot) {
            return slot < sum.length && weight[slot] > 0 ? sum[slot] / weight[slot] : Double.NaN;
        }
    }

    /** Begins a map. */
    public WorkerMapSampler(WorkerMapRequest request) {
        this.request = request;
    }

    /** Takes the next window of the run, in order of steps. */
    public void observe(WorkerWindow window, Digest digest) {
        long[] steps = digest.steps();
        if (window.attempt() != request.attempt()
                || steps.length == 0
                || steps[steps.length - 1] < request.drawnFrom()
                || steps[0] > request.drawnTo()) {
            return;
        }
        layout = window.layout();
        switch (request.detector()) {
            case FrozenWorkerDetector.ID, DuplicatedDataDetector.ID -> {
                unit = Unit.SHARE_EQUAL;
                window.evidence().runs().stream()
                        .filter(runs -> window.metric(runs.channel()).equals(request.metric()))
                        .forEach(runs -> addEqual(runs, digest));
            }
            case ReplicaDriftDetector.ID -> {
                unit = Unit.SHARE_APART;
                window.evidence().splits().stream()
                        .filter(splits -> window.metric(splits.channel()).equals(request.metric()))
                        .forEach(splits -> addApart(splits, steps));
            }
            default -> levels(window).ifPresent(levels -> addLevels(levels, digest));
        }
    }

    /** The levels to draw: of the metric that told, or of one that tells as much where it has none. */
    private Optional<WorkerLevels> levels(WorkerWindow window) {
        List<WorkerLevels> all = window.evidence().levels();
        if (channel < 0) {
            List<String> wanted = request.detector().equals(StragglerDetector.ID)
                    ? List.of(Channel.column(Channel.BUSY))
                    : List.of(request.metric(), Metric.GRAD_NORM.column(), Metric.LOSS.column());
            wanted.stream()
                    .flatMap(name ->
                            all.stream().filter(l -> window.metric(l.channel()).equals(name)))
                    .findFirst()
                    .ifPresent(found -> {
                        channel = found.channel();
                        unit = found.isRatio() ? Unit.LOG_RATIO : Unit.DIFFERENCE;
                    });
        }
        return all.stream()
                .filter(l -> l.channel() == channel && (l.isFlat() || l.isRatio() == (unit == Unit.LOG_RATIO)))
                .findFirst();
    }

    private void addLevels(WorkerLevels levels, Digest digest) {
        int[] slots = slots(levels.worker());
        double[] own = new double[slots.length];
        // Where a group is at fault its members may be all the peers there are.
        Layout peers = request.named().isEmpty() ? Layout.UNKNOWN : layout;
        for (int c = 0; c < levels.chunks(); c++) {
            int from = levels.start(c);
            int to = levels.start(c + 1);
            for (int i = 0; i < own.length; i++) {
                own[i] = levels.level(c, i);
            }
            double[] distances = PeerMedians.subtract(levels.worker(), own, peers);
            Column column = column(levels.steps()[from], levels.steps()[to - 1]);
            if (column == null) {
                continue;
            }
            for (int i = 0; i < slots.length; i++) {
                if (!Double.isNaN(distances[i])) {
                    column.add(slots[i], distances[i], to - from);
                }
            }
            markNonFinite(column, levels, c, digest);
        }
    }

    /** Marks who logged NaN or an infinity, as far as the digest says at which steps. */
    private void markNonFinite(Column column, WorkerLevels levels, int chunk, Digest digest) {
        long from = levels.steps()[levels.start(chunk)];
        long to = levels.steps()[levels.start(chunk + 1) - 1];
        for (Digest.Series series : digest.series()) {
            if (series.metric() != Metric.GRAD_NORM.ordinal() && series.metric() != Metric.LOSS.ordinal()) {
                continue;
            }
            for (int i = 0; i < series.steps().length; i++) {
                if (series.steps()[i] >= from && series.steps()[i] <= to && series.firstNonFinite()[i] >= 0) {
                    column.nonFinite.set(slot(series.firstNonFinite()[i]));
                }
            }
            for (int i = 0; i < series.worker().length && series.metric() == levels.channel(); i++) {
                int at = Arrays.binarySearch(levels.worker(), series.worker()[i]);
                if (series.workerNonFinite()[i] > 0 && at >= 0 && Double.isNaN(levels.level(chunk, at))) {
                    column.nonFinite.set(slot(series.worker()[i]));
                }
            }
        }
    }

    private void addEqual(WorkerEvidence.EqualRuns runs, Digest digest) {
        boolean ofItself = request.detector().equals(FrozenWorkerDetector.ID);
        int[] all = digest.series().stream()
                .map(Digest.Series::worker)
                .max((a, b) -> Integer.compare(a.length, b.length))
                .orElse(new int[0]);
        int[] slots = slots(all);
        long[] steps = Arrays.stream(digest.steps())
                .filter(step -> step >= runs.firstStep() && step <= runs.lastStep())
                .toArray();
        for (int c = 0; c < WorkerLevels.chunks(steps.length); c++) {
            int from = WorkerLevels.chunkStart(c, steps.length);
            int to = WorkerLevels.chunkStart(c + 1, steps.length);
            Column column = column(steps[from], steps[to - 1]);
            if (column == null) {
                continue;
            }
            Map<Integer, BitSet> equal = new HashMap<>();
            for (int i = 0; i < runs.worker().length; i++) {
                if ((runs.worker()[i] == runs.twin()[i]) == ofItself) {
                    for (int s = from; s < to; s++) {
                        if (steps[s] >= runs.from()[i] && steps[s] <= runs.to()[i]) {
                            equal.computeIfAbsent(runs.worker()[i], w -> new BitSet())
                                    .set(s);
                            equal.computeIfAbsent(runs.twin()[i], w -> new BitSet())
                                    .set(s);
                        }
                    }
                }
            }
            for (int i = 0; i < all.length; i++) {
                BitSet own = equal.getOrDefault(all[i], new BitSet());
                column.add(slots[i], own.cardinality() / (double) (to - from), to - from);
            }
        }
    }

    private void addApart(WorkerEvidence.Splits splits, long[] windowSteps) {
        int[] slots = slots(splits.worker());
        int[] classes = splits.first().clone();
        long[] steps = Arrays.stream(windowSteps)
                .filter(step -> step >= splits.firstStep() && step <= splits.lastStep())
                .toArray();
        int change = 0;
        for (int c = 0; c < WorkerLevels.chunks(steps.length); c++) {
            int from = WorkerLevels.chunkStart(c, steps.length);
            int to = WorkerLevels.chunkStart(c + 1, steps.length);
            int[] apart = new int[slots.length];
            boolean[] now = new boolean[slots.length];
            boolean stale = true;
            for (int s = from; s < to; s++) {
                while (change < splits.step().length && splits.step()[change] <= steps[s]) {
                    classes[splits.changed()[change]] = splits.now()[change];
                    change++;
                    stale = true;
                }
                now = stale ? apart(splits.worker(), classes) : now;
                stale = false;
                for (int i = 0; i < apart.length; i++) {
                    apart[i] += now[i] ? 1 : 0;
                }
            }
            Column column = column(steps[from], steps[to - 1]);
            for (int i = 0; i < apart.length && column != null; i++) {
                column.add(slots[i], apart[i] / (double) (to - from), to - from);
            }
        }
    }

    /** Who does not have the value that most of its peers have. */
    private boolean[] apart(int[] worker, int[] classes) {
        Map<Integer, Map<Integer, Integer>> counts = new HashMap<>();
        for (int i = 0; i < worker.length; i++) {
            if (classes[i] != EqualClasses.UNKNOWN) {
                counts.computeIfAbsent(layout.group(worker[i]), g -> new HashMap<>())
                        .merge(classes[i], 1, Integer::sum);
            }
        }
        Map<Integer, Integer> most = new HashMap<>();
        counts.forEach((group, values) -> most.put(
                group,
                values.entrySet().stream()
                        .max(Map.Entry.<Integer, Integer>comparingByValue()
                                .thenComparing(Map.Entry.<Integer, Integer>comparingByKey()
                                        .reversed()))
                        .map(Map.Entry::getKey)
                        .orElse(-1)));
        boolean[] apart = new boolean[worker.length];
        for (int i = 0; i < worker.length; i++) {
            apart[i] = classes[i] != EqualClasses.UNKNOWN
                    && most.getOrDefault(layout.group(worker[i]), EqualClasses.UNKNOWN) != classes[i];
        }
        return apart;
    }

    private int[] slots(int[] all) {
        int[] slots = workers.slots(all);
        for (int i = 0; i < all.length; i++) {
            numbers.put(slots[i], all[i]);
        }
        return slots;
    }

    private int slot(int worker) {
        int slot = workers.slot(worker);
        numbers.put(slot, worker);
        return slot;
    }

    /** The column that the next chunk goes to; null if the chunk is not to be shown. */
    private @org.jspecify.annotations.Nullable Column column(long from, long to) {
        if (to < request.drawnFrom() || from > request.drawnTo()) {
            return null;
        }
        int most = Math.max(FEWEST_COLUMNS, Math.min(MOST_COLUMNS, MOST_CELLS / Math.max(1, workers.size())));
        Column last = columns.isEmpty() ? null : columns.get(columns.size() - 1);
        while (columns.size() >= most && (last == null || last.chunks >= perColumn)) {
            halve();
            last = columns.get(columns.size() - 1);
        }
        if (last != null && last.chunks < perColumn) {
            last.chunks++;
            last.to = to;
            return last;
        }
        Column next = new Column(from, to, workers.size());
        columns.add(next);
        return next;
    }

    private void halve() {
        List<Column> merged = new ArrayList<>();
        for (int i = 0; i < columns.size(); i += 2) {
            if (i + 1 < columns.size()) {
                columns.get(i).add(columns.get(i + 1));
            }
            merged.add(columns.get(i));
        }
        columns.clear();
        columns.addAll(merged);
        perColumn *= 2;
    }

    /** The map; empty where nothing was seen of two workers. */
    public Optional<WorkerMap> map() {
        int[] shown = rows();
        if (columns.isEmpty() || shown.length < 2) {
            return Optional.empty();
        }
        int width = columns.size();
        double[] value = new double[shown.length * width];
        boolean[] nonFinite = new boolean[value.length];
        boolean[] isNamed = new boolean[shown.length];
        for (int r = 0; r < shown.length; r++) {
            int slot = workers.slot(shown[r]);
            isNamed[r] = request.named().contains(shown[r]);
            for (int c = 0; c < width; c++) {
                value[r * width + c] = columns.get(c).value(slot);
                nonFinite[r * width + c] = columns.get(c).nonFinite.get(slot);
            }
        }
        return Optional.of(new WorkerMap(
                request.incident(),
                channel >= 0 && channel != Channel.VALUE ? Channel.column(channel) : request.metric(),
                request.detector(),
                unit,
                request.attempt(),
                candidates().length,
                shown,
                isNamed,
                columns.stream().mapToLong(c -> c.from).toArray(),
                columns.stream().mapToLong(c -> c.to).toArray(),
                value,
                nonFinite,
                request.onset()));
    }

    /** The peers of those at fault, or all workers where a group is. */
    private int[] candidates() {
        int[] all =
                numbers.values().stream().mapToInt(Integer::intValue).sorted().toArray();
        if (request.named().isEmpty()) {
            return all;
        }
        int group = layout.group(request.named().get(0));
        return IntStream.of(all)
                .filter(w -> layout.group(w) == group || request.named().contains(w))
                .toArray();
    }

    /** Who is shown: those at fault, their neighbours, and of the rest some at equal distances. */
    private int[] rows() {
        int[] all = candidates();
        if (all.length <= MOST_ROWS) {
            return all;
        }
        BitSet chosen = new BitSet();
        List<Integer> bad = new ArrayList<>();
        for (int i = 0; i < all.length; i++) {
            if (request.named().contains(all[i])) {
                bad.add(i);
            }
        }
        if (bad.isEmpty()) {
            bad.addAll(farthest(all));
        }
        bad.stream().limit(MOST_ROWS / 2).forEach(chosen::set);
        for (int distance = 1; distance <= NEIGHBOURS; distance++) {
            int around = bad.get(0);
            chosen.set(Math.max(0, around - distance));
            chosen.set(Math.min(all.length - 1, around + distance));
        }
        int left = MOST_ROWS - chosen.cardinality();
        for (int i = 0; i < left; i++) {
            // The next that is not shown yet at or after an equal share of the way.
            int at = chosen.nextClearBit((int) ((long) i * all.length / left));
            chosen.set(at < all.length ? at : chosen.previousClearBit(all.length - 1));
        }
        return chosen.stream().map(i -> all[i]).toArray();
    }

    /** Workers at least half as far from their peers in the abnormal steps as the farthest one, that one first. */
    private List<Integer> farthest(int[] all) {
        double[] far = new double[all.length];
        double most = 0;
        for (int i = 0; i < all.length; i++) {
            int slot = workers.slot(all[i]);
            double[] seen = columns.stream()
                    .filter(c -> c.to >= request.onset() && c.from <= request.last())
                    .mapToDouble(c -> Math.abs(c.value(slot)))
                    .filter(v -> !Double.isNaN(v))
                    .sorted()
                    .toArray();
            far[i] = seen.length == 0 ? 0 : Robust.medianOfSorted(seen, seen.length);
            most = Math.max(most, far[i]);
        }
        double least = most / 2;
        return IntStream.range(0, all.length)
                .filter(i -> far[i] >= least)
                .boxed()
                .sorted((a, b) -> Double.compare(far[b], far[a]))
                .toList();
    }
}
