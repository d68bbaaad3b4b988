package io.tiltmeter.validate;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of a column of a shard or dataset. Filled row by row in the order of the shard; merged in the order of
 * shards. The ids of the hard rules under which offending rows are kept are those of the checks.
 */
public final class ColumnProfile {
    public static final String NON_FINITE = "non-finite";
    public static final String TOKEN_RANGE = "token-range";
    public static final String EMPTY_EXAMPLES = "empty-examples";
    public static final String ZERO_EXAMPLES = "zero-examples";
    public static final String RAGGED = "ragged-features";
    public static final String LABELS = "labels";

    /** Characters kept of a label or source. */
    private static final int LONGEST_NAME = 200;

    /** Numbers gathered before they are added up together. */
    private static final int BUFFER = 512;

    private final ColumnSpec spec;
    private long rows;
    private long missing;
    private long missingInside;
    private long nans;
    private long positiveInfinities;
    private long negativeInfinities;
    private long zeros;
    private long empty;
    private long allZero;
    private Moments moments = new Moments();
    private Quantiles quantiles = new Quantiles();
    private @Nullable Distinct distinct;
    private Lengths lengths = new Lengths();
    private @Nullable Tokens tokens;
    private Classes classes = new Classes();
    private Neighbours neighbours = new Neighbours();
    private Sources sources = new Sources();
    private final List<Offender> offenders = new ArrayList<>();

    private final DataSpec data;
    private final Vocabulary vocabulary;
    private @Nullable Histogram histogram;
    private boolean choosing;
    private double[] buffer = new double[0];
    private int buffered;
    private long firstLength = -1;

    ColumnProfile(ColumnSpec spec, DataSpec data) {
        this.spec = spec;
        this.data = data;
        this.vocabulary = data.vocabulary(spec.name());
        switch (spec.kind()) {
            case TOKENS -> tokens = new Tokens(vocabulary.cells().count());
            case NUMBER, STRING, TEXT, LABEL, SOURCE -> distinct = new Distinct();
            default -> {}
        }
    }

    /** Counts tokens by id there too, from now on. */
    public void countInto(Histogram counts) {
        histogram = counts;
    }

    /** The same, but only of documents by which {@linkplain TokenCells cells} are chosen. */
    public void chooseBy(Histogram counts) {
        histogram = counts;
        choosing = true;
    }

    /** A cell without a value. */
    public void missing(long row) {
        rows++;
        missing++;
        if (spec.kind() == ColumnKind.LABEL) {
            offends(LABELS, row, -1, "missing");
        }
    }

    /** A plain number or a label that is one. */
    public void number(long row, double value) {
        rows++;
        neighbours.add(value);
        if (isFinite(value, row, -1)) {
            gather(value);
            zeros += value == 0 ? 1 : 0;
            if (distinct != null) {
                distinct.add(Distinct.hash(value));
            }
        }
        if (spec.kind() == ColumnKind.LABEL) {
            boolean inside = value == Math.rint(value)
                    && !Double.isInfinite(value)
                    && (data.classes() == 0 || (value >= 0 && value < data.classes()));
            String label = value == Math.rint(value) && Math.abs(value) < 1e15
                    ? Long.toString((long) value)
                    : Double.toString(value);
            classes.add(label, inside);
            if (!inside) {
                offends(LABELS, row, -1, label);
            }
        }
    }

    /**
     * An array of numbers.
     *
     * @param n numbers, those missing left out
     * @param absent elements that are missing
     */
    public void numbers(long row, double[] values, int n, int absent) {
        rows++;
        missingInside += absent;
        length(row, n + absent);
        boolean anything = false;
        for (int i = 0; i < n; i++) {
            double value = values[i];
            anything |= value != 0;
            if (isFinite(value, row, i)) {
                gather(value);
                zeros += value == 0 ? 1 : 0;
            }
        }
        if (n > 0 && !anything && absent == 0) {
            allZero++;
            offends(ZERO_EXAMPLES, row, -1, n + " zeros");
        }
    }

