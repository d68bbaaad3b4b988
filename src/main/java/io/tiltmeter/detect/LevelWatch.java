package io.tiltmeter.detect;

import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.model.Layout;
import io.tiltmeter.stats.Robust;
import io.tiltmeter.stats.SortedWindow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Follows how far each worker is from its peers in one channel, chunk of steps by chunk, and tells when one leaves its place.
 *
 * <p>A worker's place is the median of its first chunks: what pipeline stage, expert or machine make of it is learnt, not
 * reported. It follows slowly what is no alarm. Only where few of many workers are far from all others from the start, the
 * others' place is taken for theirs. From its place a worker is pursued by a cumulative sum (Page, Continuous Inspection
 * Schemes, 1954) of its chunks' deviations, in standard deviations of what levels change by from one chunk to the next among
 * all workers: that holds whatever autocorrelation and tails the steps have. An alarm also asks for an effect.
 *
 * <p>State is a few numbers a worker, whatever the length of the run.
 */
final class LevelWatch {
    /** Chunks from which a worker's place is taken. */
    static final int FIRST_CHUNKS = 5;
    /** Fewest chunks from which anything is said. */
    static final int FEWEST_CHUNKS = 3;

    /** Drift of the cumulative sum: half of the least shift of a chunk that is worth finding, in standard deviations. */
    private static final double SLACK = 1;
    /**
     * Where it alarms. For Gaussian noise a false alarm comes about once in exp(2 × slack × limit), half a thousand million,
     * chunks of a worker (Siegmund, Sequential Analysis, 1985).
     */
    private static final double LIMIT = 10;
    /** Most a single chunk adds. */
    private static final double MOST_SIGMAS = 12;
    /** Workers of whom one bad one moves the median. */
    private static final int FEW_PEERS = 3;
    /** Changes of levels from which they tell the noise of a step. */
    private static final int TELLING = 8;
    /** Workers of which a few bad ones do not move the median. */
    private static final int MANY = 5;
    /** Chunks over which scales are taken. */
    private static final int MEMORY = 32;
    /** Chunks over which a place follows. */
    private static final int PLACE_MEMORY = 64;
    /** Share of the workers that may be off from the start to be told from a part of the layout: less than one of four. */
    private static final double FEW = 0.2;
    /** How far from all others that is, in robust standard deviations of the places. */
    private static final double FAR_SIGMAS = 6;
    /** Chunks back at its place that end an episode. */
    private static final int BACK = 2;
    /** Smallest standard deviation of a ratio: below, numbers were rounded. */
    static final double ROUNDING = 2e-3;
    /** A trimmed mean of n independent values has about the variance of n - 2; they are hardly ever independent. */
    private static final double WHITE = 0.75;

    /** Mean absolute change from one Gaussian value to the next, in standard deviations: 2/√π. */
    private static final double CHANGE = 1.128;

    private final Effect effect;
    private final Workers workers = new Workers();
    private final List<Chunk> first = new ArrayList<>();
    private final SortedWindow changes = new SortedWindow(MEMORY);
    private final SortedWindow spreads = new SortedWindow(MEMORY);
    /** By chunk, the median over the workers of how far each is from its place: what they wander by. */
    private final SortedWindow wanders = new SortedWindow(MEMORY);

    private final List<Episode> episodes = new ArrayList<>();
    private State[] states = new State[0];
    private boolean placed;
    private boolean isRatio;
    private int attempt;
    private long points;
    private long firstStep = -1;
    private double[] scratch = new double[0];

    /** One worker. */
    private static final class State {
        double place;
        int learnt;
        double previous = Double.NaN;
        /** Mean absolute change from chunk to chunk. */
        double own;

        final Pursuit up = new Pursuit();
        final Pursuit down = new Pursuit();

        @Nullable
        Episode episode;

        boolean far;
        /** Level by itself, not against its peers, when it was last at its place. */
        double absolute = Double.NaN;
    }

    /** A chunk of which the places are not known yet. */
    private record Chunk(WorkerLevels levels, int number, Layout layout) {}

    LevelWatch(Effect effect) {
        this.effect = effect;
    }

    /** Number of steps seen. */
    long points() {
        return points;
    }

    /** A new attempt begins: what was going on is over, what was learnt stays. */
    void attempt(int number) {
        settle();
        first.clear();
        for (State state : states) {
            if (state.episode != null) {
                state.episode.open = false;
                state.episode = null;
            }
            state.up.clear();
            state.down.clear();
            state.previous = Double.NaN;
        }
        attempt = number;
    }

