package io.tiltmeter.compare;

/**
 * What one run logged at a step for one worker and layer. Its maker fills one after the other: take what is needed, do
 * not keep it.
 */
public final class Observation {
    /** Layer of a row of the {@code steps} table. */
    public static final String NO_LAYER = "";

    /** Depth of a layer that nobody logged. */
    public static final int NO_DEPTH = -1;

    private final long[] cells = new long[Quantity.MOST];
    private int run;
    private long step;
    private String layer = NO_LAYER;
    private int depth;
    private int worker;
    private int span;
    private long logged;

    /**
     * Begins a row.
     *
     * @param ofRun place of the run in its set
     * @param ofLayer name of the layer, {@link #NO_LAYER} for a row of the {@code steps} table
     * @param ofWorker rank, {@link io.tiltmeter.model.StepRecord#NO_WORKER} for the run as a whole
     * @param stepSpan how many steps the values average
     */
    public Observation begin(int ofRun, long atStep, String ofLayer, int ofDepth, int ofWorker, int stepSpan) {
        run = ofRun;
        step = atStep;
        layer = ofLayer;
        depth = ofDepth;
        worker = ofWorker;
        span = stepSpan;
        logged = 0;
        return this;
    }

    /** Adds a number. Both zeros are one number here, and so are all NaN. */
    public Observation number(int column, double value) {
        return cell(column, Double.doubleToLongBits(value + 0.0));
    }

    /** Adds a checksum, by a 64-bit hash of its text (FNV-1a). */
    public Observation checksum(int column, CharSequence text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return cell(column, hash);
    }

    private Observation cell(int column, long bits) {
        cells[column] = bits;
        logged |= 1L << column;
        return this;
    }

    int run() {
        return run;
    }

    long step() {
        return step;
    }

    String layer() {
        return layer;
    }

    int depth() {
        return depth;
    }

    int worker() {
        return worker;
    }

    int span() {
        return span;
    }

    boolean has(int column) {
        return (logged & 1L << column) != 0;
    }

    /** Bits of a cell; equal for equal values. */
    long bits(int column) {
        return cells[column];
    }

    double number(int column) {
        return Double.longBitsToDouble(cells[column]);
    }

    /** Takes what another row of the same key logged: what it has goes before what is here. */
    void add(Observation other) {
        for (int column = 0; column < cells.length; column++) {
            if (other.has(column)) {
                cell(column, other.cells[column]);
            }
        }
        span = other.span;
        depth = other.depth;
    }

    boolean isOfSameKey(Observation other) {
        return step == other.step && worker == other.worker && layer.equals(other.layer);
    }
}
