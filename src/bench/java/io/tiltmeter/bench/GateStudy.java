package io.tiltmeter.bench;

import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Checks;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.ColumnSpec;
import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.DatasetProfile;
import io.tiltmeter.validate.Gate;
import io.tiltmeter.validate.Histogram;
import io.tiltmeter.validate.Judgement;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.ShardProfile;
import io.tiltmeter.validate.Status;
import io.tiltmeter.validate.TokenCells;
import io.tiltmeter.validate.Vocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * How the gate's statistics hold on data whose truth is known: false alarms on clean datasets, the same verdict at every
 * size, and the smallest planted defect that is found. Without Spark: what is studied is the checks. Documents are of a
 * topic of their own, so that tokens are not independent.
 */
public final class GateStudy {
    private static final int DOCUMENT = 400;
    private static final int TOPIC = 20;
    private static final double OF_TOPIC = 0.2;
    private static final int SAMPLED_SHARDS = 32;
    private static final int SAMPLED_DOCUMENTS = 5000;

    private static final ColumnSpec TOKENS = new ColumnSpec("tokens", ColumnKind.TOKENS, "array<int>", true);
    private static final ColumnSpec WEIGHT = new ColumnSpec("weight", ColumnKind.NUMBER, "double", true);
    private static final ColumnSpec LABEL = new ColumnSpec("label", ColumnKind.LABEL, "int", true);

    private static final Defect NO_DEFECT = new Defect("", -1, 0);

    private final Zipf zipf;
    private final int vocabulary;

    private GateStudy(int vocabulary) {
        this.vocabulary = vocabulary;
        this.zipf = new Zipf(vocabulary);
    }

