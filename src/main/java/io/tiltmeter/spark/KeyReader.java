package io.tiltmeter.spark;

import io.tiltmeter.spark.ShardLayout.Leaf;
import io.tiltmeter.validate.RowKeys;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.unsafe.types.UTF8String;

/** Reads the columns that should be unique of rows of one layout; one for each task. */
final class KeyReader {
    private static final long HIGH = 0x2545F4914F6CDD1DL;
    private static final long LOW = 42;

    private final List<Column> columns;
    private final int corrupt;

    private record Column(Leaf leaf, RowKeys keys) {}

    KeyReader(ShardLayout layout, Set<String> names) {
        columns = layout.leaves().stream()
                .filter(leaf -> names.contains(leaf.spec().name()))
                .map(leaf -> new Column(leaf, new RowKeys()))
                .toList();
        corrupt = layout.corrupt();
    }

    /** Whether keys can be of a type: numbers and text. */
    static boolean isKey(DataType type) {
        return type instanceof StringType || type instanceof NumericType || type instanceof BooleanType;
    }

    /** Adds what was read so far to that of others, by column. */
    void addTo(Map<String, RowKeys> all) {
        columns.forEach(column -> all.computeIfAbsent(column.leaf.spec().name(), name -> new RowKeys())
                .addAll(column.keys));
    }

    /** Reads a row's keys; a row without one has none. */
    void read(InternalRow row, long number) {
        if (columns.isEmpty() || corrupt >= 0 && !row.isNullAt(corrupt)) {
            return;
        }
        for (Column column : columns) {
            Leaf leaf = column.leaf;
            SpecializedGetters at = RowContents.parent(leaf, row);
            int last = leaf.path()[leaf.path().length - 1];
            if (at == null || at.isNullAt(last)) {
                continue;
            }
            if (leaf.type() instanceof StringType) {
                add(column.keys, at.getUTF8String(last), number);
            } else if (leaf.type() instanceof DecimalType decimal) {
                String text = at.getDecimal(last, decimal.precision(), decimal.scale())
                        .toString();
                add(column.keys, UTF8String.fromBytes(text.getBytes(StandardCharsets.UTF_8)), number);
            } else {
                long bits = RowFeeder.bits(at, last, leaf.type());
                column.keys.add(XXH64.hashLong(bits, HIGH), XXH64.hashLong(bits, LOW), number);
            }
        }
    }

    private static void add(RowKeys keys, UTF8String text, long number) {
        keys.add(hash(text, HIGH), hash(text, LOW), number);
    }

    private static long hash(UTF8String text, long seed) {
        return XXH64.hashUnsafeBytes(text.getBaseObject(), text.getBaseOffset(), text.numBytes(), seed);
    }
}
