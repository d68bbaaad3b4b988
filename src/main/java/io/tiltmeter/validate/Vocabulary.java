package io.tiltmeter.validate;

import java.io.Serializable;
import java.util.BitSet;

/**
 * What is known of a column's token ids before they are counted.
 *
 * @param size ids are from 0 to {@code size - 1}; 0 if not known
 * @param cells how they are lumped
 * @param empties ids whose text is empty
 * @param seen ids the baseline has seen
 * @param hasBaseline whether {@code seen} says anything
 */
public record Vocabulary(int size, TokenCells cells, BitSet empties, BitSet seen, boolean hasBaseline)
        implements Serializable {
    /** Ids from here on are no tokens of any vocabulary there is: the largest have some 260,000. */
    public static final int LARGEST = 1 << 20;

    /** Without anything known. */
    public static Vocabulary of(int size, TokenCells cells) {
        return new Vocabulary(size, cells, new BitSet(), new BitSet(), false);
    }

    /** Ids inside the vocabulary are below this. */
    int limit() {
        return size > 0 ? size : LARGEST;
    }

    boolean hasSpecial() {
        return hasBaseline || !empties.isEmpty();
    }

    boolean isEmpty(int id) {
        return empties.get(id);
    }

    boolean isUnseen(int id) {
        return hasBaseline && !seen.get(id);
    }
}
