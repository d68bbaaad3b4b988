package io.tiltmeter.validate;

import java.io.Serializable;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * How often keys are there.
 *
 * @param rows that have a key
 * @param distinct different keys
 * @param alone keys that one row alone has
 * @param pairs numbers of two rows with the same key, one pair after the other
 */
public record KeyRepeats(long rows, long distinct, long alone, long[] pairs) implements Serializable {
    /** Of no rows. */
    public static final KeyRepeats NONE = new KeyRepeats(0, 0, 0, new long[0]);

    /** Both together, of different keys; at most so many pairs, those of the first rows. */
    public KeyRepeats plus(KeyRepeats other, int listed) {
        long[] both = Stream.of(pairs, other.pairs)
                .flatMap(each ->
                        IntStream.range(0, each.length / 2).mapToObj(i -> new long[] {each[2 * i], each[2 * i + 1]}))
                .sorted(Comparator.<long[]>comparingLong(pair -> pair[0]).thenComparingLong(pair -> pair[1]))
                .limit(listed)
                .flatMapToLong(LongStream::of)
                .toArray();
        return new KeyRepeats(rows + other.rows, distinct + other.distinct, alone + other.alone, both);
    }

    /** Rows whose key another row has too. */
    public long shared() {
        return rows - alone;
    }
}
