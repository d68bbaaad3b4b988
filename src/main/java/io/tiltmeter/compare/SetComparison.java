package io.tiltmeter.compare;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.stats.Robust;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Compares the runs of one set in one pass: where they cease to be equal, and where one leaves the others beyond noise.
 * Observations come ordered by step, layer (none first), worker (the run as a whole first) and run. Memory does not grow
 * with the number of steps.
 */
public final class SetComparison {
    /** Blocks that a series is thinned to; enough for the tests' limit distributions. */
    private static final int BLOCKS = 256;

    /** Numbers held for series of single workers and layers, 32 MB; the run's own series are always held. */
    private static final long MOST_CELLS = 4_000_000;

    private final int runs;
    private final ExactPartings exact;
    private final Map<Key, Shared> series = new LinkedHashMap<>();
    private final EndBuilder[] ends;
    private final Observation[] held;
    private final @Nullable Observation[] rows;
    private final Map<Integer, Reduced> reduced = new LinkedHashMap<>();
    private boolean any;
    private long step;
    private long leftOut;

    private record Key(Quantity quantity, int worker, String layer) {}

    /**
     * @param runs how many runs the set has
     * @param chartPoints most points of a curve
     */
    public SetComparison(int runs, int chartPoints) {
        this.runs = runs;
        exact = new ExactPartings(runs);
        held = new Observation[runs];
        Arrays.setAll(held, run -> new Observation());
        rows = new Observation[runs];
        ends = new EndBuilder[runs];
        Arrays.setAll(ends, run -> new EndBuilder(chartPoints));
    }

    /** Takes the next row; one of a key that the run already has at this step adds to it and goes before it. */
    public void observe(Observation row) {
        Observation first = first();
        if (first != null && !first.isOfSameKey(row)) {
            endKey(first);
            if (row.step() != step) {
                endStep();
            }
        }
        if (any && row.step() < step) {
            throw new IllegalArgumentException("Step " + row.step() + " comes after step " + step);
        }
        any = true;
        step = row.step();
        Observation own = rows[row.run()];
        if (own == null) {
            own = held[row.run()].begin(row.run(), row.step(), row.layer(), row.depth(), row.worker(), row.span());
            rows[row.run()] = own;
        }
        own.add(row);
    }

    private @Nullable Observation first() {
        for (Observation row : rows) {
            if (row != null) {
                return row;
            }
        }
        return null;
    }

    /** All rows of a step, worker and layer are there. */
    private void endKey(Observation key) {
        exact.take(new ExactPartings.Row(key.worker(), key.layer(), key.depth()), rows);
        boolean ofStep = key.layer().equals(Observation.NO_LAYER);
        List<Quantity> quantities = ofStep ? Quantity.OF_STEPS : Quantity.OF_LAYERS;
        for (int c = 0; c < quantities.size(); c++) {
            if (quantities.get(c).judged()) {
                if (ofStep) {
                    reduce(c);
                }
                if (!ofStep || key.worker() != StepRecord.NO_WORKER) {
                    share(new Key(quantities.get(c), key.worker(), key.layer()), c);
                }
            }
        }
        Arrays.fill(rows, null);
    }

    /** Gathers what makes the run's own value of a metric at this step. */
    private void reduce(int column) {
        for (int run = 0; run < runs; run++) {
            Observation row = rows[run];
            if (row != null && row.has(column)) {
                reduced.computeIfAbsent(column, c -> new Reduced(runs))
                        .add(run, row.worker(), row.number(column), row.span());
            }
        }
    }

    private void share(Key key, int column) {
        double[] values = new double[runs];
        int[] spans = new int[runs];
        Arrays.fill(values, Double.NaN);
        int logged = 0;
        for (int run = 0; run < runs; run++) {
            Observation row = rows[run];
            if (row != null && row.has(column)) {
                values[run] = row.number(column);
                spans[run] = row.span();
                logged++;
            }
        }
        if (logged > 0) {
            share(key, values, spans);
        }
    }

