package io.tiltmeter.sources;

import io.tiltmeter.config.Nearest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** The known log formats, ordered by id. */
public final class FormatRegistry {
    /** Stands for whatever format a file's content has. */
    public static final String AUTO = "auto";

    private final List<LogFormat> formats;

    private FormatRegistry(List<LogFormat> formats) {
        this.formats = formats;
    }

    /**
     * All formats registered on the class path of Tiltmeter itself (in Spark the thread's class loader may be another).
     *
     * @throws IllegalStateException if two formats have the same id
     */
    public static FormatRegistry load() {
        List<LogFormat> found = new ArrayList<>();
        ServiceLoader.load(LogFormat.class, LogFormat.class.getClassLoader()).forEach(found::add);
        return of(found);
    }

    /**
     * A registry of just these formats.
     *
     * @throws IllegalStateException if two formats have the same id
     */
    public static FormatRegistry of(List<LogFormat> formats) {
        List<LogFormat> sorted = new ArrayList<>(formats);
        sorted.sort(Comparator.comparing(LogFormat::id));
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i).id().equals(sorted.get(i - 1).id())) {
                throw new IllegalStateException("Two log formats are called '"
                        + sorted.get(i).id() + "': "
                        + sorted.get(i - 1).getClass().getName() + " and "
                        + sorted.get(i).getClass().getName());
            }
        }
        return new FormatRegistry(List.copyOf(sorted));
    }

    public List<LogFormat> formats() {
        return formats;
    }

    /**
     * The format with this id.
     *
     * @throws IllegalArgumentException if there is none; the message suggests the nearest and lists all
     */
    public LogFormat byId(String id) {
        for (LogFormat format : formats) {
            if (format.id().equals(id)) {
                return format;
            }
        }
        List<String> ids = formats.stream().map(LogFormat::id).toList();
        String nearest = Nearest.to(id, ids)
                .map(known -> "; did you mean '" + known + "'?")
                .orElse("");
        throw new IllegalArgumentException("Unknown log format '" + Texts.clean(id, 80) + "', expected one of " + AUTO
                + ", " + String.join(", ", ids) + nearest);
    }

    /**
     * These formats where the id is {@code auto}, else only the one with the id.
     *
     * @throws IllegalArgumentException if there is none; the message suggests the nearest and lists all
     */
    public FormatRegistry select(String id) {
        return id.equals(AUTO) ? this : new FormatRegistry(List.of(byId(id)));
    }

    /** The format that fits the beginning of the file best, or empty when none does. */
    public Optional<LogFormat> recognise(Sample sample) {
        return best(formats, sample);
    }

    /** The format whose lines stand in a part from inside a file, or empty when there is none. */
    Optional<LogFormat> recogniseInside(Sample part) {
        return best(formats.stream().filter(LogFormat::beginsAnywhere).toList(), part);
    }

    private static Optional<LogFormat> best(List<LogFormat> formats, Sample sample) {
        LogFormat best = null;
        int bestScore = 0;
        for (LogFormat format : formats) {
            int score = format.recognise(sample);
            if (score > bestScore) {
                best = format;
                bestScore = score;
            }
        }
        return Optional.ofNullable(best);
    }
}
