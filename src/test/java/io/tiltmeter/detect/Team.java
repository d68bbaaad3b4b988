package io.tiltmeter.detect;

import io.tiltmeter.blocks.BlockAssembler;
import io.tiltmeter.blocks.Digest;
import io.tiltmeter.blocks.DigestCodec;
import io.tiltmeter.blocks.DigestCursor;
import io.tiltmeter.blocks.Slice;
import io.tiltmeter.blocks.Source;
import io.tiltmeter.blocks.StepBatch;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Layout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a number of workers logged, shown to detectors the way of the nightly scan: blocks of windows, packed digests. */
final class Team {
    /** A value of one worker at one step; {@link Slice#ABSENT} for none. */
    @FunctionalInterface
    interface Value {
        double at(int step, int worker);
    }

    private final int workers;
    private final int steps;
    private final Map<Integer, Value> channels = new LinkedHashMap<>();
    private Layout layout = Layout.UNKNOWN;
    private int window = 256;
    private int stride = 1;

    private Team(int workers, int steps) {
        this.workers = workers;
        this.steps = steps;
    }

    static Team of(int workers, int steps) {
        return new Team(workers, steps);
    }

    /** Adds what workers logged in a {@link io.tiltmeter.blocks.Channel}. */
    Team with(int channel, Value value) {
        channels.put(channel, value);
        return this;
    }

    Team layout(Layout newLayout) {
        layout = newLayout;
        return this;
    }

    /** Logged steps of a window. */
    Team window(int newWindow) {
        window = newWindow;
        return this;
    }

    /** Steps from one logged step to the next. */
    Team stride(int newStride) {
        stride = newStride;
        return this;
    }

    /** The digests of its windows. */
    List<Digest> digests() {
        List<Digest> digests = new ArrayList<>();
        for (int from = 0; from < steps; from += window) {
            int to = Math.min(steps, from + window);
            BlockAssembler block = new BlockAssembler();
            for (int w = 0; w < workers; w++) {
                StepBatch batch = new StepBatch();
                batch.clear(to - from);
                batch.size = to - from;
                for (int s = from; s < to; s++) {
                    batch.steps[s - from] = (long) s * stride;
                    batch.times[s - from] = Slice.NO_TIME;
                    batch.spans[s - from] = 1;
                    batch.sources[s - from] = Source.of(w, true);
                }
                for (Map.Entry<Integer, Value> channel : channels.entrySet()) {
                    double[] values = batch.fill(channel.getKey());
                    for (int s = from; s < to; s++) {
                        values[s - from] = channel.getValue().at(s, w);
                    }
                }
                Slice slice = new Slice();
                slice.append(batch, 0, batch.size);
                block.add(Slice.decode(slice.encode()));
            }
            digests.add(DigestCodec.decode(DigestCodec.encode(block.digest())));
        }
        return digests;
    }

    Detector.Assessment judge(Detector detector) {
        Detector.Tracker tracker =
                detector.track(new Detector.RunContext(Points.RUN), DetectorSettings.defaults(detector.info()));
        digests().forEach(digest -> show(digest, tracker));
        return tracker.assess();
    }

    /** A window's workers, and then its points. */
    private void show(Digest digest, Detector.Tracker tracker) {
        tracker.workers(new WorkerWindow(0, "value", digest.workers(), layout));
        DigestCursor cursor = new DigestCursor(0, digest);
        while (cursor.advance()) {
            tracker.observe(cursor);
        }
    }

    /** Findings of several detectors, of one pass over the digests. */
    List<Finding> judge(List<Detector> detectors) {
        List<Detector.Tracker> trackers = detectors.stream()
                .map(d -> d.track(new Detector.RunContext(Points.RUN), DetectorSettings.defaults(d.info())))
                .toList();
        for (Digest digest : digests()) {
            trackers.forEach(t -> show(digest, t));
        }
        return trackers.stream().flatMap(t -> t.assess().findings().stream()).toList();
    }
}
