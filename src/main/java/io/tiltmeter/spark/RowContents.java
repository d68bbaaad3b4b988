package io.tiltmeter.spark;

import io.tiltmeter.spark.ShardLayout.Leaf;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.Document;
import io.tiltmeter.validate.Words;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StringType;
import org.jspecify.annotations.Nullable;

/**
 * What of rows is compared with other rows: columns of one kind, in the order of their names.
 *
 * @param kind of the columns: tokens, text or numbers
 * @param columns their names
 */
record RowContents(ColumnKind kind, List<String> columns) implements Serializable {
    /** Between columns; no token id and, but for one chance in 2⁶⁴, no word or number. */
    private static final long BETWEEN = 0x8000_0000_0000_00A5L;

    /**
     * What can be compared of rows of all these layouts: columns of tokens that all of them have, else of text, else arrays of
     * numbers; empty if they have none of these in common.
     */
    static Optional<RowContents> of(List<ShardLayout> layouts) {
        for (ColumnKind kind : List.of(ColumnKind.TOKENS, ColumnKind.TEXT, ColumnKind.NUMBERS)) {
            Set<String> columns = common(layouts, Set.of(kind));
            if (!columns.isEmpty()) {
                return Optional.of(new RowContents(kind, List.copyOf(columns)));
            }
        }
        return Optional.empty();
    }

    /** All numbers, plain and in arrays, that these layouts have in common; empty if there are none. */
    static Optional<RowContents> numbers(List<ShardLayout> layouts) {
        Set<String> columns = common(layouts, Set.of(ColumnKind.NUMBERS, ColumnKind.NUMBER));
        return columns.isEmpty()
                ? Optional.empty()
                : Optional.of(new RowContents(ColumnKind.NUMBERS, List.copyOf(columns)));
    }

    private static Set<String> common(List<ShardLayout> layouts, Set<ColumnKind> kinds) {
        Set<String> common = new TreeSet<>();
        for (int i = 0; i < layouts.size(); i++) {
            Set<String> here = layouts.get(i).leaves().stream()
                    .filter(leaf -> kinds.contains(leaf.spec().kind()))
                    .map(leaf -> leaf.spec().name())
                    .collect(Collectors.toSet());
            if (i == 0) {
                common.addAll(here);
            } else {
                common.retainAll(here);
            }
        }
        return common;
    }

    /** For people. */
    String text() {
        return String.join(", ", columns);
    }

    /** Whether contents are sequences, whose shingles say something. */
    boolean isSequence() {
        return kind != ColumnKind.NUMBERS;
    }

    /** The struct that a column is in, or the row; null if it is missing. */
    static @Nullable SpecializedGetters parent(Leaf leaf, InternalRow row) {
        SpecializedGetters at = row;
        for (int i = 0; i < leaf.widths().length; i++) {
            if (at.isNullAt(leaf.path()[i])) {
                return null;
            }
            at = at.getStruct(leaf.path()[i], leaf.widths()[i]);
        }
        return at;
    }

    /** Reads rows of a layout. */
    Reader reader(ShardLayout layout) {
        return new Reader(this, layout);
    }

    /** Reads contents and labels of rows of one layout; one for each task. */
    static final class Reader {
        private final List<Leaf> leaves = new ArrayList<>();
        private final Optional<Leaf> label;
        private final int corrupt;
        private long[] units = new long[256];
        private int filled;
        private boolean complete = true;
        private final boolean sequence;

        Reader(RowContents contents, ShardLayout layout) {
            for (String column : contents.columns()) {
                layout.leaves().stream()
                        .filter(leaf -> leaf.spec().name().equals(column))
                        .forEach(leaves::add);
            }
            this.label = layout.leaves().stream()
                    .filter(leaf -> leaf.spec().kind() == ColumnKind.LABEL)
                    .findFirst();
            this.corrupt = layout.corrupt();
            this.sequence = contents.isSequence();
        }

        /** The content of a row; empty where it has none, it is only zeros, or numbers are missing. */
        Optional<Document> read(InternalRow row, long place) {
            if (corrupt >= 0 && !row.isNullAt(corrupt)) {
                return Optional.empty();
            }
            filled = 0;
            complete = true;
            boolean anything = false;
            for (int i = 0; i < leaves.size(); i++) {
                if (i > 0) {
                    add(BETWEEN);
                }
                int before = filled;
                Leaf leaf = leaves.get(i);
                SpecializedGetters at = parent(leaf, row);
                int last = leaf.path()[leaf.path().length - 1];
                if (at == null || at.isNullAt(last)) {
                    complete = false;
                    continue;
                }
                switch (leaf.spec().kind()) {
                    case TEXT -> addAll(Words.of(at.getUTF8String(last).toString()));
                    case TOKENS -> tokens(at.getArray(last), leaf);
                    case NUMBERS -> numbers(at.getArray(last), leaf.depth(), (ArrayType) leaf.type(), leaf);
                    default -> add(bits(RowFeeder.number(at, last, leaf.innermost())));
                }
                anything |= filled > before && (leaf.spec().kind() != ColumnKind.NUMBERS || hasValue(before));
                anything |= leaf.spec().kind() == ColumnKind.NUMBER;
            }
            // Numbers with a gap are no vector.
            return anything && (complete || sequence)
                    ? Optional.of(new Document(place, Arrays.copyOf(units, filled), label(row)))
                    : Optional.empty();
        }

        private boolean hasValue(int from) {
            for (int i = from; i < filled; i++) {
                if (units[i] != 0) {
                    return true;
                }
            }
            return false;
        }

        private String label(InternalRow row) {
            if (label.isEmpty()) {
                return "";
            }
            Leaf leaf = label.get();
            SpecializedGetters at = parent(leaf, row);
            int last = leaf.path()[leaf.path().length - 1];
            if (at == null || at.isNullAt(last)) {
                return "";
            }
            if (leaf.innermost() instanceof StringType) {
                return at.getUTF8String(last).toString();
            }
            double value = RowFeeder.number(at, last, leaf.innermost());
            return value == Math.rint(value) && Math.abs(value) < 1e15
                    ? Long.toString((long) value)
                    : Double.toString(value);
        }

        private void tokens(ArrayData array, Leaf leaf) {
            for (int i = 0; i < array.numElements(); i++) {
                if (!array.isNullAt(i)) {
                    add(RowFeeder.whole(array, i, leaf.innermost()));
                }
            }
        }

        private void numbers(ArrayData array, int levels, ArrayType type, Leaf leaf) {
            for (int i = 0; i < array.numElements(); i++) {
                if (array.isNullAt(i)) {
                    complete = false;
                } else if (levels > 1) {
                    numbers(array.getArray(i), levels - 1, (ArrayType) type.elementType(), leaf);
                } else {
                    add(bits(RowFeeder.number(array, i, leaf.innermost())));
                }
            }
        }

        /** 0.0 and -0.0 are one number. */
        private static long bits(double value) {
            return Double.doubleToLongBits(value + 0.0);
        }

        private void add(long unit) {
            units = filled == units.length ? Arrays.copyOf(units, 2 * filled) : units;
            units[filled++] = unit;
        }

        private void addAll(long[] more) {
            if (filled + more.length > units.length) {
                units = Arrays.copyOf(units, Math.max(filled + more.length, 2 * units.length));
            }
            System.arraycopy(more, 0, units, filled, more.length);
            filled += more.length;
        }
    }
}
