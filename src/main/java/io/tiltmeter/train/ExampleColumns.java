package io.tiltmeter.train;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.array_max;
import static org.apache.spark.sql.functions.array_min;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.element_at;
import static org.apache.spark.sql.functions.exists;
import static org.apache.spark.sql.functions.flatten;
import static org.apache.spark.sql.functions.floor;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.transform;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.spark.InputException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.DataTypes;
import org.jspecify.annotations.Nullable;

/** What a table's columns mean for an example: expressions for its numbers, and for what may be wrong with them. */
final class ExampleColumns {
    /**
     * Something that may be wrong with a row.
     *
     * @param bad true where it is
     * @param got what the message shows of the column
     */
    record Check(String column, Column bad, Column got, String wanted) {}

    /**
     * A column.
     *
     * @param depth arrays around its numbers
     */
    record Cell(String name, int depth) {
        Column column() {
            return col("`" + name.replace("`", "``") + "`");
        }

        /** Numbers in it, of a time step where it is an array of arrays; null where it is a plain number. */
        @Nullable
        Column least(boolean sequence) {
            return width(sequence, true);
        }

        @Nullable
        Column most(boolean sequence) {
            return width(sequence, false);
        }

        private @Nullable Column width(boolean sequence, boolean least) {
            if (sequence) {
                Column widths = transform(column(), step -> size(step));
                return depth == 2 ? least ? array_min(widths) : array_max(widths) : null;
            }
            return depth == 1 ? size(column()) : null;
        }
    }

    /**
     * Columns of the features or of the labels.
     *
     * @param classes 0 for values
     */
    record Side(List<Cell> cells, boolean sequence, int classes) {
        /** All numbers of a row in the order of packing. */
        Column numbers() {
            if (!sequence) {
                List<Column> parts = new ArrayList<>();
                for (Cell cell : cells) {
                    parts.add(
                            cell.depth() == 0
                                    ? array(cell.column().cast(DataTypes.FloatType))
                                    : floats(cell.column(), 1));
                }
                return parts.size() == 1 ? parts.get(0) : concat(parts.toArray(Column[]::new));
            }
            Cell first = cells.get(0);
            if (first.depth() == 2) {
                return flatten(floats(first.column(), 2));
            }
            if (cells.size() == 1) {
                return floats(first.column(), 1);
            }
            return flatten(transform(floats(first.column(), 1), (value, step) -> {
                List<Column> channels = new ArrayList<>(List.of(value));
                for (Cell cell : cells.subList(1, cells.size())) {
                    channels.add(element_at(floats(cell.column(), 1), step.plus(1)));
                }
                return array(channels.toArray(Column[]::new));
            }));
        }

        /** Time steps of a row. */
        Column steps() {
            return size(cells.get(0).column());
        }
    }

    private final Side features;
    private final Side labels;
    private final @Nullable Cell featureMask;
    private final @Nullable Cell labelMask;
    private final int steps;

    private ExampleColumns(
            Side features, Side labels, @Nullable Cell featureMask, @Nullable Cell labelMask, int steps) {
        this.features = features;
        this.labels = labels;
        this.featureMask = featureMask;
        this.labelMask = labelMask;
        this.steps = steps;
    }

    /**
     * Finds the columns of a table.
     *
     * @throws InputException if one is missing or of another type
     */
    static ExampleColumns of(ExampleTable table, TrainConfig.Data data) {
        Integer length = data.sequenceLength();
        List<Cell> featureCells = new ArrayList<>();
        boolean nested = false;
        boolean sequence = data.layout() == TrainConfig.Layout.SEQUENCE
                || (data.layout() == TrainConfig.Layout.AUTO && length != null);
        for (String name : data.features()) {
            boolean mayNest = data.features().size() == 1 && data.layout() != TrainConfig.Layout.FLAT;
            int depth = table.depth(name, "data.features", sequence ? 1 : 0, mayNest ? 2 : 1);
            featureCells.add(new Cell(name, depth));
            nested |= depth == 2;
        }
        if (nested && length == null) {
            throw new InputException("Cannot use examples '" + table.name() + "': column '"
                    + data.features().get(0) + "' has sequences, but data.sequence-length is not set, expected the"
                    + " greatest number of time steps");
        }
        Integer featureClasses = data.featureClasses();
        Side features = new Side(featureCells, sequence, featureClasses == null ? 0 : featureClasses);
        return new ExampleColumns(
                features,
                labels(table, data, sequence),
                mask(table, data.featureMask(), "data.feature-mask"),
                labelMask(table, data, sequence),
                length == null ? 0 : length);
    }

    private static Side labels(ExampleTable table, TrainConfig.Data data, boolean sequence) {
        Integer labelClasses = data.labelClasses();
        int classes = labelClasses == null ? 0 : labelClasses;
        List<Cell> cells = new ArrayList<>();
        boolean alongTime = data.labelEncoding() == TrainConfig.LabelEncoding.ONE_HOT_SEQUENCE;
        for (String name : data.labels()) {
            int depth = switch (data.labelEncoding()) {
                case CLASS -> table.depth(name, "data.labels", 0, 0);
                case ONE_HOT_SEQUENCE -> table.depth(name, "data.labels", 1, 1);
                case VALUES ->
                    table.depth(
                            name, "data.labels", 0, sequence && data.labels().size() == 1 ? 2 : 1);
            };
            cells.add(new Cell(name, depth));
            alongTime |= depth == 2;
        }
        return new Side(cells, alongTime, classes);
    }