    void observe(WorkerLevels levels, Layout layout) {
        if (points > 0 && levels.isRatio() != isRatio && !levels.isFlat()) {
            forget();
        }
        isRatio = points == 0 || !levels.isFlat() ? levels.isRatio() : isRatio;
        firstStep = points == 0 ? levels.steps()[0] : firstStep;
        points += levels.steps().length;
        for (int c = 0; c < levels.chunks(); c++) {
            if (placed) {
                follow(levels, c, layout);
            } else {
                first.add(new Chunk(levels, c, layout));
                if (first.size() == FIRST_CHUNKS) {
                    settle();
                }
            }
        }
    }

    /** The numbers are of another kind from here on: ratios where differences were, or the other way round. */
    private void forget() {
        attempt(attempt);
        states = new State[0];
        workers.clear();
        placed = false;
        changes.clear();
        spreads.clear();
        wanders.clear();
    }

    /** Episodes so far, in order of their first step. */
    List<Episode> episodes() {
        if (!placed && first.size() >= FEWEST_CHUNKS) {
            // Asked before the first chunks are complete: answers for what is there, and goes on as if not asked.
            LevelWatch asIfOver = new LevelWatch(effect);
            asIfOver.attempt = attempt;
            asIfOver.isRatio = isRatio;
            asIfOver.firstStep = firstStep;
            asIfOver.first.addAll(first);
            asIfOver.settle();
            List<Episode> all = new ArrayList<>(episodes);
            all.addAll(asIfOver.episodes);
            return all;
        }
        List<Episode> all = new ArrayList<>(episodes);
        all.sort(Comparator.comparingInt((Episode e) -> e.attempt)
                .thenComparingLong(e -> e.from)
                .thenComparingInt(e -> e.worker));
        return all;
    }

    /** Takes the places from the first chunks, and judges these by them. */
    private void settle() {
        if (first.size() < FEWEST_CHUNKS) {
            return;
        }
        List<Chunk> chunks = List.copyOf(first);
        first.clear();
        List<int[]> slots =
                chunks.stream().map(chunk -> slots(chunk.levels.worker())).toList();
        double[][] seen = new double[states.length][chunks.size()];
        for (int c = 0; c < chunks.size(); c++) {
            WorkerLevels levels = chunks.get(c).levels;
            for (int i = 0; i < levels.worker().length; i++) {
                State state = states[slots.get(c)[i]];
                double level = levels.level(chunks.get(c).number, i);
                if (!Double.isNaN(level)) {
                    seen[slots.get(c)[i]][state.learnt++] = level;
                }
            }
        }
        for (int s = 0; s < states.length; s++) {
            Arrays.sort(seen[s], 0, states[s].learnt);
            states[s].place = states[s].learnt == 0 ? 0 : Robust.medianOfSorted(seen[s], states[s].learnt);
        }
        Chunk last = chunks.get(chunks.size() - 1);
        markFar(last, slots.get(chunks.size() - 1));
        // What levels change by is learnt before any of them is judged.
        for (int c = 0; c < chunks.size(); c++) {
            Chunk chunk = chunks.get(c);
            double[] distances = distances(chunk.levels, chunk.number, chunk.layout, slots.get(c));
            learnScale(chunk.levels, chunk.number, slots.get(c), distances);
        }
        placed = true;
        for (State state : states) {
            state.previous = Double.NaN;
        }
        for (Chunk chunk : chunks) {
            follow(chunk.levels, chunk.number, chunk.layout);
        }
    }

    /** Few workers far from all their peers have no place of their own. */
    private void markFar(Chunk chunk, int[] slots) {
        double[] places = new double[slots.length];
        for (int i = 0; i < slots.length; i++) {
            places[i] = states[slots[i]].learnt == 0 ? Double.NaN : states[slots[i]].place;
        }
        double[] distances = PeerMedians.subtract(chunk.levels.worker(), places, chunk.layout);
        double[] sorted =
                Arrays.stream(distances).filter(d -> !Double.isNaN(d)).sorted().toArray();
        if (sorted.length == 0) {
            return;
        }
        double spread = chunk.levels.spread()[chunk.number];
        double middle = Robust.medianOfSorted(sorted, sorted.length);
        double scale = Math.max(Robust.MAD_TO_SIGMA * Robust.madOfSorted(sorted, sorted.length, middle), spread / 2);
        double far = Math.max(FAR_SIGMAS * scale, effect.least(spread, isRatio));
        for (int side = -1; side <= 1; side += 2) {
            int sign = side;
            long count = Arrays.stream(sorted).filter(d -> sign * d > far).count();
            for (int i = 0; i < slots.length && count <= FEW * sorted.length; i++) {
                if (side * distances[i] > far) {
                    states[slots[i]].far = true;
                    states[slots[i]].place -= distances[i];
                }
            }
        }
    }

    private int[] slots(int[] worker) {
        int[] slots = workers.slots(worker);
        if (workers.size() > states.length) {
            int known = states.length;
            states = Arrays.copyOf(states, workers.size());
            for (int i = known; i < states.length; i++) {
                states[i] = new State();
            }
        }
        return slots;
    }

