package io.tiltmeter.spark;

import io.tiltmeter.validate.RowPlace;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * From numbers of rows sorted by key and number: pairs of rows with one key, the smaller number first. The first members of a
 * key are paired with each other; each further one with the first and with the one before it, so that a key that a million
 * rows have costs two million pairs and not half a billion. How many were left out comes as a row whose first number is -1.
 */
final class CandidatePairs implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final long[] members;
    private int kept;
    private long size;
    private long key;
    private long last;
    private long leftOut;
    private boolean ended;
    private final Deque<Row> ready = new ArrayDeque<>();

    /**
     * Pairs.
     *
     * @param rows number and key
     * @param every how many members of a key are paired with each other
     */
    CandidatePairs(Iterator<Row> rows, int every) {
        this.rows = rows;
        this.members = new long[every];
    }

    @Override
    public boolean hasNext() {
        while (ready.isEmpty() && rows.hasNext()) {
            Row row = rows.next();
            add(row.getLong(0), row.getLong(1));
        }
        if (ready.isEmpty() && !ended) {
            ended = true;
            if (leftOut > 0) {
                ready.add(RowFactory.create(-1L, leftOut));
            }
        }
        return !ready.isEmpty();
    }

    private void add(long place, long ofKey) {
        if (size == 0 || ofKey != key) {
            key = ofKey;
            size = 0;
            kept = 0;
        }
        if (size < members.length) {
            for (int i = 0; i < kept; i++) {
                offer(members[i], place);
            }
            members[kept++] = place;
        } else {
            offer(members[0], place);
            offer(last, place);
            leftOut += size - 2;
        }
        last = place;
        size++;
    }

    private void offer(long a, long b) {
        // What is equal within the evaluation data is no matter of training.
        if (!RowPlace.isEval(a)) {
            ready.add(RowFactory.create(a, b));
        }
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException("No pair is left");
        }
        return ready.remove();
    }
}
