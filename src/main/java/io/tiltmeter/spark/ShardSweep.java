package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.FileListing.Listed;
import io.tiltmeter.validate.FileFacts;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The files of a dataset, looked at before any row is read: every footer is checked, hashed and taken apart. A file that
 * cannot be read is listed with its reason, and the others go on.
 *
 * @param root as the user named it
 * @param shards readable files by name
 * @param layouts their distinct formats and schemas
 * @param damaged names of unreadable files, with the reason
 * @param fingerprint hash over names, lengths and the files' own hashes, the unreadable ones included
 */
record ShardSweep(
        String root,
        List<ShardFile> shards,
        List<ShardLayout> layouts,
        Map<String, String> damaged,
        String fingerprint) {

    private static final int BUFFER = 1 << 16;
    private static final int MAGIC = 8;
    private static final int EXAMPLES = 20;
    private static final int SCHEMA_CHARACTERS = 300;

    /**
     * Lists and checks the files below a path.
     *
     * @throws InputException if there is no file
     */
    static ShardSweep of(SparkSession spark, String root, Settings.Validate settings) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        List<Listed> listed = listed(root, configuration);
        String base = base(root, listed, configuration);
        List<Look> looks = look(spark, listed, settings.fingerprint().equals("content"));
        Map<String, Integer> layoutOf = new TreeMap<>();
        looks.stream().filter(Look::isSound).forEach(look -> layoutOf.putIfAbsent(look.signature(), 0));
        List<ShardLayout> layouts = new ArrayList<>();
        for (Map.Entry<String, Integer> entry : layoutOf.entrySet()) {
            entry.setValue(layouts.size());
            List<Look> alike = looks.stream()
                    .filter(look -> look.isSound() && look.signature().equals(entry.getKey()))
                    .toList();
            layouts.add(layout(spark, alike, settings));
        }
        List<ShardFile> shards = new ArrayList<>();
        Map<String, String> damaged = new TreeMap<>();
        for (Look look : looks) {
            String name = look.file().path().substring(base.length());
            if (look.isSound()) {
                shards.add(new ShardFile(
                        shards.size(),
                        name,
                        look.file().path(),
                        look.file().length(),
                        look.file().modified(),
                        layoutOf.getOrDefault(look.signature(), 0),
                        look.rows(),
                        look.groupStarts(),
                        look.groupRows()));
            } else {
                damaged.put(name, look.error());
            }
        }
        return new ShardSweep(root, List.copyOf(shards), List.copyOf(layouts), damaged, fingerprint(looks, base));
    }

    /** The fingerprint alone. */
    static String fingerprint(SparkSession spark, String root, boolean content) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        List<Listed> listed = listed(root, configuration);
        return fingerprint(look(spark, listed, content), base(root, listed, configuration));
    }

    private static List<Listed> listed(String root, Configuration configuration) {
        List<Listed> listed = FileListing.below(new Path(root), configuration);
        if (listed.isEmpty()) {
            throw new InputException("Cannot read dataset '" + root + "': the folder has no file");
        }
        return listed;
    }

    private static String fingerprint(List<Look> looks, String base) {
        MessageDigest digest = sha256();
        for (Look look : looks) {
            String name = look.file().path().substring(base.length());
            digest.update(
                    (name + "\n" + look.file().length() + "\n" + look.hash() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return hex(digest);
    }

    /** What the checks get to know of the files. */
    FileFacts facts(Map<String, String> damagedInside, Map<String, Long> manifest) {
        Map<String, String> unreadable = new TreeMap<>(damaged);
        unreadable.putAll(damagedInside);
        List<ShardFile> sound = shards.stream()
                .filter(shard -> !damagedInside.containsKey(shard.name()))
                .toList();
        Map<Integer, List<ShardFile>> bySchema =
                shards.stream().collect(Collectors.groupingBy(ShardFile::schema, TreeMap::new, Collectors.toList()));
        List<FileFacts.Schema> schemas = bySchema.entrySet().stream()
                .map(entry -> new FileFacts.Schema(
                        shortened(layouts.get(entry.getKey()).description()),
                        entry.getValue().size(),
                        entry.getValue().stream()
                                .limit(EXAMPLES)
                                .map(ShardFile::name)
                                .toList()))
                .sorted(Comparator.comparingLong(FileFacts.Schema::shards).reversed())
                .toList();
        return new FileFacts(sound.stream().map(ShardSweep::fact).toList(), unreadable, schemas, manifest);
    }

    private static FileFacts.File fact(ShardFile shard) {
        long most = 0;
        for (long rows : shard.groupRows()) {
            most = Math.max(most, rows);
        }
        return new FileFacts.File(shard.name(), shard.length(), shard.rows(), shard.groupRows().length, most);
    }

    private static String shortened(String text) {
        return text.length() > SCHEMA_CHARACTERS ? text.substring(0, SCHEMA_CHARACTERS) + "…" : text;
    }

    long bytes() {
        return shards.stream().mapToLong(ShardFile::length).sum();
    }

    /** The part of all paths that is not part of a shard's name. */
    private static String base(String root, List<Listed> listed, Configuration configuration) {
        try {
            Path path = new Path(root);
            String folder =
                    path.getFileSystem(configuration).makeQualified(path).toString();
            boolean single = listed.size() == 1 && listed.get(0).path().equals(folder);
            return single ? folder.substring(0, folder.lastIndexOf('/') + 1) : folder + "/";
        } catch (IOException e) {
            throw new InputException("Cannot read dataset '" + root + "': " + e.getMessage());
        }
    }

    private static ShardLayout layout(SparkSession spark, List<Look> alike, Settings.Validate settings) {
        Look first = alike.get(0);
        if (!first.format().isText()) {
            ParquetToSparkSchemaConverter converter = InternalFrames.parquetSchemas(spark);
            StructType schema = converter.convert(MessageTypeParser.parseMessageType(first.schema()));
            return ShardLayout.of(first.format(), schema, settings);
        }
        String[] paths = alike.stream().map(look -> look.file().path()).toArray(String[]::new);
        // Text has no types of its own: this reads it once before the scan does.
        StructType found = (first.format() == ShardFormat.CSV
                        ? spark.read()
                                .options(first.format().options())
                                .option("inferSchema", true)
                                .csv(paths)
                        : spark.read().options(first.format().options()).json(paths))
                .schema();
        boolean marked = List.of(found.fieldNames()).contains(ShardFormat.CORRUPT);
        StructType schema = marked ? found : found.add(ShardFormat.CORRUPT, DataTypes.StringType);
        return ShardLayout.of(first.format(), schema, settings);
    }

    private static List<Look> look(SparkSession spark, List<Listed> listed, boolean content) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        SerializableConfiguration shipped =
                new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
        int slices = Math.max(1, Math.min(listed.size() / 4, context.defaultParallelism() * 4));
        return context.parallelize(listed, slices)
                .map(file -> Look.at(file, content, shipped.value()))
                .collect();
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JDK knows SHA-256", e);
        }
    }

    static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * What a look at one file tells.
     *
     * @param schema of Parquet, as its footer has it
     * @param error why it cannot be read, empty if it can
     */
    private record Look(
            Listed file,
            ShardFormat format,
            String schema,
            long rows,
            long[] groupStarts,
            long[] groupRows,
            String hash,
            String error)
            implements Serializable {
        boolean isSound() {
            return error.isEmpty();
        }

        /** Equal for files that can be read alike. */
        String signature() {
            return format.name() + " " + schema;
        }

        static Look at(Listed file, boolean content, Configuration configuration) {
            ShardFormat format = ShardFormat.ofName(file.path());
            try {
                if (file.length() == 0) {
                    return unreadable(file, format, "", "Empty file (0 bytes)");
                }
                String hash = content || format.isText() ? contentHash(file, configuration) : "";
                return format.isText() ? text(file, format, hash, configuration) : parquet(file, hash, configuration);
            } catch (IOException e) {
                return unreadable(file, format, "", "Cannot be opened: " + e.getMessage());
            }
        }

        private static Look unreadable(Listed file, ShardFormat format, String hash, String error) {
            return new Look(file, format, "", -1, new long[0], new long[0], hash, error);
        }

        private static Look text(Listed file, ShardFormat format, String hash, Configuration configuration)
                throws IOException {
            ShardFormat exact = format == ShardFormat.JSON
                            && !file.path().matches(".*\\.(gz|bz2|zst|snappy|lz4|deflate)")
                            && firstCharacter(file, configuration) == '['
                    ? ShardFormat.JSON_DOCUMENT
                    : format;
            return new Look(file, exact, "", -1, new long[0], new long[0], hash, "");
        }

        private static int firstCharacter(Listed file, Configuration configuration) throws IOException {
            Path path = new Path(file.path());
            try (InputStream in = path.getFileSystem(configuration).open(path)) {
                int c = in.read();
                while (c >= 0 && (Character.isWhitespace(c) || c == 0xEF || c == 0xBB || c == 0xBF)) {
                    c = in.read();
                }
                return c;
            }
        }

        private static Look parquet(Listed file, String contentHash, Configuration configuration) throws IOException {
            Path path = new Path(file.path());
            String hash = contentHash;
            try {
                hash = hash.isEmpty() ? footerHash(file, configuration) : hash;
                try (ParquetFileReader reader = ParquetInput.open(path, configuration)) {
                    List<BlockMetaData> groups = reader.getFooter().getBlocks();
                    long[] starts = groups.stream()
                            .mapToLong(BlockMetaData::getStartingPos)
                            .toArray();
                    long[] rows = groups.stream()
                            .mapToLong(BlockMetaData::getRowCount)
                            .toArray();
                    String schema =
                            reader.getFooter().getFileMetaData().getSchema().toString();
                    long all = 0;
                    for (long each : rows) {
                        all += each;
                    }
                    return new Look(file, ShardFormat.PARQUET, schema, all, starts, rows, hash, "");
                }
            } catch (IOException | RuntimeException e) {
                String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
                String line = why.lines().findFirst().orElse("").replace(file.path(), "the file");
                return unreadable(
                        file,
                        ShardFormat.PARQUET,
                        hash,
                        "No readable Parquet footer (" + shortened(line) + "): truncated or not a Parquet file");
            }
        }

        /** Hash of the footer: it names place, size and extremes of every column chunk. */
        private static String footerHash(Listed file, Configuration configuration) throws IOException {
            Path path = new Path(file.path());
            try (FSDataInputStream in = path.getFileSystem(configuration).open(path)) {
                byte[] tail = new byte[(int) Math.min(MAGIC, file.length())];
                in.readFully(file.length() - tail.length, tail);
                long length = tail.length < MAGIC
                        ? 0
                        : (tail[0] & 0xFF) | (tail[1] & 0xFF) << 8 | (tail[2] & 0xFF) << 16 | (tail[3] & 0xFFL) << 24;
                MessageDigest digest = sha256();
                if (length > 0 && length < file.length() - MAGIC && length < Integer.MAX_VALUE) {
                    byte[] footer = new byte[(int) length];
                    in.readFully(file.length() - MAGIC - length, footer);
                    digest.update(footer);
                }
                digest.update(tail);
                return hex(digest);
            }
        }

        private static String contentHash(Listed file, Configuration configuration) throws IOException {
            Path path = new Path(file.path());
            MessageDigest digest = sha256();
            byte[] buffer = new byte[BUFFER];
            try (InputStream in = path.getFileSystem(configuration).open(path)) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    digest.update(buffer, 0, n);
                }
            }
            return hex(digest);
        }
    }
}
