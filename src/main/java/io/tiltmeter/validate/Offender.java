package io.tiltmeter.validate;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;

/**
 * A row that breaks a hard rule.
 *
 * @param check id of the rule
 * @param row place in its shard, from 0
 * @param position place in the array, -1 where there is none
 * @param value what stood there
 */
public record Offender(String check, String column, long row, int position, String value) implements Serializable {
    private static final int LONGEST = 60;

    public Offender {
        value = value.length() > LONGEST ? value.substring(0, LONGEST) + "…" : value;
    }

    void write(DataOutput out) throws IOException {
        out.writeUTF(check);
        out.writeUTF(column);
        out.writeLong(row);
        out.writeInt(position);
        out.writeUTF(value);
    }

    static Offender read(DataInput in) throws IOException {
        return new Offender(in.readUTF(), in.readUTF(), in.readLong(), in.readInt(), in.readUTF());
    }
}
