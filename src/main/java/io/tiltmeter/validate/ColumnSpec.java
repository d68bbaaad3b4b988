package io.tiltmeter.validate;

import java.io.Serializable;

/**
 * A column as a dataset declares it; fields of structs are columns with a dotted name.
 *
 * @param type Spark's name of the type, e.g. {@code array<int>}
 * @param nullable whether the schema lets cells be missing
 */
public record ColumnSpec(String name, ColumnKind kind, String type, boolean nullable) implements Serializable {
    /** Whether its numbers have fractions. */
    public boolean isFractional() {
        return type.contains("float") || type.contains("double") || type.contains("decimal");
    }
}
