package io.tiltmeter.validate;

import java.io.Serializable;

/**
 * What of a row is compared with other rows.
 *
 * @param place {@linkplain RowPlace#number number} of the row
 * @param units token ids, {@linkplain Words words}, or the bits of features, in order
 * @param label its class, {@code ""} if it has none
 */
public record Document(long place, long[] units, String label) implements Serializable {
    private static final long HIGH = 0x2545F4914F6CDD1DL;

    /** One half of a hash of 128 bits over all units: the same content has the same, another one with a chance of 2⁻¹²⁸. */
    public long low() {
        return hash(0);
    }

    /** The other half. */
    public long high() {
        return hash(HIGH);
    }

    private long hash(long seed) {
        long hash = seed ^ units.length;
        for (long unit : units) {
            hash = Distinct.mix(hash ^ Distinct.mix(unit ^ seed));
        }
        return hash;
    }

    /** A hash of the label, 0 without one. */
    public long labelHash() {
        if (label.isEmpty()) {
            return 0;
        }
        long hash = 1;
        for (int i = 0; i < label.length(); i++) {
            hash = hash * 0x100000001B3L + label.charAt(i);
        }
        return Distinct.mix(hash);
    }
}