    /**
     * How far each worker is from its place, less how far its peers are from theirs: what moves all of them is nobody's. NaN
     * without a value or a peer.
     */
    private double[] distances(WorkerLevels levels, int chunk, Layout layout, int[] slots) {
        double[] values = new double[slots.length];
        for (int i = 0; i < slots.length; i++) {
            State state = states[slots[i]];
            double level = levels.level(chunk, i);
            if (state.learnt == 0 && !Double.isNaN(level)) {
                // It came later than the others.
                state.place = level;
                state.learnt = 1;
            }
            values[i] = level - state.place;
        }
        return PeerMedians.subtract(levels.worker(), values, layout);
    }

    /** Learns what levels change by from chunk to chunk. */
    private void learnScale(WorkerLevels levels, int chunk, int[] slots, double[] distances) {
        scratch = scratch.length < slots.length ? new double[slots.length] : scratch;
        int n = 0;
        for (int i = 0; i < slots.length; i++) {
            State state = states[slots[i]];
            if (!Double.isNaN(distances[i]) && !Double.isNaN(state.previous)) {
                scratch[n++] = Math.abs(distances[i] - state.previous);
            }
            state.previous = distances[i];
        }
        if (n > 0) {
            Arrays.sort(scratch, 0, n);
            changes.add(Robust.medianOfSorted(scratch, n));
        }
        spreads.add(levels.spread()[chunk]);
    }

    /**
     * Learns how far workers wander from their places, all of them: noise that remembers many steps moves a level slowly, by
     * more than it changes from chunk to chunk. Returns a standard deviation of it.
     */
    private double wander(int[] slots, double[] distances) {
        int n = 0;
        for (int i = 0; i < slots.length; i++) {
            if (!Double.isNaN(distances[i])) {
                scratch[n++] = Math.abs(distances[i]);
            }
        }
        if (n == 0) {
            return 0;
        }
        Arrays.sort(scratch, 0, n);
        double now = Robust.medianOfSorted(scratch, n);
        double usual = wanders.size() == 0 ? 0 : wanders.median();
        wanders.add(now);
        // Of few workers one or two bad ones are most; then only the past tells.
        return Robust.MAD_TO_SIGMA * (n >= MANY ? Math.max(now, usual) : usual);
    }

    /** Standard deviation of what a level changes by from one chunk to the next. */
    private double change() {
        return changes.size() == 0 ? 0 : Robust.MAD_TO_SIGMA * changes.median() / Math.sqrt(2);
    }

    /**
     * Standard deviation between peers at one step. The spread over all workers holds the differences between stages too; of
     * independent steps the changes of their means tell it without these, of others they tell more.
     */
    private double sigma(int steps) {
        double spread = spreads.size() == 0 ? 0 : spreads.median();
        return changes.size() < TELLING ? spread : Math.min(spread, change() * Math.sqrt(Math.max(1, steps - 2)));
    }

    private double noise(int steps) {
        double white = WHITE * sigma(steps) / Math.sqrt(Math.max(1, steps - 2));
        return Math.max(Math.max(change(), white), isRatio ? ROUNDING : Double.MIN_NORMAL);
    }

    private void follow(WorkerLevels levels, int chunk, Layout layout) {
        int[] slots = slots(levels.worker());
        double[] distances = distances(levels, chunk, layout, slots);
        scratch = scratch.length < slots.length ? new double[slots.length] : scratch;
        int steps = levels.start(chunk + 1) - levels.start(chunk);
        double sigma = sigma(steps);
        double noise = Math.max(noise(steps), wander(slots, distances));
        double centre = levels.centre()[chunk];
        double absoluteCentre = levels.isRatio() && centre > 0 ? Math.log(centre) : centre;
        List<Integer> alarmed = new ArrayList<>();
        for (int i = 0; i < slots.length; i++) {
            State state = states[slots[i]];
            if (Double.isNaN(distances[i])) {
                continue;
            }
            double distance = distances[i];
            double absolute = absoluteCentre + levels.level(chunk, i);
            if (state.episode != null) {
                pursue(state, state.episode, distance, absolute, levels, chunk);
            } else {
                double own = Math.max(noise, state.own / CHANGE);
                double sigmas = distance / (own * Math.sqrt(1 + 1.0 / Math.max(1, state.learnt)));
                double shift = slots.length <= FEW_PEERS ? state.place : levels.level(chunk, i) - distance;
                go(state.up, sigmas, distance, levels, chunk, i, shift);
                go(state.down, -sigmas, distance, levels, chunk, i, shift);
                if (isAlarm(state.up, sigma) || isAlarm(state.down, sigma)) {
                    alarmed.add(i);
                } else if (!isUnderWay(state, sigma)) {
                    learn(state, distance, noise);
                    state.absolute = absolute;
                }
            }
        }
        begin(alarmed, levels, chunk, slots, sigma, absoluteCentre, layout);
        learnScale(levels, chunk, slots, distances);
    }

