package io.tiltmeter.validate;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** How often each label occurs; beyond {@value #MOST} different ones the rest is counted together. */
public final class Classes {
    /** Different labels counted one by one: ImageNet's 1,000 and the 21,841 of its whole fit. */
    public static final int MOST = 32_768;

    private final TreeMap<String, Long> counts = new TreeMap<>();
    private long others;
    private long outside;

    void add(String label, boolean inside) {
        add(label, 1);
        outside += inside ? 0 : 1;
    }

    private void add(String label, long count) {
        if (counts.containsKey(label) || counts.size() < MOST) {
            counts.merge(label, count, Long::sum);
        } else {
            others += count;
        }
    }

    void merge(Classes other) {
        other.counts.forEach(this::add);
        others += other.others;
        outside += other.outside;
    }

    /** Counts by label; a number is written without a needless fraction. */
    public Map<String, Long> counts() {
        return Collections.unmodifiableMap(counts);
    }

    /** Labels not counted one by one. */
    public long others() {
        return others;
    }

    /** Labels that are no class: fractions, and numbers outside the range of classes. */
    public long outside() {
        return outside;
    }

    void write(DataOutput out) throws IOException {
        out.writeInt(counts.size());
        for (Map.Entry<String, Long> entry : counts.entrySet()) {
            out.writeUTF(entry.getKey());
            out.writeLong(entry.getValue());
        }
        out.writeLong(others);
        out.writeLong(outside);
    }

    static Classes read(DataInput in) throws IOException {
        Classes classes = new Classes();
        int size = in.readInt();
        for (int i = 0; i < size; i++) {
            String label = in.readUTF();
            classes.counts.put(label, in.readLong());
        }
        classes.others = in.readLong();
        classes.outside = in.readLong();
        return classes;
    }
}
