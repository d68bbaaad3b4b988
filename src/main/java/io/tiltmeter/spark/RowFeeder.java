package io.tiltmeter.spark;

import io.tiltmeter.spark.ShardLayout.Leaf;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.ShardProfile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.unsafe.types.UTF8String;

/** Puts rows into the profile of their shard, without boxing a cell. One for each task and layout. */
final class RowFeeder {
    private static final long SEED = 42;
    private static final long FACTOR = 0x9E3779B97F4A7C15L;

    private final List<Column> columns = new ArrayList<>();
    private final ShardProfile profile;
    private final int corrupt;

    /** Feeds a profile; {@code ofColumn} is called once for each column. */
    RowFeeder(ShardLayout layout, ShardProfile profile) {
        this.profile = profile;
        this.corrupt = layout.corrupt();
        for (Leaf leaf : layout.leaves()) {
            columns.add(new Column(leaf, profile.column(leaf.spec())));
        }
    }

    /** Adds a row at a place of the shard. */
    void add(InternalRow row, long place) {
        if (corrupt >= 0 && !row.isNullAt(corrupt)) {
            profile.malformedRow(place, row.getUTF8String(corrupt).toString());
            return;
        }
        profile.row();
        long content = 0;
        for (Column column : columns) {
            content = content * FACTOR + column.add(row, place);
        }
        profile.content(place, content);
    }

    /** An element that is a whole number of any width. */
    static long whole(ArrayData array, int i, DataType type) {
        if (type instanceof LongType) {
            return array.getLong(i);
        }
        return type instanceof IntegerType
                ? array.getInt(i)
                : type instanceof ShortType ? array.getShort(i) : array.getByte(i);
    }

    /**
     * The bits of a cell that is a number: a whole number of any width as a long, a fraction as a double. 0.0 and -0.0 are one
     * number.
     */
    static long bits(SpecializedGetters at, int i, DataType type) {
        if (type instanceof LongType) {
            return at.getLong(i);
        }
        double value = number(at, i, type);
        boolean fraction = type instanceof DoubleType || type instanceof FloatType;
        return fraction ? Double.doubleToLongBits(value + 0.0) : (long) value;
    }

    /** A cell or element that is a number of any type. */
    static double number(SpecializedGetters at, int i, DataType type) {
        if (type instanceof DoubleType) {
            return at.getDouble(i);
        }
        if (type instanceof FloatType) {
            return at.getFloat(i);
        }
        if (type instanceof LongType) {
            return at.getLong(i);
        }
        if (type instanceof IntegerType) {
            return at.getInt(i);
        }
        if (type instanceof ShortType) {
            return at.getShort(i);
        }
        if (type instanceof ByteType) {
            return at.getByte(i);
        }
        if (type instanceof BooleanType) {
            return at.getBoolean(i) ? 1 : 0;
        }
        DecimalType decimal = (DecimalType) type;
        return at.getDecimal(i, decimal.precision(), decimal.scale()).toDouble();
    }

    /** One column: how its cells are reached and read. */
    private static final class Column {
        private final Leaf leaf;
        private final ColumnProfile profile;
        private final int last;
        private final DataType inner;
        private final int depth;
        private double[] numbers = new double[64];
        private int[] ids = new int[64];
        private int filled;
        private int absent;

        Column(Leaf leaf, ColumnProfile profile) {
            this.leaf = leaf;
            this.profile = profile;
            this.last = leaf.path()[leaf.path().length - 1];
            this.inner = leaf.innermost();
            this.depth = leaf.depth();
        }