    /** A sum that grows is not learnt from; one that has alarmed for long without an effect is. */
    private boolean isUnderWay(State state, double sigma) {
        Pursuit way = state.up.sum > state.down.sum ? state.up : state.down;
        if (way.sum < LIMIT / 3) {
            return false;
        }
        if (way.chunks > FIRST_CHUNKS && way.sum >= LIMIT && !hasEffect(way, sigma)) {
            state.place += way.distance / way.chunks;
            state.up.clear();
            state.down.clear();
            return false;
        }
        return true;
    }

    private static void learn(State state, double distance, double noise) {
        if (!Double.isNaN(state.previous)) {
            // Three times the usual at most: one jump does not make a worker noisy.
            double change = Math.min(Math.abs(distance - state.previous), 3 * noise);
            state.own += (change - state.own) / Math.min(state.learnt + 1, MEMORY);
        }
        state.learnt = Math.min(state.learnt + 1, PLACE_MEMORY);
        state.place += distance / state.learnt;
    }

    private void go(
            Pursuit way, double sigmas, double distance, WorkerLevels levels, int chunk, int index, double shift) {
        double sum = Math.max(0, way.sum + Math.min(sigmas, MOST_SIGMAS) - SLACK);
        if (sum == 0) {
            way.clear();
            return;
        }
        if (way.sum == 0) {
            way.clear();
            way.from = levels.steps()[levels.start(chunk)];
            if (chunk > 0) {
                way.trail = way.trail.with(levels, chunk - 1, index, shift);
            }
        }
        way.trail = way.trail.with(levels, chunk, index, shift);
        way.sum = sum;
        way.distance += distance;
        way.chunks++;
        way.steps += levels.start(chunk + 1) - levels.start(chunk);
        way.last = levels.steps()[levels.start(chunk + 1) - 1];
    }

    private boolean isAlarm(Pursuit way, double sigma) {
        return way.sum >= LIMIT && hasEffect(way, sigma);
    }

    private boolean hasEffect(Pursuit way, double sigma) {
        return Math.abs(way.distance) / way.chunks >= effect.least(sigma, isRatio);
    }

    private void begin(
            List<Integer> alarmed,
            WorkerLevels levels,
            int chunk,
            int[] slots,
            double sigma,
            double absoluteCentre,
            Layout layout) {
        for (int i : alarmed) {
            State state = states[slots[i]];
            boolean up = state.up.sum >= state.down.sum;
            Pursuit way = up ? state.up : state.down;
            double distance = way.distance / way.chunks;
            // A first step before the run's own is none: then it was there from the start.
            boolean fromStart = state.far && way.from == firstStep;
            long from = fromStart ? way.from : way.trail.onset(distance, way.from);
            Episode episode = new Episode(attempt, levels.worker()[i], up, fromStart, sigma, levels.isRatio(), from);
            episode.add(distance, absoluteCentre + levels.level(chunk, i), way.last, way.steps);
            state.episode = episode;
            if (!isOthersDoing(i, distance, levels, chunk, slots, absoluteCentre, layout)) {
                episodes.add(episode);
            }
            state.up.clear();
            state.down.clear();
        }
    }

    /**
     * Where peers are two or three one moves the measure of the others: those that hardly moved by themselves are not to
     * blame.
     */
    private boolean isOthersDoing(
            int index,
            double distance,
            WorkerLevels levels,
            int chunk,
            int[] slots,
            double absoluteCentre,
            Layout layout) {
        int group = layout.group(levels.worker()[index]);
        int peers = 0;
        for (int i = 0; i < slots.length && peers < FEW_PEERS; i++) {
            peers += i != index && layout.group(levels.worker()[i]) == group ? 1 : 0;
        }
        if (peers >= FEW_PEERS) {
            return false;
        }
        double own = absoluteCentre + levels.level(chunk, index) - states[slots[index]].absolute;
        return Math.abs(own) < Math.abs(distance) / 2;
    }

    private static void pursue(
            State state, Episode episode, double distance, double absolute, WorkerLevels levels, int chunk) {
        int steps = levels.start(chunk + 1) - levels.start(chunk);
        boolean there = (episode.up ? distance : -distance) >= Math.abs(episode.mean()) / 2;
        if (there) {
            episode.back = 0;
            episode.add(distance, absolute, levels.steps()[levels.start(chunk + 1) - 1], steps);
        } else if (++episode.back == BACK) {
            episode.open = false;
            state.episode = null;
        }
    }
}
