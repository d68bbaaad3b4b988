package io.tiltmeter.sources;

import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Rejection.Level;
import java.util.LinkedHashMap;
import java.util.Map;

/** Counts what was wrong with a file, one entry a reason, in bounded memory. */
final class Rejects {
    private static final int MAX_REASONS = 100;
    private static final int MAX_REASON = 400;

    private record Key(String reason, Level level) {}

    private static final class Count {
        final long firstLine;
        long count;

        Count(long firstLine) {
            this.firstLine = firstLine;
        }
    }

    private final String path;
    private final Map<Key, Count> counts = new LinkedHashMap<>();

    Rejects(LogFile file) {
        this.path = file.path();
    }

    /** A line that was not read. */
    void reject(long line, String reason) {
        add(line, reason, Level.REJECTED);
    }

    /** Something that was read but is doubtful; line 0 means the whole file. */
    void warn(long line, String reason) {
        add(line, reason, Level.WARNING);
    }

    private void add(long line, String reason, Level level) {
        Key key = new Key(Texts.clean(reason, MAX_REASON), level);
        if (!counts.containsKey(key) && counts.size() >= MAX_REASONS) {
            key = new Key("Further lines, each wrong in its own way", level);
        }
        counts.computeIfAbsent(key, k -> new Count(line)).count++;
    }

    void handTo(RecordSink sink) {
        counts.forEach((key, count) ->
                sink.reject(new Rejection(path, count.firstLine, key.reason(), count.count, key.level())));
    }
}
