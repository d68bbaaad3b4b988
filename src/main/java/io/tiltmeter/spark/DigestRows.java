package io.tiltmeter.spark;

import io.tiltmeter.blocks.Digest;
import io.tiltmeter.blocks.DigestCodec;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/** Digests as rows, one a window, packed by {@link DigestCodec}. */
final class DigestRows {
    private DigestRows() {}

    static final StructType SCHEMA = new StructType()
            .add("run_id", DataTypes.StringType, false)
            .add("attempt", DataTypes.IntegerType, false)
            .add("window", DataTypes.LongType, false)
            .add("digest", DataTypes.BinaryType, false);

    private static final int DIGEST = 3;

    /** The row of a window with its packed digest. */
    static InternalRow row(AttemptId id, long window, byte[] digest) {
        return new GenericInternalRow(new Object[] {UTF8String.fromString(id.runId()), id.attempt(), window, digest});
    }

    static String runId(InternalRow row) {
        return row.getUTF8String(0).toString();
    }

    static int attempt(InternalRow row) {
        return row.getInt(1);
    }

    static Digest digest(InternalRow row) {
        return DigestCodec.decode(row.getBinary(DIGEST));
    }
}
