package io.tiltmeter.sources;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** The known log formats, ordered by id. */
public final class FormatRegistry {
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
        String nearest = ids.stream()
                .min(Comparator.<String>comparingInt(known -> distance(known, id))
                        .thenComparing(known -> known))
                .filter(known -> distance(known, id) <= Math.max(2, id.length() / 2))
                .map(known -> "; did you mean '" + known + "'?")
                .orElse("");
        throw new IllegalArgumentException("Log format '" + Texts.clean(id, 80) + "' is not known" + nearest
                + " Known are auto, " + String.join(", ", ids));
    }

    /** The format that fits the beginning of the file best, or empty when none does. */
    public Optional<LogFormat> recognise(Sample sample) {
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

    /** Levenshtein's distance: how many letters must be added, removed or changed. */
    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(change, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