    private static @Nullable Cell labelMask(ExampleTable table, TrainConfig.Data data, boolean sequence) {
        Cell mask = mask(table, data.labelMask(), "data.label-mask");
        if (mask != null && !(sequence && labels(table, data, true).sequence())) {
            throw new InputException("Cannot use examples '" + table.name() + "': data.label-mask is set, but labels '"
                    + String.join(", ", data.labels()) + "' have no time steps, expected arrays of arrays of numbers"
                    + " or data.label-encoding = one-hot-sequence");
        }
        return mask;
    }

    private static @Nullable Cell mask(ExampleTable table, @Nullable String name, String key) {
        return name == null ? null : new Cell(name, table.depth(name, key, 1, 1));
    }

    Side features() {
        return features;
    }

    Side labels() {
        return labels;
    }

    /** Greatest number of time steps, 0 without sequences. */
    int steps() {
        return steps;
    }

    boolean hasMasks() {
        return featureMask != null || labelMask != null;
    }

    /** Cells of the mask of the features or the labels, null in every row without one. */
    Column featureMask() {
        return maskNumbers(featureMask);
    }

    Column labelMask() {
        return maskNumbers(labelMask);
    }

    private static Column maskNumbers(@Nullable Cell mask) {
        return mask == null ? lit(null).cast(DataTypes.createArrayType(DataTypes.FloatType)) : floats(mask.column(), 1);
    }

    /** All columns that make an example, each once: what a row is known by. */
    Column[] identity() {
        Set<Cell> cells = new LinkedHashSet<>(features.cells());
        cells.addAll(labels.cells());
        if (featureMask != null) {
            cells.add(featureMask);
        }
        if (labelMask != null) {
            cells.add(labelMask);
        }
        return cells.stream().map(Cell::column).toArray(Column[]::new);
    }

    /** What may be wrong with a row, widths excepted, in the order in which it is said. */
    List<Check> checks() {
        List<Check> checks = new ArrayList<>();
        addChecks(features, checks);
        addChecks(labels, checks);
        addMaskChecks(featureMask, features, checks);
        addMaskChecks(labelMask, labels, checks);
        return checks;
    }

    private void addChecks(Side side, List<Check> checks) {
        for (Cell cell : side.cells()) {
            Column column = cell.column();
            Column shown = coalesce(column.cast(DataTypes.StringType), lit("null"));
            checks.add(new Check(
                    cell.name(),
                    column.isNull().or(anyNumber(column, cell.depth(), Column::isNull)),
                    shown,
                    cell.depth() == 0 ? "a number" : "numbers without a null among them"));
            if (side.sequence()) {
                checks.add(new Check(
                        cell.name(),
                        size(column).gt(steps).or(size(column).equalTo(0)),
                        concat(size(column).cast(DataTypes.StringType), lit(" time steps long")),
                        "1 to " + steps + " (data.sequence-length)"));
                checks.add(new Check(
                        cell.name(),
                        size(column).notEqual(side.steps()),
                        concat(size(column).cast(DataTypes.StringType), lit(" time steps long")),
                        "as many as column '" + side.cells().get(0).name() + "' has"));
            }
            if (side.classes() > 0) {
                UnaryOperator<Column> noClass =
                        value -> not(value.geq(0).and(value.lt(side.classes())).and(value.equalTo(floor(value))));
                checks.add(new Check(
                        cell.name(),
                        anyNumber(column, cell.depth(), noClass),
                        shown,
                        "whole numbers from 0 to " + (side.classes() - 1)));
            }
        }
    }

    private void addMaskChecks(@Nullable Cell mask, Side side, List<Check> checks) {
        if (mask != null) {
            Column column = mask.column();
            Column shown = coalesce(column.cast(DataTypes.StringType), lit("null"));
            checks.add(new Check(
                    mask.name(),
                    column.isNull().or(exists(column, value -> coalesce(not(value.isin(0, 1)), lit(true)))),
                    shown,
                    "an array of 0 and 1"));
            checks.add(new Check(
                    mask.name(),
                    size(column).notEqual(side.steps()).and(size(column).notEqual(steps)),
                    concat(size(column).cast(DataTypes.StringType), lit(" time steps long")),
                    "as many as the sequence has, or " + steps));
        }
    }

    /** Whether a number in the column is so. */
    private static Column anyNumber(Column column, int depth, UnaryOperator<Column> so) {
        return switch (depth) {
            case 0 -> so.apply(column);
            case 1 -> exists(column, so::apply);
            // An absent time step counts as absent numbers.
            default -> exists(column, step -> step.isNull().or(exists(step, so::apply)));
        };
    }

    private static Column floats(Column column, int depth) {
        org.apache.spark.sql.types.DataType type = DataTypes.createArrayType(DataTypes.FloatType);
        return column.cast(depth == 1 ? type : DataTypes.createArrayType(type));
    }
}
