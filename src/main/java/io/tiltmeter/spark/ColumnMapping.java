package io.tiltmeter.spark;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;

/**
 * Brings the columns of a foreign table to ours: by their own name, else by the names file ({@code foreign = column} or
 * {@code foreign = column@unit}), converted to our units and types.
 */
final class ColumnMapping {
    private static final Map<String, Double> SECONDS =
            Map.of("s", 1.0, "ms", 1e-3, "us", 1e-6, "ns", 1e-9, "min", 60.0, "h", 3600.0);

    private final Map<String, String> names;

    /** Uses this map of foreign names to {@code column} or {@code column@unit}. */
    ColumnMapping(Map<String, String> names) {
        this.names = new HashMap<>();
        names.forEach((foreign, ours) -> this.names.put(normal(foreign), ours));
    }

    /**
     * The columns of {@code wanted} that the table has, by our names and in our order.
     *
     * @param where names the table or file in messages
     * @return the columns, or in {@code error} what is wrong with the table
     */
    Result map(StructType actual, StructType wanted, String where) {
        Map<String, Candidate> found = new HashMap<>();
        for (StructField field : actual.fields()) {
            String ours = ours(field.name(), wanted);
            int at = ours.indexOf('@');
            String column = at < 0 ? ours : ours.substring(0, at);
            // A column by our own name goes before one that is only mapped to it.
            if (!column.isEmpty() && (!found.containsKey(column) || column.equals(field.name()))) {
                found.put(column, new Candidate(field, at < 0 ? "" : ours.substring(at + 1)));
            }
        }
        List<Column> columns = new ArrayList<>();
        List<String> kept = new ArrayList<>();
        for (StructField field : wanted.fields()) {
            Candidate candidate = found.get(field.name());
            if (candidate == null) {
                if (!field.nullable()) {
                    return Result.wrong("Cannot read " + where + ": it has no column '" + field.name() + "' ("
                            + field.dataType().catalogString() + "); its columns are "
                            + String.join(", ", actual.fieldNames())
                            + ". Map one to it in a names file, or rename it");
                }
                continue;
            }
            Optional<Column> column = convert(candidate, field.dataType());
            if (column.isEmpty()) {
                return Result.wrong("Cannot read " + where + ": column '" + candidate.field.name() + "' is "
                        + candidate.field.dataType().catalogString() + ", expected "
                        + field.dataType().catalogString());
            }
            columns.add(column.get().as(field.name()));
            kept.add(field.name());
        }
        return new Result(columns, kept, "");
    }

    /** The column, perhaps with a unit, that a foreign one is; {@code ""} if it is none of ours. */
    private String ours(String foreign, StructType wanted) {
        String mapped = names.getOrDefault(normal(foreign), "");
        // A column by our own name is ours; the names file may still say its unit.
        return fieldNames(wanted).contains(foreign) && !mapped.startsWith(foreign + "@") ? foreign : mapped;
    }

    /** Whether a foreign column is one of ours that holds text. */
    boolean isText(String foreign, StructType wanted) {
        String ours = ours(foreign, wanted);
        return fieldNames(wanted).contains(ours) && wanted.apply(ours).dataType() instanceof StringType;
    }

    private static List<String> fieldNames(StructType type) {
        return List.of(type.fieldNames());
    }

    private static String normal(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    private static Optional<Column> convert(Candidate candidate, DataType wanted) {
        DataType actual = candidate.field.dataType();
        Column column = functions.col("`" + candidate.field.name().replace("`", "``") + "`");
        Double factor = SECONDS.get(candidate.unit);
        if (wanted instanceof TimestampType) {
            if (actual instanceof TimestampType || actual instanceof TimestampNTZType) {
                return Optional.of(column.cast(wanted));
            }
            return actual instanceof NumericType && factor != null
                    ? Optional.of(functions.timestamp_micros(
                            column.cast("double").multiply(factor * 1e6).try_cast("bigint")))
                    : Optional.empty();
        }
        if (wanted instanceof DoubleType) {
            if (!(actual instanceof NumericType || actual instanceof BooleanType)) {
                return Optional.empty();
            }
            Column number = actual instanceof DoubleType ? column : column.cast(wanted);
            return Optional.of(factor == null || factor == 1.0 ? number : number.multiply(factor));
        }
        if (wanted instanceof LongType || wanted instanceof IntegerType) {
            boolean integral = actual instanceof LongType
                    || actual instanceof IntegerType
                    || actual instanceof ShortType
                    || actual instanceof ByteType;
            if (!integral) {
                return Optional.empty();
            }
            return Optional.of(
                    actual.sameType(wanted)
                            ? column
                            : wanted instanceof LongType ? column.cast(wanted) : asInt(column));
        }
        if (wanted instanceof StringType) {
            return actual instanceof StringType ? Optional.of(column) : Optional.empty();
        }
        if (wanted instanceof MapType || wanted instanceof ArrayType) {
            if (actual.sameType(wanted)) {
                return Optional.of(column);
            }
            return actual.getClass() == wanted.getClass() && Cast.canCast(actual, wanted)
                    ? Optional.of(column.cast(wanted))
                    : Optional.empty();
        }
        return Optional.empty();
    }

    /** Numbers beyond the type become its bounds, which no worker or attempt has: one such row must not fail the job. */
    private static Column asInt(Column column) {
        return functions
                .when(column.gt(Integer.MAX_VALUE), Integer.MAX_VALUE)
                .when(column.lt(Integer.MIN_VALUE), Integer.MIN_VALUE)
                .otherwise(column)
                .cast("int");
    }

    private record Candidate(StructField field, String unit) {}

    /** The columns found and their names, or what is wrong with the table as a message (then there are none). */
    record Result(List<Column> columns, List<String> names, String error) {
        static Result wrong(String error) {
            return new Result(List.of(), List.of(), error);
        }
    }
}