        /** Adds the cell; returns a hash of what there is to learn from in it, 0 if there is nothing. */
        long add(InternalRow row, long place) {
            SpecializedGetters at = row;
            for (int i = 0; i < leaf.widths().length; i++) {
                if (at.isNullAt(leaf.path()[i])) {
                    profile.missing(place);
                    return 0;
                }
                at = at.getStruct(leaf.path()[i], leaf.widths()[i]);
            }
            if (at.isNullAt(last)) {
                profile.missing(place);
                return 0;
            }
            switch (profile.spec().kind()) {
                case NUMBER -> profile.number(place, number(at, last, inner));
                case LABEL -> label(at, place);
                case SOURCE -> {
                    UTF8String source = at.getUTF8String(last);
                    profile.source(place, source.toString(), XXH64.hashUTF8String(source, SEED));
                }
                case STRING -> text(at.getUTF8String(last), place);
                case TEXT -> {
                    UTF8String text = at.getUTF8String(last);
                    long hash = text(text, place);
                    return text.numBytes() == 0 ? 0 : hash;
                }
                case TOKENS -> {
                    ids(at.getArray(last));
                    profile.tokens(place, ids, filled, absent);
                    return hashOfIds();
                }
                case NUMBERS -> {
                    filled = 0;
                    absent = 0;
                    numbers(at.getArray(last), depth, (ArrayType) leaf.type());
                    profile.numbers(place, numbers, filled, absent);
                    return hashOfNumbers();
                }
                case OTHER -> profile.present();
            }
            return 0;
        }

        private long hashOfIds() {
            long hash = 0;
            for (int i = 0; i < filled; i++) {
                hash = hash * FACTOR + ids[i] + 1;
            }
            return hash;
        }

        /** Numbers that are all zero are nothing. */
        private long hashOfNumbers() {
            long hash = 0;
            for (int i = 0; i < filled; i++) {
                hash = hash * FACTOR + Double.doubleToRawLongBits(numbers[i] + 0.0);
            }
            return hash;
        }

        private void label(SpecializedGetters at, long place) {
            if (inner instanceof StringType) {
                UTF8String text = at.getUTF8String(last);
                profile.label(place, text.toString(), XXH64.hashUTF8String(text, SEED));
            } else {
                profile.number(place, number(at, last, inner));
            }
        }

        private long text(UTF8String text, long place) {
            long hash = XXH64.hashUTF8String(text, SEED);
            profile.text(place, text.numChars(), hash);
            return hash;
        }

        private void ids(ArrayData array) {
            int n = array.numElements();
            ids = ids.length < n ? new int[Math.max(n, 2 * ids.length)] : ids;
            filled = 0;
            absent = 0;
            if (inner instanceof IntegerType && !hasNulls(array, n)) {
                System.arraycopy(array.toIntArray(), 0, ids, 0, n);
                filled = n;
                return;
            }
            for (int i = 0; i < n; i++) {
                if (array.isNullAt(i)) {
                    absent++;
                } else {
                    long id = whole(array, i, inner);
                    ids[filled++] = id == (int) id ? (int) id : -1;
                }
            }
        }

        private void numbers(ArrayData array, int levels, ArrayType type) {
            int n = array.numElements();
            if (levels > 1) {
                for (int i = 0; i < n; i++) {
                    if (array.isNullAt(i)) {
                        absent++;
                    } else {
                        numbers(array.getArray(i), levels - 1, (ArrayType) type.elementType());
                    }
                }
                return;
            }
            if (filled + n > numbers.length) {
                numbers = Arrays.copyOf(numbers, Math.max(filled + n, 2 * numbers.length));
            }
            if (inner instanceof FloatType && !hasNulls(array, n)) {
                for (float each : array.toFloatArray()) {
                    numbers[filled++] = each;
                }
            } else {
                for (int i = 0; i < n; i++) {
                    if (array.isNullAt(i)) {
                        absent++;
                    } else {
                        numbers[filled++] = number(array, i, inner);
                    }
                }
            }
        }

        private static boolean hasNulls(ArrayData array, int n) {
            for (int i = 0; i < n; i++) {
                if (array.isNullAt(i)) {
                    return true;
                }
            }
            return false;
        }
    }
}
