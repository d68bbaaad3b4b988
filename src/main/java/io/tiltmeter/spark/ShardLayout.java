package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnSpec;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What a group of shards of one format and schema looks like.
 *
 * @param schema columns as read, for text files with one for lines that are no rows
 * @param leaves columns as profiled: structs taken apart, in the order of the schema
 */
record ShardLayout(ShardFormat format, StructType schema, List<Leaf> leaves) implements Serializable {
    /**
     * A profiled column.
     *
     * @param path ordinals from the row through structs to the column
     * @param type of its cells
     */
    record Leaf(ColumnSpec spec, int[] path, int[] widths, DataType type) implements Serializable {
        /** Arrays around its numbers. */
        int depth() {
            int depth = 0;
            for (DataType at = type; at instanceof ArrayType array; at = array.elementType()) {
                depth++;
            }
            return depth;
        }

        DataType innermost() {
            DataType at = type;
            while (at instanceof ArrayType array) {
                at = array.elementType();
            }
            return at;
        }
    }

    /** The layout of a schema, with columns' kinds by their types and names. */
    static ShardLayout of(ShardFormat format, StructType schema, Settings.Validate settings) {
        List<Leaf> leaves = new ArrayList<>();
        collect(schema, "", new int[0], new int[0], false, new Names(settings), leaves);
        return new ShardLayout(format, schema, List.copyOf(leaves));
    }

    private static void collect(
            StructType schema,
            String prefix,
            int[] path,
            int[] widths,
            boolean nullable,
            Names names,
            List<Leaf> into) {
        for (int i = 0; i < schema.fields().length; i++) {
            StructField field = schema.fields()[i];
            int[] here = append(path, i);
            String name = prefix + field.name();
            boolean mayMiss = nullable || field.nullable();
            if (field.dataType() instanceof StructType struct) {
                collect(struct, name + ".", here, append(widths, struct.length()), mayMiss, names, into);
            } else if (!name.equals(ShardFormat.CORRUPT)) {
                ColumnKind kind = names.kind(name, field.dataType());
                into.add(new Leaf(
                        new ColumnSpec(name, kind, field.dataType().catalogString(), mayMiss),
                        here,
                        widths,
                        field.dataType()));
            }
        }
    }

    private static int[] append(int[] path, int last) {
        int[] longer = Arrays.copyOf(path, path.length + 1);
        longer[path.length] = last;
        return longer;
    }

    /** Ordinal of the column of lines that are no rows, -1 where there is none. */
    int corrupt() {
        return format.isText() && List.of(schema.fieldNames()).contains(ShardFormat.CORRUPT)
                ? schema.fieldIndex(ShardFormat.CORRUPT)
                : -1;
    }

    List<String> tokenColumns() {
        return leaves.stream()
                .filter(leaf -> leaf.spec().kind() == ColumnKind.TOKENS)
                .map(leaf -> leaf.spec().name())
                .toList();
    }

    /** For people: names and types. */
    String description() {
        return leaves.stream()
                .map(leaf -> leaf.spec().name() + " " + leaf.spec().type())
                .collect(Collectors.joining(", "));
    }

    /** Names by which columns are told. */
    private record Names(Set<String> tokens, Set<String> labels, Set<String> texts, Set<String> sources) {
        Names(Settings.Validate settings) {
            this(
                    set(settings.tokenColumns()),
                    set(settings.labelColumns()),
                    set(settings.textColumns()),
                    set(settings.sourceColumns()));
        }

        private static Set<String> set(String names) {
            return Arrays.stream(names.split(",", -1))
                    .map(String::strip)
                    .filter(name -> !name.isEmpty())
                    .collect(Collectors.toSet());
        }

        ColumnKind kind(String name, DataType type) {
            if (type instanceof StringType) {
                if (labels.contains(name)) {
                    return ColumnKind.LABEL;
                }
                return texts.contains(name)
                        ? ColumnKind.TEXT
                        : sources.contains(name) ? ColumnKind.SOURCE : ColumnKind.STRING;
            }
            if (isNumber(type)) {
                return labels.contains(name) ? ColumnKind.LABEL : ColumnKind.NUMBER;
            }
            if (type instanceof ArrayType array) {
                if (tokens.contains(name) && isWhole(array.elementType())) {
                    return ColumnKind.TOKENS;
                }
                DataType inner = array.elementType();
                while (inner instanceof ArrayType nested) {
                    inner = nested.elementType();
                }
                return isNumber(inner) ? ColumnKind.NUMBERS : ColumnKind.OTHER;
            }
            return ColumnKind.OTHER;
        }

        private static boolean isNumber(DataType type) {
            return type instanceof NumericType || type instanceof BooleanType;
        }

        private static boolean isWhole(DataType type) {
            return type instanceof IntegerType
                    || type instanceof LongType
                    || type instanceof ShortType
                    || type instanceof ByteType;
        }
    }
}