    private void share(Key key, double[] values, int[] spans) {
        Shared shared = series.get(key);
        if (shared == null) {
            boolean own = key.worker() == StepRecord.NO_WORKER && key.layer().equals(Observation.NO_LAYER);
            if (!own && (series.size() + 1L) * runs * BLOCKS > MOST_CELLS) {
                leftOut++;
                return;
            }
            shared = new Shared(runs, BLOCKS);
            series.put(key, shared);
        }
        shared.add(step, values, spans);
    }

    private void endStep() {
        exact.endStep(step);
        reduced.forEach((place, metric) -> {
            Quantity quantity = Quantity.OF_STEPS.get(place);
            double[] values = metric.values(quantity);
            share(new Key(quantity, StepRecord.NO_WORKER, Observation.NO_LAYER), values, metric.spans());
            for (int run = 0; run < runs; run++) {
                if (metric.has(run)) {
                    ends[run].add(quantity, step, values[run]);
                }
            }
        });
        reduced.clear();
    }

    /** What the rows so far amount to; nothing may be observed after it. */
    public ComparedSet finish() {
        Observation first = first();
        if (first != null) {
            endKey(first);
        }
        if (any) {
            endStep();
        }
        List<Departure> departures = new ArrayList<>();
        series.forEach((key, shared) -> {
            // Each metric has its own rate of false alarms; its workers and layers share it.
            double alpha = Departures.ALPHA / (ofWhole(key) ? 1 : Math.max(1, parts(key.quantity())));
            if (runs >= Departures.BAND) {
                departures.addAll(
                        Departures.ofBand(key.quantity(), key.worker(), key.layer(), shared.blocks(), runs, alpha));
            } else if (runs == 2) {
                Departures.ofPair(key.quantity(), key.worker(), key.layer(), shared.blocks(), alpha)
                        .ifPresent(departures::add);
            }
        });
        departures.sort(ComparedSet.FIRST);
        return new ComparedSet(
                exact.partings(),
                departures,
                Arrays.stream(ends).map(EndBuilder::end).toList(),
                leftOut);
    }

    private static boolean ofWhole(Key key) {
        return key.worker() == StepRecord.NO_WORKER && key.layer().equals(Observation.NO_LAYER);
    }

    private int parts(Quantity quantity) {
        int parts = 0;
        for (Key key : series.keySet()) {
            parts += key.quantity().equals(quantity) && !ofWhole(key) ? 1 : 0;
        }
        return parts;
    }

    /** One metric of the runs at one step, of the runs as a whole and of their workers. */
    private static final class Reduced {
        private final double[] whole;
        private final boolean[] hasWhole;
        private final int[] spans;
        private final List<List<Double>> ofWorkers = new ArrayList<>();

        Reduced(int runs) {
            whole = new double[runs];
            hasWhole = new boolean[runs];
            spans = new int[runs];
            for (int run = 0; run < runs; run++) {
                ofWorkers.add(new ArrayList<>());
            }
        }

        void add(int run, int worker, double value, int span) {
            spans[run] = Math.max(spans[run], span);
            if (worker == StepRecord.NO_WORKER) {
                whole[run] = value;
                hasWhole[run] = true;
            } else {
                ofWorkers.get(run).add(value);
            }
        }

        boolean has(int run) {
            return hasWhole[run] || !ofWorkers.get(run).isEmpty();
        }

        int[] spans() {
            return spans;
        }

        /** The run's value: the global one, else reduced over its workers as the metric asks; NaN without any. */
        double[] values(Quantity quantity) {
            boolean mean = Metric.byColumn(quantity.name())
                    .filter(metric -> metric.reduction() == Metric.Reduction.MEAN)
                    .isPresent();
            double[] values = new double[whole.length];
            for (int run = 0; run < values.length; run++) {
                double[] workers = ofWorkers.get(run).stream()
                        .mapToDouble(Double::doubleValue)
                        .toArray();
                values[run] = hasWhole[run]
                        ? whole[run]
                        : mean ? Arrays.stream(workers).average().orElse(Double.NaN) : median(workers);
            }
            return values;
        }

        private static double median(double[] workers) {
            return Arrays.stream(workers).anyMatch(value -> !Double.isFinite(value))
                    ? Double.NaN
                    : Robust.median(workers);
        }
    }
}