    /** An array of token ids; ids of more than 31 bits are given as -1. */
    public void tokens(long row, int[] ids, int n, int absent) {
        rows++;
        missingInside += absent;
        length(row, n + absent);
        if (tokens != null) {
            boolean counted = !choosing || Tokens.choosesCells(ids, n);
            int outside = tokens.add(row, ids, n, vocabulary, Optional.ofNullable(counted ? histogram : null));
            if (outside >= 0) {
                offends(TOKEN_RANGE, row, outside, Integer.toString(ids[outside]));
            }
        }
    }

    /**
     * A text.
     *
     * @param characters its length
     * @param hash 64 well-mixed bits of its content
     */
    public void text(long row, long characters, long hash) {
        rows++;
        length(row, characters);
        if (distinct != null) {
            distinct.add(hash);
        }
    }

    /** The source of a row. */
    public void source(long row, String source, long hash) {
        rows++;
        sources.add(row, shortened(source));
        if (distinct != null) {
            distinct.add(hash);
        }
    }

    private static String shortened(String name) {
        return name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) : name;
    }

    /** A label that is a text. */
    public void label(long row, String label, long hash) {
        rows++;
        classes.add(shortened(label), true);
        neighbours.addKey(hash);
        if (distinct != null) {
            distinct.add(hash);
        }
    }

    /** A cell of a kind that is not looked into. */
    public void present() {
        rows++;
    }

    private void length(long row, long length) {
        lengths.add(length);
        if (spec.kind() != ColumnKind.STRING) {
            neighbours.add(length);
        }
        if (length == 0) {
            empty++;
            if (spec.kind() != ColumnKind.STRING) {
                offends(EMPTY_EXAMPLES, row, -1, "0 elements");
            }
        }
        if (spec.kind() == ColumnKind.NUMBERS && spec.isFractional()) {
            firstLength = firstLength < 0 ? length : firstLength;
            if (length != firstLength) {
                offends(RAGGED, row, -1, length + " numbers");
            }
        }
    }

    private boolean isFinite(double value, long row, int position) {
        if (Math.abs(value) <= Double.MAX_VALUE) {
            return true;
        }
        nans += Double.isNaN(value) ? 1 : 0;
        positiveInfinities += value == Double.POSITIVE_INFINITY ? 1 : 0;
        negativeInfinities += value == Double.NEGATIVE_INFINITY ? 1 : 0;
        offends(NON_FINITE, row, position, Double.toString(value));
        return false;
    }

    private void gather(double value) {
        if (buffered == buffer.length) {
            settle();
            buffer = buffer.length == 0 ? new double[BUFFER] : buffer;
        }
        buffer[buffered++] = value;
    }

    /** Adds up what was gathered. */
    private void settle() {
        moments.add(buffer, buffered);
        quantiles.add(buffer, buffered);
        buffered = 0;
    }

    private void offends(String check, long row, int position, String value) {
        if (offenders.size() < 8 * data.offenders() && kept(check) < data.offenders()) {
            offenders.add(new Offender(check, spec.name(), row, position, value));
        }
    }

    private int kept(String check) {
        int kept = 0;
        for (Offender offender : offenders) {
            kept += offender.check().equals(check) ? 1 : 0;
        }
        return kept;
    }

    /** Adds what comes after this in the order of rows or shards. */
    void merge(ColumnProfile other) {
        settle();
        other.settle();
        rows += other.rows;
        missing += other.missing;
        missingInside += other.missingInside;
        nans += other.nans;
        positiveInfinities += other.positiveInfinities;
        negativeInfinities += other.negativeInfinities;
        zeros += other.zeros;
        empty += other.empty;
        allZero += other.allZero;
        moments.merge(other.moments);
        quantiles.merge(other.quantiles);
        if (distinct != null && other.distinct != null) {
            distinct.merge(other.distinct);
        }
        lengths.merge(other.lengths);
        if (tokens != null && other.tokens != null) {
            tokens.merge(other.tokens);
        }
        classes.merge(other.classes);
        neighbours.merge(other.neighbours);
        sources.merge(other.sources);
        for (Offender offender : other.offenders) {
            if (kept(offender.check()) < data.offenders()) {
                offenders.add(offender);
            }
        }
    }

    public ColumnSpec spec() {
        return spec;
    }

    public long rows() {
        return rows;
    }

    /** Cells without a value. */
    public long missing() {
        return missing;
    }

    /** Elements of arrays without a value. */
    public long missingInside() {
        return missingInside;
    }

    public long nans() {
        return nans;
    }

    public long positiveInfinities() {
        return positiveInfinities;
    }

    public long negativeInfinities() {
        return negativeInfinities;
    }

    /** Numbers that are NaN or infinite. */
    public long nonFinite() {
        return nans + positiveInfinities + negativeInfinities;
    }

    public long zeros() {
        return zeros;
    }

    /** Arrays and texts of length 0. */
    public long empty() {
        return empty;
    }

    /** Arrays of zeros only. */
    public long allZero() {
        return allZero;
    }

    /** Of the finite numbers. */
    public Moments moments() {
        settle();
        return moments;
    }

    /** Of the finite numbers. */
    public Quantiles quantiles() {
        settle();
        return quantiles;
    }

    public Optional<Distinct> distinct() {
        return Optional.ofNullable(distinct);
    }

    /** Of arrays and texts. */
    public Lengths lengths() {
        return lengths;
    }

    public Optional<Tokens> tokens() {
        return Optional.ofNullable(tokens);
    }

    public Classes classes() {
        return classes;
    }

    /** How values of numbers and labels, and lengths of arrays and texts, follow each other. */
    public Neighbours neighbours() {
        return neighbours;
    }

    /** Of columns that say where examples come from. */
    public Sources sources() {
        return sources;
    }

    public List<Offender> offenders() {
        return offenders;
    }

    void write(DataOutput out) throws IOException {
        settle();
        for (long count : new long[] {
            rows, missing, missingInside, nans, positiveInfinities, negativeInfinities, zeros, empty, allZero
        }) {
            Varints.write(out, count);
        }
        moments.write(out);
        quantiles.write(out);
        out.writeBoolean(distinct != null);
        if (distinct != null) {
            distinct.write(out);
        }
        lengths.write(out);
        out.writeBoolean(tokens != null);
        if (tokens != null) {
            tokens.write(out);
        }
        classes.write(out);
        neighbours.write(out);
        sources.write(out);
        Varints.write(out, offenders.size());
        for (Offender offender : offenders) {
            offender.write(out);
        }
    }

    static ColumnProfile read(ColumnSpec spec, DataSpec data, DataInput in) throws IOException {
        ColumnProfile profile = new ColumnProfile(spec, data);
        profile.rows = Varints.read(in);
        profile.missing = Varints.read(in);
        profile.missingInside = Varints.read(in);
        profile.nans = Varints.read(in);
        profile.positiveInfinities = Varints.read(in);
        profile.negativeInfinities = Varints.read(in);
        profile.zeros = Varints.read(in);
        profile.empty = Varints.read(in);
        profile.allZero = Varints.read(in);
        profile.moments = Moments.read(in);
        profile.quantiles = Quantiles.read(in);
        profile.distinct = in.readBoolean() ? Distinct.read(in) : null;
        profile.lengths = Lengths.read(in);
        profile.tokens = in.readBoolean() ? Tokens.read(in) : null;
        profile.classes = Classes.read(in);
        profile.neighbours = Neighbours.read(in);
        profile.sources = Sources.read(in);
        long kept = Varints.read(in);
        for (long i = 0; i < kept; i++) {
            profile.offenders.add(Offender.read(in));
        }
        return profile;
    }
}
