package io.tiltmeter.spark;

import io.tiltmeter.blocks.BlockAssembler;
import io.tiltmeter.blocks.DigestCodec;
import io.tiltmeter.blocks.Slice;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;

/** Assembles the slices of each window, which arrive one after the other, and hands out digests; those made before pass through. */
final class WindowAssembly implements Iterator<InternalRow> {
    private final Iterator<InternalRow> slices;
    private final List<ScanTarget> targets;
    private final BlockAssembler assembler = new BlockAssembler();
    private final Deque<InternalRow> ready = new ArrayDeque<>();
    private int range = -1;
    private long window = -1;

    WindowAssembly(Iterator<InternalRow> slices, List<ScanTarget> targets) {
        this.slices = slices;
        this.targets = targets;
    }

    @Override
    public boolean hasNext() {
        while (ready.isEmpty() && slices.hasNext()) {
            InternalRow row = slices.next();
            if (row.getInt(1) != range || row.getLong(2) != window) {
                finish();
                range = row.getInt(1);
                window = row.getLong(2);
            }
            if (row.getBoolean(3)) {
                hand(row.getBinary(4));
            } else {
                assembler.add(Slice.decode(row.getBinary(4)));
            }
        }
        if (ready.isEmpty()) {
            finish();
        }
        return !ready.isEmpty();
    }

    @Override
    public InternalRow next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return ready.remove();
    }

    private void finish() {
        if (!assembler.isEmpty()) {
            hand(DigestCodec.encode(assembler.digest()));
        }
    }

    private void hand(byte[] digest) {
        ready.add(DigestRows.row(targets.get(range).windows().id(), window, digest));
    }
}
