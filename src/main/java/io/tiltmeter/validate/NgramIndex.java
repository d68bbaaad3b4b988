package io.tiltmeter.validate;

import java.io.Serializable;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The n-grams of evaluation documents, to be looked up while training documents go by. A hit is compared unit by unit, so
 * that equal hashes of different n-grams are none. N-grams of one unit repeated (padding) are left out: they say nothing.
 */
public final class NgramIndex implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int n;
    private final long[] places;
    /** Where each document begins in {@link #units}, and the end of the last. */
    private final int[] starts;

    private final long[] units;
    /** Open addressing: the place in {@link #units} of an n-gram's first occurrence, plus one; 0 where nothing is. */
    private final int[] slots;

    private final long[] hashes;

    private NgramIndex(int n, long[] places, int[] starts, long[] units) {
        this.n = n;
        this.places = places;
        this.starts = starts;
        this.units = units;
        int size = Math.max(16, Integer.highestOneBit(Math.max(1, units.length)) * 4);
        this.slots = new int[size];
        this.hashes = new long[size];
        for (int d = 0; d < places.length; d++) {
            long[] document = Arrays.copyOfRange(units, starts[d], starts[d + 1]);
            long[] each = Shingles.hashes(document, n);
            for (int i = 0; i < each.length; i++) {
                if (!isOneUnit(document, i)) {
                    put(each[i], starts[d] + i);
                }
            }
        }
    }

    /** The index of these documents, in their order. */
    public static NgramIndex of(List<Document> documents, int n) {
        int[] starts = new int[documents.size() + 1];
        for (int d = 0; d < documents.size(); d++) {
            starts[d + 1] = Math.addExact(starts[d], documents.get(d).units().length);
        }
        long[] units = new long[starts[documents.size()]];
        for (int d = 0; d < documents.size(); d++) {
            System.arraycopy(documents.get(d).units(), 0, units, starts[d], starts[d + 1] - starts[d]);
        }
        return new NgramIndex(n, documents.stream().mapToLong(Document::place).toArray(), starts, units);
    }

    /**
     * The length of n-grams for documents of these lengths: their 5 % quantile, but at least {@code shortest} and at most
     * {@code longest}. Source: Brown et al., Language Models are Few-Shot Learners (2020), appendix C, with 8 and 13.
     */
    public static int length(List<Document> documents, int shortest, int longest) {
        int[] lengths = documents.stream()
                .mapToInt(document -> document.units().length)
                .sorted()
                .toArray();
        int low = lengths.length == 0 ? longest : lengths[(lengths.length - 1) / 20];
        return Math.max(shortest, Math.min(longest, low));
    }

    private boolean isOneUnit(long[] document, int from) {
        for (int i = from + 1; i < from + n; i++) {
            if (document[i] != document[from]) {
                return false;
            }
        }
        return n > 1;
    }

    private void put(long hash, int at) {
        int slot = slot(hash);
        while (slots[slot] != 0) {
            if (hashes[slot] == hash) {
                return;
            }
            slot = slot + 1 & slots.length - 1;
        }
        slots[slot] = at + 1;
        hashes[slot] = hash;
    }

    private int slot(long hash) {
        return (int) (hash >>> 20) & slots.length - 1;
    }

    /** Where an n-gram of this hash first occurs, -1 if it does not. */
    private int first(long hash) {
        int slot = slot(hash);
        while (slots[slot] != 0) {
            if (hashes[slot] == hash) {
                return slots[slot] - 1;
            }
            slot = slot + 1 & slots.length - 1;
        }
        return -1;
    }

    /** Units of an n-gram. */
    public int n() {
        return n;
    }

    /** Number of documents. */
    public int documents() {
        return places.length;
    }

    /** Number of a document's row. */
    public long place(int document) {
        return places[document];
    }

    /** Whether a document has at least one n-gram that says something. */
    public boolean isLongEnough(int document) {
        return starts[document + 1] - starts[document] >= n
                && !isOneUnitThroughout(Arrays.copyOfRange(units, starts[document], starts[document + 1]));
    }

    private static boolean isOneUnitThroughout(long[] document) {
        for (long unit : document) {
            if (unit != document[0]) {
                return false;
            }
        }
        return true;
    }

    /** Notes which n-grams a training document has. */
    public void look(Document training, Hits hits) {
        long[] given = training.units();
        long[] each = Shingles.hashes(given, n);
        Map<Integer, Integer> byDocument = new HashMap<>();
        for (int i = 0; i < each.length; i++) {
            int at = first(each[i]);
            if (at >= 0 && Arrays.equals(given, i, i + n, units, at, at + n)) {
                hits.found.set(at);
                byDocument.merge(documentAt(at), 1, Integer::sum);
            }
        }
        byDocument.forEach((document, count) -> hits.best(document, count, training.place()));
    }

    private int documentAt(int at) {
        int found = Arrays.binarySearch(starts, at);
        // Of documents without any unit, which begin at one place, the last is the one that goes on there.
        while (found >= 0 && found + 1 < starts.length && starts[found + 1] == at) {
            found++;
        }
        return found >= 0 ? found : -found - 2;
    }

    /** Share of a document's units that lie in n-grams the training data has; 0 of one that has no n-gram. */
    public double covered(int document, Hits hits) {
        int from = starts[document];
        int to = starts[document + 1];
        long[] each = Shingles.hashes(Arrays.copyOfRange(units, from, to), n);
        int covered = 0;
        int end = 0;
        for (int i = 0; i < each.length; i++) {
            int at = first(each[i]);
            if (at >= 0 && hits.found.get(at)) {
                covered += i + n - Math.max(end, i);
                end = i + n;
            }
        }
        return to == from ? 0 : (double) covered / (to - from);
    }

    /** Which n-grams training documents have. Those of parts of the data merge, in any order, into that of all. */
    public static final class Hits implements Serializable {
        private static final long serialVersionUID = 1L;

        private final BitSet found = new BitSet();
        /** By document the training document that has most of its n-grams: how many, and the number of its row. */
        private final TreeMap<Integer, long[]> best = new TreeMap<>();

        private void best(int document, long count, long place) {
            best.merge(
                    document, new long[] {count, place}, (a, b) -> a[0] > b[0] || a[0] == b[0] && a[1] <= b[1] ? a : b);
        }

        /** Adds what other training documents have. */
        public Hits merge(Hits other) {
            found.or(other.found);
            other.best.forEach((document, theirs) -> best(document, theirs[0], theirs[1]));
            return this;
        }

        /** Number of the training row that has most n-grams of a document, -1 if none has any first. */
        public long bestPlace(int document) {
            long[] known = best.get(document);
            return known == null ? -1 : known[1];
        }
    }
}
