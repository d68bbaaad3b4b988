package io.tiltmeter.validate;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * How values of rows that follow each other differ, in bounded form; those of parts merge in the order of rows. Values that
 * are no finite numbers are passed over.
 */
public final class Neighbours {
    private long count;
    private double mean;
    private double squares;
    private double differences;
    private long equal;
    private double first;
    private double last;
    private long firstKey;
    private long lastKey;

    /** Adds a number. */
    void add(double value) {
        if (Math.abs(value) <= Double.MAX_VALUE) {
            add(value, Double.doubleToLongBits(value + 0.0));
        }
    }

    /** Adds a value of which only whether it equals its neighbour counts. */
    void addKey(long key) {
        add(0, key);
    }

    private void add(double value, long key) {
        if (count == 0) {
            first = value;
            firstKey = key;
        } else {
            follow(value, key);
        }
        count++;
        double before = value - mean;
        mean += before / count;
        squares += before * (value - mean);
        last = value;
        lastKey = key;
    }

    private void follow(double value, long key) {
        differences += (value - last) * (value - last);
        equal += key == lastKey ? 1 : 0;
    }

    void merge(Neighbours other) {
        if (other.count == 0) {
            return;
        }
        if (count == 0) {
            first = other.first;
            firstKey = other.firstKey;
        } else {
            follow(other.first, other.firstKey);
        }
        double delta = other.mean - mean;
        long total = count + other.count;
        mean += delta * ((double) other.count / total);
        squares += other.squares + delta * delta * ((double) count * other.count / total);
        differences += other.differences;
        equal += other.equal;
        count = total;
        last = other.last;
        lastKey = other.lastKey;
    }

    /** Values there were. */
    public long count() {
        return count;
    }

    /** Sum of their squared deviations from their mean; 0 of values that are no numbers. */
    public double squares() {
        return squares;
    }

    /** Sum of the squared differences between neighbours. */
    public double differences() {
        return differences;
    }

    /** Squared deviations of the first and the last value from the mean, together. */
    public double ends() {
        return (first - mean) * (first - mean) + (last - mean) * (last - mean);
    }

    /** Neighbours that are equal. */
    public long equal() {
        return equal;
    }

    void write(DataOutput out) throws IOException {
        Varints.write(out, count);
        if (count > 0) {
            out.writeDouble(mean);
            out.writeDouble(squares);
            out.writeDouble(differences);
            Varints.write(out, equal);
            out.writeDouble(first);
            out.writeDouble(last);
            out.writeLong(firstKey);
            out.writeLong(lastKey);
        }
    }

    static Neighbours read(DataInput in) throws IOException {
        Neighbours neighbours = new Neighbours();
        neighbours.count = Varints.read(in);
        if (neighbours.count > 0) {
            neighbours.mean = in.readDouble();
            neighbours.squares = in.readDouble();
            neighbours.differences = in.readDouble();
            neighbours.equal = Varints.read(in);
            neighbours.first = in.readDouble();
            neighbours.last = in.readDouble();
            neighbours.firstKey = in.readLong();
            neighbours.lastKey = in.readLong();
        }
        return neighbours;
    }
}
