package io.tiltmeter.validate;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Count, mean, variance, least and greatest of finite numbers, by the pairwise update of Chan, Golub and LeVeque (1983),
 * which loses no digits however many there are. Merging in the same order gives the same bits.
 */
public final class Moments {
    private long count;
    private double mean;
    private double squares;
    private double least = Double.POSITIVE_INFINITY;
    private double greatest = Double.NEGATIVE_INFINITY;

    /** Adds the first {@code n} numbers, all finite. */
    void add(double[] values, int n) {
        if (n == 0) {
            return;
        }
        double sum = 0;
        double low = least;
        double high = greatest;
        for (int i = 0; i < n; i++) {
            double value = values[i];
            sum += value;
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        double center = sum / n;
        double deviations = 0;
        for (int i = 0; i < n; i++) {
            double deviation = values[i] - center;
            deviations += deviation * deviation;
        }
        combine(n, center, deviations);
        least = low;
        greatest = high;
    }

    void merge(Moments other) {
        combine(other.count, other.mean, other.squares);
        least = Math.min(least, other.least);
        greatest = Math.max(greatest, other.greatest);
    }

    private void combine(long n, double center, double deviations) {
        if (n == 0) {
            return;
        }
        long total = count + n;
        double delta = center - mean;
        mean += delta * ((double) n / total);
        squares += deviations + delta * delta * ((double) count * n / total);
        count = total;
    }

    public long count() {
        return count;
    }

    /** NaN without any number. */
    public double mean() {
        return count == 0 ? Double.NaN : mean;
    }

    /** Standard deviation of the population, NaN without any number. */
    public double deviation() {
        return count == 0 ? Double.NaN : Math.sqrt(squares / count);
    }

    /** {@code +Infinity} without any number. */
    public double least() {
        return least;
    }

    /** {@code -Infinity} without any number. */
    public double greatest() {
        return greatest;
    }

    void write(DataOutput out) throws IOException {
        out.writeLong(count);
        out.writeDouble(mean);
        out.writeDouble(squares);
        out.writeDouble(least);
        out.writeDouble(greatest);
    }

    static Moments read(DataInput in) throws IOException {
        Moments moments = new Moments();
        moments.count = in.readLong();
        moments.mean = in.readDouble();
        moments.squares = in.readDouble();
        moments.least = in.readDouble();
        moments.greatest = in.readDouble();
        return moments;
    }
}