    /** {@code clean SHARDS SEEDS}, {@code sizes} or {@code power TOKENS SEEDS}. */
    public static void main(String[] arguments) {
        switch (arguments.length == 0 ? "" : arguments[0]) {
            case "clean" -> clean(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
            case "sizes" -> sizes();
            case "power" -> power(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
            default -> throw new IllegalArgumentException("Expected clean SHARDS SEEDS, sizes or power TOKENS SEEDS");
        }
    }

    /** Clean datasets with and without a baseline: how many judgements are violations. */
    private static void clean(int shards, int seeds) {
        System.out.println("seed  baseline  FAIL  WARN  inconclusive  judged");
        for (boolean withBaseline : new boolean[] {false, true}) {
            for (int seed = 1; seed <= seeds; seed++) {
                GateStudy study = new GateStudy(50_000);
                Optional<DatasetProfile> baseline = withBaseline
                        ? Optional.of(study.dataset(seed * 7919L, 200, 20_000, NO_DEFECT, Optional.empty()).profile)
                        : Optional.empty();
                Made made = study.dataset(seed, shards, 20_000, NO_DEFECT, baseline);
                Map<Status, Long> counts = count(judge(made, baseline));
                System.out.printf(
                        Locale.ROOT,
                        "%4d  %8s  %4d  %4d  %12d%n",
                        seed,
                        withBaseline,
                        counts.getOrDefault(Status.FAIL, 0L),
                        counts.getOrDefault(Status.WARN, 0L),
                        counts.getOrDefault(Status.INCONCLUSIVE, 0L));
            }
        }
    }

    /** The same distribution at sizes over four decades: verdicts, and the estimates of divergence. */
    private static void sizes() {
        System.out.println("vocabulary   tokens  check            status         effect        bound   detectable");
        for (int vocabulary : new int[] {50_000, 128_000}) {
            GateStudy study = new GateStudy(vocabulary);
            for (int tokens : new int[] {1_000, 10_000, 100_000, 1_000_000, 10_000_000}) {
                for (int seed = 1; seed <= 3; seed++) {
                    DatasetProfile baseline =
                            study.dataset(seed * 7919L, 1, tokens, NO_DEFECT, Optional.empty()).profile;
                    Made made = study.dataset(seed, 1, tokens, NO_DEFECT, Optional.of(baseline));
                    for (Gate.CheckVerdict check : judge(made, Optional.of(baseline))) {
                        for (Judgement each : check.judgements()) {
                            if (each.isEstimate() && each.shard().isEmpty()) {
                                System.out.printf(
                                        Locale.ROOT,
                                        "%10d %8d  %-15s  %-12s  %11.6f  %11.6f  %11.6f %s%n",
                                        vocabulary,
                                        tokens,
                                        each.check(),
                                        each.status(),
                                        each.effect(),
                                        each.bound(),
                                        each.detectable(),
                                        each.column());
                            }
                        }
                    }
                }
            }
        }
    }

    /** Planted defects of growing size in one of 20 shards of so many tokens: how often they are found there, and anywhere else. */
    private static void power(int tokens, int seeds) {
        System.out.println("defect                 size     found  elsewhere  of");
        Map<String, double[]> sizes = new TreeMap<>();
        sizes.put("one token", new double[] {0.001, 0.0025, 0.005, 0.01});
        sizes.put("random tokens", new double[] {0.0025, 0.005, 0.01, 0.02, 0.05});
        sizes.put("numbers shifted", new double[] {0.2, 0.5, 0.75, 1});
        sizes.put("labels swapped", new double[] {0.05, 0.1, 0.2, 0.4});
        sizes.put("missing", new double[] {0.01, 0.02, 0.05, 0.1, 0.2});
        GateStudy study = new GateStudy(50_000);
        sizes.forEach((kind, each) -> {
            for (double size : each) {
                int found = 0;
                int elsewhere = 0;
                for (int seed = 1; seed <= seeds; seed++) {
                    DatasetProfile baseline =
                            study.dataset(seed * 7919L, 50, tokens, NO_DEFECT, Optional.empty()).profile;
                    Made made = study.dataset(seed, 20, tokens, new Defect(kind, 7, size), Optional.of(baseline));
                    boolean here = false;
                    for (Gate.CheckVerdict check : judge(made, Optional.of(baseline))) {
                        for (Judgement judgement : check.judgements()) {
                            if (judgement.status() == Status.FAIL) {
                                here |= judgement.shard().equals("shard-00007");
                                elsewhere += judgement.shard().startsWith("shard-")
                                                && !judgement.shard().equals("shard-00007")
                                        ? 1
                                        : 0;
                            }
                        }
                    }
                    found += here ? 1 : 0;
                }
                System.out.printf(Locale.ROOT, "%-20s %7.4f  %6d  %9d  %2d%n", kind, size, found, elsewhere, seeds);
            }
        });
    }

    private static Map<Status, Long> count(List<Gate.CheckVerdict> checks) {
        Map<Status, Long> counts = new TreeMap<>();
        for (Gate.CheckVerdict check : checks) {
            check.judgements().stream()
                    .filter(each -> each.status().compareTo(Status.WARN) >= 0)
                    .forEach(each -> {
                        counts.merge(each.status(), 1L, Long::sum);
                        System.out.println("      " + each);
                    });
            counts.merge(Status.INCONCLUSIVE, check.inconclusive(), Long::sum);
        }
        return counts;
    }

    /** A defect of one shard. */
    private record Defect(String kind, int shard, double size) {}

    /** A made dataset: its profile, and those of its shards. */
    private record Made(DatasetProfile profile, List<byte[]> shards) {}

    private static List<Gate.CheckVerdict> judge(Made made, Optional<DatasetProfile> baseline) {
        List<Check> checks = Checks.all();
        Map<String, CheckSettings> settings = Map.of();
        Dataset data = new Dataset(made.profile, baseline, Map.of());
        Results results = Gate.judge(checks, data, settings);
        for (byte[] shard : made.shards) {
            Gate.judgeShard(checks, ShardProfile.decode(shard, made.profile.data()), data, settings, results);
        }
        return Gate.verdicts(checks, results, settings);
    }

    private Made dataset(long seed, int shards, int tokens, Defect defect, Optional<DatasetProfile> baseline) {
        TokenCells cells = baseline.map(profile -> profile.cells().get("tokens"))
                .orElseGet(() -> sample(seed, shards, tokens, defect));
        BitSet seen = new BitSet();
        baseline.ifPresent(profile -> {
            Histogram counts = profile.histograms().getOrDefault("tokens", new Histogram());
            for (int id = 0; id < counts.size(); id++) {
                seen.set(id, counts.count(id) > 0);
            }
        });
        Vocabulary known = new Vocabulary(vocabulary, cells, new BitSet(), seen, baseline.isPresent());
        DataSpec data = new DataSpec(Map.of("tokens", known), 10, 10);
        Histogram histogram = new Histogram();
        ShardProfile whole = new ShardProfile("", data);
        List<byte[]> encoded = new ArrayList<>();
        for (int shard = 0; shard < shards; shard++) {
            ShardProfile profile = new ShardProfile(String.format(Locale.ROOT, "shard-%05d", shard), data);
            profile.column(TOKENS).countInto(histogram);
            fill(profile, tokens, random(seed, shard), defect.shard == shard ? defect : NO_DEFECT);
            encoded.add(profile.encode());
            whole.merge(profile);
        }
        return new Made(
                new DatasetProfile(
                        whole.encode(), data, shards, Map.of("tokens", histogram), Map.of("tokens", cells), ""),
                encoded);
    }

    /** By documents of 32 shards spread over the dataset, as the gate does it. */
    private TokenCells sample(long seed, int shards, int tokens, Defect defect) {
        Histogram histogram = new Histogram();
        int wanted = Math.min(SAMPLED_SHARDS, shards);
        for (int i = 0; i < wanted; i++) {
            int shard = (int) ((long) i * shards / wanted);
            ShardProfile profile = new ShardProfile("", new DataSpec(Map.of(), 10, 10));
            profile.column(TOKENS).chooseBy(histogram);
            fill(
                    profile,
                    Math.min(tokens, SAMPLED_DOCUMENTS * DOCUMENT),
                    random(seed, shard),
                    defect.shard == shard ? defect : NO_DEFECT);
        }
        return TokenCells.of(histogram.counts());
    }

    private static SplittableRandom random(long seed, int shard) {
        return new SplittableRandom(seed * 1_000_003 + shard);
    }

    private void fill(ShardProfile profile, int tokens, SplittableRandom random, Defect defect) {
        ColumnProfile text = profile.column(TOKENS);
        ColumnProfile weight = profile.column(WEIGHT);
        ColumnProfile label = profile.column(LABEL);
        int[] topic = new int[TOPIC];
        int[] ids = new int[2 * DOCUMENT];
        long row = 0;
        for (int left = tokens; left > 0; row++) {
            int length = Math.min(left, DOCUMENT / 2 + random.nextInt(DOCUMENT));
            Arrays.setAll(topic, i -> zipf.draw(random));
            for (int i = 0; i < length; i++) {
                ids[i] = random.nextDouble() < OF_TOPIC ? topic[random.nextInt(TOPIC)] : zipf.draw(random);
                if (random.nextDouble() < defect.size) {
                    ids[i] = switch (defect.kind) {
                        case "one token" -> 77;
                        case "random tokens" -> random.nextInt(vocabulary);
                        default -> ids[i];
                    };
                }
            }
            profile.row();
            text.tokens(row, ids, length, 0);
            if (defect.kind.equals("missing") && random.nextDouble() < defect.size) {
                weight.missing(row);
            } else {
                weight.number(row, random.nextGaussian() + (defect.kind.equals("numbers shifted") ? defect.size : 0));
            }
            int of = random.nextInt(10);
            label.number(row, defect.kind.equals("labels swapped") && random.nextDouble() < defect.size ? 3 : of);
            left -= length;
        }
    }

    /** Draws of a Zipf distribution with exponent 1, by the alias method of Walker (1977). */
    private static final class Zipf {
        private final double[] keep;
        private final int[] alias;

        Zipf(int size) {
            double sum = 0;
            for (int i = 1; i <= size; i++) {
                sum += 1.0 / i;
            }
            keep = new double[size];
            alias = new int[size];
            int[] small = new int[size];
            int[] large = new int[size];
            int smalls = 0;
            int larges = 0;
            for (int i = 0; i < size; i++) {
                keep[i] = size / (i + 1.0) / sum;
                if (keep[i] < 1) {
                    small[smalls++] = i;
                } else {
                    large[larges++] = i;
                }
            }
            while (smalls > 0 && larges > 0) {
                int less = small[--smalls];
                int more = large[larges - 1];
                alias[less] = more;
                keep[more] -= 1 - keep[less];
                if (keep[more] < 1) {
                    larges--;
                    small[smalls++] = more;
                }
            }
        }

        int draw(SplittableRandom random) {
            int i = random.nextInt(keep.length);
            return random.nextDouble() < keep[i] || alias[i] == 0 && keep[i] >= 1 ? i : alias[i];
        }
    }
}
