package io.tiltmeter.model;

import java.util.Locale;

/** Over which part of the cluster a value was reduced before it was logged. */
public enum Scope {
    /** One worker's own value, before any reduction: the only scope at which workers can be compared. */
    LOCAL,
    /** Reduced over the ranks that hold one shard of the model. */
    SHARD,
    /** Reduced over some other group of ranks. */
    GROUP,
    /** Reduced over the whole run. */
    GLOBAL;

    /** The value stored in the tables, e.g. {@code local}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The scope stored as this text.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Scope parse(String text) {
        for (Scope scope : values()) {
            if (scope.text().equals(text)) {
                return scope;
            }
        }
        throw new IllegalArgumentException("Scope '" + text + "' is none of local, shard, group, global");
    }
}
