package io.tiltmeter.validate;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Token ids of a shard or dataset in bounded form: counts of {@linkplain TokenCells cells}, split over {@value #GROUPS}
 * groups of documents, from whose differences follows how far documents scatter.
 *
 * <p>Where cells are chosen by the data itself, they are by one document of ten, and the other nine are counted: a token
 * that chance made frequent in a sample is less so elsewhere, and counted with the sample it would tell the data from any
 * other of the same kind.
 */
public final class Tokens {
    /** Groups of documents for the jackknife: its standard error is right within about 1/√(2·15) = 18 %. */
    public static final int GROUPS = 16;

    private long count;
    private long outside;
    private long empty;
    private final long[] unseen = new long[GROUPS];
    private final long[] inside = new long[GROUPS];
    private int greatest = -1;
    /** One document of so many chooses the cells. */
    private static final int CHOOSES = 10;
    /** Ids by which it is told which one does. */
    private static final int LOOKED_AT = 32;

    /** Counts at group × cells + cell. */
    private long[] grouped;

    private final int cells;

    Tokens(int cells) {
        this.cells = cells;
        this.grouped = new long[GROUPS * cells];
    }

    /**
     * Adds the tokens of one document.
     *
     * @param row place of the document in its shard; neighbours go to different groups
     * @param histogram counts by id that are kept too, empty where none are
     * @return place of the first id outside the vocabulary, -1 if all are inside
     */
    int add(long row, int[] ids, int n, Vocabulary vocabulary, Optional<Histogram> histogram) {
        int group = (int) (row % GROUPS);
        int base = group * cells;
        int limit = vocabulary.limit();
        TokenCells cellsOf = vocabulary.cells();
        int firstOutside = -1;
        boolean counted = vocabulary.hasBaseline() || !choosesCells(ids, n);
        @Nullable Histogram counts = histogram.orElse(null);
        boolean special = vocabulary.hasSpecial();
        for (int i = 0; i < n; i++) {
            int id = ids[i];
            if (id < 0 || id >= limit) {
                outside++;
                firstOutside = firstOutside < 0 ? i : firstOutside;
                continue;
            }
            if (counted) {
                grouped[base + cellsOf.of(id)]++;
            }
            inside[group]++;
            greatest = Math.max(greatest, id);
            if (counts != null) {
                counts.add(id, group);
            }
            if (special) {
                empty += vocabulary.isEmpty(id) ? 1 : 0;
                unseen[group] += vocabulary.isUnseen(id) ? 1 : 0;
            }
        }
        count += n;
        return firstOutside;
    }

    /**
     * Whether a document is one of those by which cells are chosen where there is no baseline to choose them. Its ids alone
     * decide: copies are on the same side, whatever the order of rows.
     */
    static boolean choosesCells(int[] ids, int n) {
        int stride = Math.max(1, n / LOOKED_AT);
        long hash = n;
        for (int i = 0; i < n; i += stride) {
            hash = (hash ^ ids[i]) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 32;
        }
        return Long.remainderUnsigned(hash, CHOOSES) == 0;
    }

    void merge(Tokens other) {
        if (other.cells != cells) {
            throw new IllegalArgumentException(
                    "Cannot merge token counts of " + cells + " and " + other.cells + " cells, expected equal cells");
        }
        count += other.count;
        outside += other.outside;
        empty += other.empty;
        Arrays.setAll(unseen, group -> unseen[group] + other.unseen[group]);
        Arrays.setAll(inside, group -> inside[group] + other.inside[group]);
        greatest = Math.max(greatest, other.greatest);
        for (int i = 0; i < grouped.length; i++) {
            grouped[i] += other.grouped[i];
        }
    }

    /** All tokens, those outside the vocabulary included. */
    public long count() {
        return count;
    }

    /** Ids below 0 or beyond the vocabulary. */
    public long outside() {
        return outside;
    }

    /** Tokens whose text is empty; 0 without a vocabulary file. */
    public long empty() {
        return empty;
    }

    /** Tokens the baseline has never seen; 0 without a baseline. */
    public long unseen() {
        return Arrays.stream(unseen).sum();
    }

    /** The same by group of documents. */
    public double[] unseenByGroup() {
        return Arrays.stream(unseen).asDoubleStream().toArray();
    }

    /** Tokens inside the vocabulary by group of documents. */
    public double[] countByGroup() {
        return Arrays.stream(inside).asDoubleStream().toArray();
    }

    /** The greatest id inside the vocabulary, -1 without any. */
    public int greatest() {
        return greatest;
    }

    /** Number of cells. */
    public int cells() {
        return cells;
    }

    /** Counts of the cells, groups together; without documents that chose the cells. */
    public double[] total() {
        double[] total = new double[cells];
        for (int group = 0; group < GROUPS; group++) {
            for (int cell = 0; cell < cells; cell++) {
                total[cell] += grouped[group * cells + cell];
            }
        }
        return total;
    }

    /** Counts of the cells of one group, likewise. */
    public double[] group(int group) {
        return Arrays.stream(grouped, group * cells, (group + 1) * cells)
                .asDoubleStream()
                .toArray();
    }

    void write(DataOutput out) throws IOException {
        out.writeInt(cells);
        out.writeLong(count);
        out.writeLong(outside);
        out.writeLong(empty);
        Varints.writeCounts(out, unseen);
        Varints.writeCounts(out, inside);
        out.writeInt(greatest);
        Varints.writeCounts(out, grouped);
    }

    static Tokens read(DataInput in) throws IOException {
        Tokens tokens = new Tokens(in.readInt());
        tokens.count = in.readLong();
        tokens.outside = in.readLong();
        tokens.empty = in.readLong();
        System.arraycopy(Varints.readCounts(in), 0, tokens.unseen, 0, GROUPS);
        System.arraycopy(Varints.readCounts(in), 0, tokens.inside, 0, GROUPS);
        tokens.greatest = in.readInt();
        tokens.grouped = Varints.readCounts(in);
        return tokens;
    }
}
