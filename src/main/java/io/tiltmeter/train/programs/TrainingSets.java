package io.tiltmeter.train.programs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Data sets made of a seed: equal arguments give equal rows. They fit the defaults of the programs of this package. */
public final class TrainingSets {
    private TrainingSets() {}

    /** Numbers of an example of {@link #blobs} and {@link #rings}. */
    public static final int FEATURES = 12;
    /** Classes of all sets but the text's. */
    public static final int CLASSES = 4;
    /** Pixels of an image's side. */
    public static final int SIDE = 12;

    /** Classes of the text's set: its characters. */
    public static final int CHARACTERS = TextSource.CLASSES;

    private static final ArrayType NUMBERS = DataTypes.createArrayType(DataTypes.FloatType, false);
    private static final ArrayType CODES = DataTypes.createArrayType(DataTypes.IntegerType, false);

    /** A table in memory. */
    public record Table(StructType schema, List<Row> rows) {
        public Table {
            rows = List.copyOf(rows);
        }

        /** Writes it as one Parquet file into a folder, in place of what is there. */
        public void write(SparkSession spark, String folder) {
            spark.createDataFrame(rows, schema)
                    .coalesce(1)
                    .write()
                    .mode("overwrite")
                    .parquet(folder);
        }
    }

    /**
     * Clouds of points around a centre a class, which overlap a little: columns {@code features} and {@code label}.
     *
     * @param raw whether features keep scales of their own, from 1 to 1,000, and lie off centre
     */
    public static Table blobs(int examples, int features, boolean raw, long seed) {
        Random random = new Random(seed);
        double[][] centres = new double[CLASSES][features];
        for (double[] centre : centres) {
            Arrays.setAll(centre, i -> random.nextGaussian());
        }
        return labelled(examples, random, raw, label -> {
            float[] x = new float[features];
            for (int i = 0; i < features; i++) {
                x[i] = (float) (centres[label][i] + 0.9 * random.nextGaussian());
            }
            return x;
        });
    }

    /** Rings around the origin of the first two features, the others noise; columns as of {@link #blobs}. */
    public static Table rings(int examples, int features, boolean raw, long seed) {
        Random random = new Random(seed);
        return labelled(examples, random, raw, label -> {
            float[] x = new float[features];
            double radius = 0.5 * label + 0.3 + 0.08 * random.nextGaussian();
            double angle = 2 * Math.PI * random.nextDouble();
            x[0] = (float) (radius * Math.cos(angle));
            x[1] = (float) (radius * Math.sin(angle));
            for (int i = 2; i < features; i++) {
                x[i] = (float) (0.3 * random.nextGaussian());
            }
            return x;
        });
    }

    private interface Maker {
        float[] make(int label);
    }

    private static Table labelled(int examples, Random random, boolean raw, Maker maker) {
        List<Row> rows = new ArrayList<>(examples);
        for (int n = 0; n < examples; n++) {
            int label = random.nextInt(CLASSES);
            float[] x = maker.make(label);
            if (raw) {
                for (int i = 0; i < x.length; i++) {
                    x[i] = (float) ((x[i] + 1) * Math.pow(10, i % 4));
                }
            }
            rows.add(RowFactory.create(x, label));
        }
        return new Table(schema("features", NUMBERS), rows);
    }

    /**
     * Grey images of a square, a ring, a cross or stripes somewhere, with noise: columns {@code pixels} and
     * {@code label}.
     *
     * @param raw whether pixels go from 0 to 255 instead of 1
     */
    public static Table shapes(int examples, int side, boolean raw, long seed) {
        Random random = new Random(seed);
        List<Row> rows = new ArrayList<>(examples);
        for (int n = 0; n < examples; n++) {
            int label = random.nextInt(CLASSES);
            int size = side / 3 + random.nextInt(side / 3);
            int left = random.nextInt(side - size);
            int top = random.nextInt(side - size);
            float[] pixels = new float[side * side];
            for (int y = 0; y < side; y++) {
                for (int x = 0; x < side; x++) {
                    boolean on = lit(label, x - left, y - top, size);
                    double grey = (on ? 0.8 : 0.1) + 0.15 * random.nextGaussian();
                    pixels[y * side + x] = (float) (Math.max(0, Math.min(1, grey)) * (raw ? 255 : 1));
                }
            }
            rows.add(RowFactory.create(pixels, label));
        }
        return new Table(schema("pixels", NUMBERS), rows);
    }

    private static boolean lit(int label, int x, int y, int size) {
        if (x < 0 || y < 0 || x >= size || y >= size) {
            return false;
        }
        return switch (label) {
            case 0 -> true;
            case 1 -> x == 0 || y == 0 || x == size - 1 || y == size - 1;
            case 2 -> x == size / 2 || y == size / 2;
            default -> (x + y) % 2 == 0;
        };
    }

    /**
     * Pieces of the licence text from places drawn by chance: columns {@code tokens} and {@code next}, the class numbers
     * of the characters and of those that follow each, and {@code after}, the one that follows the whole piece.
     *
     * @param length characters of a piece
     * @param varying whether pieces are of any length from half of it
     */
    public static Table text(int examples, int length, boolean varying, long seed) {
        Random random = new Random(seed);
        int[] text = TextSource.classes();
        List<Row> rows = new ArrayList<>(examples);
        for (int n = 0; n < examples; n++) {
            int size = varying ? length - random.nextInt(length / 2 + 1) : length;
            int from = random.nextInt(text.length - size);
            int[] tokens = Arrays.copyOfRange(text, from, from + size);
            int[] next = Arrays.copyOfRange(text, from + 1, from + size + 1);
            rows.add(RowFactory.create(tokens, next, next[size - 1]));
        }
        StructType schema = new StructType()
                .add("tokens", CODES, false)
                .add("next", CODES, false)
                .add("after", DataTypes.IntegerType, false);
        return new Table(schema, rows);
    }

    private static StructType schema(String name, DataType type) {
        return new StructType().add(name, type, false).add("label", DataTypes.IntegerType, false);
    }
}
