package io.tiltmeter.bench;

import io.tiltmeter.stats.Estimate;
import io.tiltmeter.stats.Succession;
import io.tiltmeter.validate.Document;
import io.tiltmeter.validate.MinHash;
import io.tiltmeter.validate.NgramIndex;
import io.tiltmeter.validate.Shingles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * What the gate finds of planted near duplicates, leaks and orders, and what hashing costs. Without Spark: what is studied are
 * the statistics.
 */
public final class LeakStudy {
    private static final MinHash HASHING = new MinHash(24, 6);
    private static final int SHINGLE = 5;
    private static final double JACCARD = 0.8;

    private LeakStudy() {}

    /** {@code edits TRIALS}, {@code leaks TRIALS}, {@code order TRIALS} or {@code speed}. */
    public static void main(String[] arguments) {
        String what = arguments.length == 0 ? "" : arguments[0];
        switch (what) {
            case "edits" -> edits(Integer.parseInt(arguments[1]));
            case "leaks" -> leaks(Integer.parseInt(arguments[1]));
            case "order" -> order(Integer.parseInt(arguments[1]));
            case "speed" -> speed();
            default ->
                throw new IllegalArgumentException(
                        "Expected edits TRIALS, leaks TRIALS, order TRIALS or speed, got '" + what + "'");
        }
    }

    private static long[] document(SplittableRandom random, int length) {
        long[] units = new long[length];
        for (int i = 0; i < length; i++) {
            units[i] = (long) Math.pow(50_000, random.nextDouble());
        }
        return units;
    }

    /** Documents of 400 tokens of which a share is replaced: similarity, chance by the curve, and how many are found. */
    private static void edits(int trials) {
        System.out.println("replaced  mean Jaccard  at 0.8 or more  candidates  by the curve  reported");
        for (double share : new double[] {0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2}) {
            SplittableRandom random = new SplittableRandom(1);
            double jaccards = 0;
            double curve = 0;
            int candidates = 0;
            int similar = 0;
            int reported = 0;
            for (int trial = 0; trial < trials; trial++) {
                long[] original = document(random, 400);
                long[] copy = original.clone();
                for (int i = 0; i < copy.length; i++) {
                    copy[i] = random.nextDouble() < share ? 100_000 + random.nextInt(50_000) : copy[i];
                }
                long[] a = Shingles.set(original, SHINGLE);
                long[] b = Shingles.set(copy, SHINGLE);
                double jaccard = Shingles.jaccard(a, b);
                boolean candidate = share(HASHING.keys(a), HASHING.keys(b));
                jaccards += jaccard;
                curve += HASHING.candidate(jaccard);
                candidates += candidate ? 1 : 0;
                similar += jaccard >= JACCARD ? 1 : 0;
                reported += candidate && jaccard >= JACCARD ? 1 : 0;
            }
            System.out.printf(
                    Locale.ROOT,
                    "%8.3f  %12.3f  %14.4f  %10.4f  %12.4f  %8.4f%n",
                    share,
                    jaccards / trials,
                    (double) similar / trials,
                    (double) candidates / trials,
                    curve / trials,
                    (double) reported / trials);
        }
    }

    private static boolean share(long[] a, long[] b) {
        for (int i = 0; i < a.length; i++) {
            if (a[i] == b[i]) {
                return true;
            }
        }
        return false;
    }

    /** One of 1,000 evaluation documents inside a training document ten times as long, a share of its tokens replaced. */
    private static void leaks(int trials) {
        System.out.println("replaced  covered to 0.7  touched  sound documents touched");
        for (double share : new double[] {0, 0.01, 0.02, 0.03, 0.05, 0.1}) {
            int covered = 0;
            int touched = 0;
            int others = 0;
            for (int trial = 0; trial < trials; trial++) {
                SplittableRandom random = new SplittableRandom(trial + 1);
                List<Document> evaluation = new ArrayList<>();
                for (int i = 0; i < 1000; i++) {
                    evaluation.add(new Document(i, document(random, 200), ""));
                }
                NgramIndex index = NgramIndex.of(evaluation, NgramIndex.length(evaluation, 8, 13));
                NgramIndex.Hits hits = new NgramIndex.Hits();
                for (int i = 0; i < 2000; i++) {
                    long[] training = document(random, 2000);
                    if (i == 77) {
                        long[] leaked = evaluation.get(500).units().clone();
                        for (int k = 0; k < leaked.length; k++) {
                            leaked[k] = random.nextDouble() < share ? 100_000 + k : leaked[k];
                        }
                        System.arraycopy(leaked, 0, training, 900, leaked.length);
                    }
                    index.look(new Document(i, training, ""), hits);
                }
                covered += index.covered(500, hits) >= 0.7 ? 1 : 0;
                touched += index.covered(500, hits) > 0 ? 1 : 0;
                for (int i = 0; i < 1000; i++) {
                    others += i != 500 && index.covered(i, hits) > 0 ? 1 : 0;
                }
            }
            System.out.printf(
                    Locale.ROOT,
                    "%8.2f  %6d of %d  %3d of %d  %d of %d%n",
                    share,
                    covered,
                    trials,
                    touched,
                    trials,
                    others,
                    999 * trials);
        }
    }

    /** Shards of 1,000 rows of 10 classes in blocks of so many rows: how often the excess of equal neighbours is confirmed. */
    private static void order(int trials) {
        System.out.println("block  mean excess  beyond 0.1 at 1 %  beyond 0.5 at 1 %");
        for (int block : new int[] {1, 2, 3, 5, 10, 100}) {
            SplittableRandom random = new SplittableRandom(3);
            double mean = 0;
            int warned = 0;
            int failed = 0;
            for (int trial = 0; trial < trials; trial++) {
                long[] counts = new long[10];
                long equal = 0;
                int before = -1;
                int label = 0;
                for (int row = 0; row < 1000; row++) {
                    label = row % block == 0 ? random.nextInt(10) : label;
                    counts[label]++;
                    equal += label == before ? 1 : 0;
                    before = label;
                }
                long[] used = Arrays.stream(counts).filter(count -> count > 0).toArray();
                Estimate estimate = Succession.classes(used, equal);
                mean += estimate.effect() / trials;
                warned += estimate.pAbove(0.1) <= 0.01 ? 1 : 0;
                failed += estimate.pAbove(0.5) <= 0.01 ? 1 : 0;
            }
            System.out.printf(
                    Locale.ROOT,
                    "%5d  %11.3f  %17.3f  %17.3f%n",
                    block,
                    mean,
                    (double) warned / trials,
                    (double) failed / trials);
        }
    }

    /** Tokens hashed and looked up in a second, by one thread. */
    private static void speed() {
        SplittableRandom random = new SplittableRandom(1);
        List<Document> documents = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            documents.add(new Document(i, document(random, 1000), ""));
        }
        NgramIndex index = NgramIndex.of(documents.subList(0, 1000), 13);
        for (int round = 0; round < 4; round++) {
            long begin = System.nanoTime();
            long sum = 0;
            for (Document each : documents) {
                sum += HASHING.keys(Shingles.set(each.units(), SHINGLE))[0] + each.low() + each.high();
            }
            long hashed = System.nanoTime();
            NgramIndex.Hits hits = new NgramIndex.Hits();
            documents.forEach(each -> index.look(each, hits));
            long looked = System.nanoTime();
            System.out.printf(
                    Locale.ROOT,
                    "keys of MinHash %.2f million tokens/s, n-grams %.1f million tokens/s (%d)%n",
                    2e3 / (hashed - begin) * 1e6,
                    2e3 / (looked - hashed) * 1e6,
                    sum & 1);
        }
    }
}
