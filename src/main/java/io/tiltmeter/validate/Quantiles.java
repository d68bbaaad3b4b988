package io.tiltmeter.validate;

import com.datadoghq.sketch.ddsketch.DDSketch;
import com.datadoghq.sketch.ddsketch.DDSketches;
import com.datadoghq.sketch.ddsketch.encoding.ByteArrayInput;
import com.datadoghq.sketch.ddsketch.encoding.GrowingByteArrayOutput;
import com.datadoghq.sketch.ddsketch.mapping.IndexMapping;
import com.datadoghq.sketch.ddsketch.store.Bin;
import com.datadoghq.sketch.ddsketch.store.CollapsingLowestDenseStore;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Quantiles of numbers with a relative error of at most {@value #ACCURACY}, by DDSketch (Masson, Rim and Lee, 2019). Merging
 * in any order gives the same. Up to {@value #BINS} bins a sign: of numbers that span more than 17 orders of magnitude the
 * smallest share one bin.
 */
public final class Quantiles {
    /** Greatest relative error of a quantile. */
    public static final double ACCURACY = 0.005;

    private static final int BINS = 4096;

    private DDSketch sketch = DDSketches.logarithmicCollapsingLowestDense(ACCURACY, BINS);

    void add(double[] values, int n) {
        for (int i = 0; i < n; i++) {
            sketch.accept(values[i]);
        }
    }

    void merge(Quantiles other) {
        sketch.mergeWith(other.sketch);
    }

    public long count() {
        return (long) sketch.getCount();
    }

    /** The quantile for a share from 0 to 1; NaN without any number. */
    public double at(double share) {
        return sketch.isEmpty() ? Double.NaN : sketch.getValueAtQuantile(share);
    }

    /** The bins in ascending order of their numbers. */
    public Steps steps() {
        IndexMapping mapping = sketch.getIndexMapping();
        List<double[]> bins = new ArrayList<>();
        double counted = 0;
        Iterator<Bin> negative = sketch.getNegativeValueStore().getDescendingIterator();
        while (negative.hasNext()) {
            Bin bin = negative.next();
            bins.add(new double[] {-mapping.value(bin.getIndex()), bin.getCount()});
            counted += bin.getCount();
        }
        int zero = bins.size();
        Iterator<Bin> positive = sketch.getPositiveValueStore().getAscendingIterator();
        while (positive.hasNext()) {
            Bin bin = positive.next();
            bins.add(new double[] {mapping.value(bin.getIndex()), bin.getCount()});
            counted += bin.getCount();
        }
        if (sketch.getCount() > counted) {
            bins.add(zero, new double[] {0, sketch.getCount() - counted});
        }
        return new Steps(
                bins.stream().mapToDouble(bin -> bin[0]).toArray(),
                bins.stream().mapToDouble(bin -> bin[1]).toArray());
    }

    /**
     * A distribution of so many numbers at each of some values.
     *
     * @param values ascending
     */
    public record Steps(double[] values, double[] counts) {}

    void write(DataOutput out) throws IOException {
        GrowingByteArrayOutput bytes = GrowingByteArrayOutput.withDefaultInitialCapacity();
        sketch.encode(bytes, true);
        Varints.write(out, bytes.numWrittenBytes());
        out.write(bytes.backingArray(), 0, bytes.numWrittenBytes());
    }

    static Quantiles read(DataInput in) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(Varints.read(in))];
        in.readFully(bytes);
        Quantiles quantiles = new Quantiles();
        quantiles.sketch = DDSketch.decode(
                ByteArrayInput.wrap(bytes),
                () -> new CollapsingLowestDenseStore(BINS),
                quantiles.sketch.getIndexMapping());
        return quantiles;
    }
}
