package io.tiltmeter.spark;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.jspecify.annotations.Nullable;

/**
 * From copies of rows, in the order of their numbers, each with the number of the row it is a copy of: blocks in which both
 * go on by one from row to row, as rows of two numbers and the length.
 */
final class RepeatedBlocks implements Iterator<Row> {
    private final Iterator<Row> copies;
    private final int least;
    private @Nullable Row ahead;
    private Optional<Row> ready = Optional.empty();

    RepeatedBlocks(Iterator<Row> copies, int least) {
        this.copies = copies;
        this.least = least;
        this.ahead = copies.hasNext() ? copies.next() : null;
    }

    @Override
    public boolean hasNext() {
        while (ready.isEmpty() && ahead != null) {
            Row first = ahead;
            long length = 0;
            while (ahead != null
                    && ahead.getLong(0) == first.getLong(0) + length
                    && ahead.getLong(1) == first.getLong(1) + length) {
                length++;
                ahead = copies.hasNext() ? copies.next() : null;
            }
            ready = length >= least
                    ? Optional.of(RowFactory.create(first.getLong(0), first.getLong(1), length))
                    : Optional.empty();
        }
        return ready.isPresent();
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException("No block is left");
        }
        Row block = ready.orElseThrow();
        ready = Optional.empty();
        return block;
    }
}
