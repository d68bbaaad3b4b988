package io.tiltmeter.validate;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The profile of one shard, of several together, or of a whole dataset: a value per column, and what concerns rows as such.
 * Profiles of different rows merge into the profile of all of them.
 */
public final class ShardProfile {
    public static final String MALFORMED = "malformed-rows";
    public static final String IDENTICAL = "identical-rows";

    private final String name;
    private final DataSpec data;
    private final Map<String, ColumnProfile> columns = new LinkedHashMap<>();
    private long rows;
    private long malformed;
    private final List<Offender> malformedRows = new ArrayList<>();
    private long withContent;
    private long identical;
    private long firstContent;
    private long lastContent;
    private final List<Offender> identicalRows = new ArrayList<>();

    /** Nothing yet, of a shard with this path below the dataset. */
    public ShardProfile(String name, DataSpec data) {
        this.name = name;
        this.data = data;
    }

    /** The profile of a column, made on first use. */
    public ColumnProfile column(ColumnSpec spec) {
        return columns.computeIfAbsent(spec.name(), column -> new ColumnProfile(spec, data));
    }

    /** Counts a row. */
    public void row() {
        rows++;
    }

    /**
     * Says what a row has to learn from, once a row.
     *
     * @param hash 64 well-mixed bits of its tokens, text and arrays of numbers; 0 if it has none
     */
    public void content(long row, long hash) {
        if (withContent == 0 && lastContent == 0) {
            firstContent = hash;
        }
        if (hash != 0) {
            withContent++;
            if (hash == lastContent) {
                repeats(row);
            }
        }
        lastContent = hash;
    }

    private void repeats(long row) {
        identical++;
        if (identicalRows.size() < data.offenders()) {
            identicalRows.add(new Offender(IDENTICAL, "", row, -1, "as the row before"));
        }
    }

    /** Counts a line that could not be read as a row. */
    public void malformedRow(long place, String line) {
        malformed++;
        if (malformedRows.size() < data.offenders()) {
            malformedRows.add(new Offender(MALFORMED, "", place, -1, line));
        }
    }

    /** Rows that break hard rules: the first few of each rule and column, by column. */
    public List<Offender> offenders() {
        List<Offender> all = new ArrayList<>(malformedRows);
        all.addAll(identicalRows);
        columns.values().forEach(column -> all.addAll(column.offenders()));
        return all;
    }

    /**
     * Adds what comes after this in the order of rows or shards. A column that only one side has counts as missing
     * nowhere: the check of schemas speaks of it.
     */
    public void merge(ShardProfile other) {
        rows += other.rows;
        malformed += other.malformed;
        other.malformedRows.stream()
                .limit(Math.max(0, data.offenders() - malformedRows.size()))
                .forEach(malformedRows::add);
        mergeContents(other);
        other.columns.forEach((column, profile) -> column(profile.spec()).merge(profile));
    }

    private void mergeContents(ShardProfile other) {
        if (other.withContent > 0) {
            if (withContent == 0) {
                firstContent = other.firstContent;
            } else if (lastContent != 0 && lastContent == other.firstContent) {
                identical++;
            }
            lastContent = other.lastContent;
        }
        withContent += other.withContent;
        identical += other.identical;
        other.identicalRows.stream()
                .limit(Math.max(0, data.offenders() - identicalRows.size()))
                .forEach(identicalRows::add);
    }

    /** Rows that have something to learn from. */
    public long withContent() {
        return withContent;
    }

    /** Of them, those of the same content as the row before. */
    public long identical() {
        return identical;
    }

    public String name() {
        return name;
    }

    public long rows() {
        return rows;
    }

    /** Lines of text files that are no rows. */
    public long malformed() {
        return malformed;
    }

    public Collection<ColumnProfile> columns() {
        return Collections.unmodifiableCollection(columns.values());
    }

    public Optional<ColumnProfile> column(String column) {
        return Optional.ofNullable(columns.get(column));
    }

    /** Everything in bytes; the same profile gives the same bytes. */
    public byte[] encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeUTF(name);
            Varints.write(out, rows);
            Varints.write(out, malformed);
            Varints.write(out, malformedRows.size());
            for (Offender offender : malformedRows) {
                offender.write(out);
            }
            Varints.write(out, withContent);
            Varints.write(out, identical);
            out.writeLong(firstContent);
            out.writeLong(lastContent);
            Varints.write(out, identicalRows.size());
            for (Offender offender : identicalRows) {
                offender.write(out);
            }
            Varints.write(out, columns.size());
            for (ColumnProfile column : columns.values()) {
                out.writeUTF(column.spec().name());
                out.writeByte(column.spec().kind().ordinal());
                out.writeUTF(column.spec().type());
                out.writeBoolean(column.spec().nullable());
                column.write(out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** The profile of what {@link #encode} wrote. */
    public static ShardProfile decode(byte[] bytes, DataSpec data) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            ShardProfile profile = new ShardProfile(in.readUTF(), data);
            profile.rows = Varints.read(in);
            profile.malformed = Varints.read(in);
            long kept = Varints.read(in);
            for (long i = 0; i < kept; i++) {
                profile.malformedRows.add(Offender.read(in));
            }
            profile.withContent = Varints.read(in);
            profile.identical = Varints.read(in);
            profile.firstContent = in.readLong();
            profile.lastContent = in.readLong();
            long repeated = Varints.read(in);
            for (long i = 0; i < repeated; i++) {
                profile.identicalRows.add(Offender.read(in));
            }
            long columns = Varints.read(in);
            List<ColumnKind> kinds = List.of(ColumnKind.values());
            for (long i = 0; i < columns; i++) {
                ColumnSpec spec =
                        new ColumnSpec(in.readUTF(), kinds.get(in.readByte()), in.readUTF(), in.readBoolean());
                profile.columns.put(spec.name(), ColumnProfile.read(spec, data, in));
            }
            return profile;
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read a profile of this version", e);
        }
    }
}
