package io.tiltmeter.spark;

import io.tiltmeter.blocks.BlockAssembler;
import io.tiltmeter.blocks.Slice;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;

/** Assembles the slices of each window, which arrive one after the other, and hands out the rows of its digest. */
final class WindowAssembly implements Iterator<InternalRow> {
    private final Iterator<InternalRow> slices;
    private final List<WindowRange> windows;
    private final BlockAssembler assembler = new BlockAssembler();
    private final Deque<InternalRow> ready = new ArrayDeque<>();
    private int range = -1;
    private long window = -1;

    WindowAssembly(Iterator<InternalRow> slices, List<WindowRange> windows) {
        this.slices = slices;
        this.windows = windows;
    }

    @Override
    public boolean hasNext() {
        while (ready.isEmpty() && slices.hasNext()) {
            InternalRow row = slices.next();
            if (row.getInt(0) != range || row.getLong(1) != window) {
                finish();
                range = row.getInt(0);
                window = row.getLong(1);
            }
            assembler.add(Slice.decode(row.getBinary(2)));
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
            ready.add(DigestRows.row(windows.get(range).id(), window, assembler.digest()));
        }
    }
}
