package io.tiltmeter.train.faults;

import static io.tiltmeter.train.faults.Program.ATTENTION;
import static io.tiltmeter.train.faults.Program.CNN;
import static io.tiltmeter.train.faults.Program.LSTM;
import static io.tiltmeter.train.faults.Program.MLP;

import io.tiltmeter.train.StepInterceptor;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What can be planted into a training, and what a sound analysis is expected to say about it. */
public enum FaultRecipe {
    /** Nothing. */
    HEALTHY("Nothing is wrong; anything above information is a false alarm", Place.NOWHERE, all(), List.of()),

    /** As the name says; so are the others. */
    LEARNING_RATE_FAR_TOO_HIGH(
            "Learning rate 100 times too high",
            Place.SETTINGS,
            all(),
            List.of(
                    "divergence",
                    "non-finite",
                    "no-learning",
                    "grad-explosion",
                    "loss-spike",
                    "plateau-among-siblings"),
            "learning-rate-factor=100"),
    LEARNING_RATE_TOO_HIGH(
            "Learning rate 10 times too high",
            Place.SETTINGS,
            all(),
            List.of(
                    "divergence",
                    "non-finite",
                    "no-learning",
                    "grad-explosion",
                    "loss-spike",
                    "plateau-among-siblings"),
            "learning-rate-factor=10"),
    LEARNING_RATE_TOO_LOW(
            "Learning rate 1,000 times too low",
            Place.SETTINGS,
            all(),
            List.of("no-learning", "plateau-among-siblings"),
            "learning-rate-factor=0.001"),
    NO_NORMALISATION(
            "Inputs keep scales from 1 to 1,000 (images: 0 to 255)",
            Place.DATA,
            EnumSet.of(MLP, CNN),
            List.of(
                    "divergence",
                    "non-finite",
                    "no-learning",
                    "grad-explosion",
                    "loss-spike",
                    "plateau-among-siblings")),
    INITIALISATION_TOO_LARGE(
            "Initial weights with a standard deviation of 5",
            Place.SETTINGS,
            all(),
            List.of(
                    "divergence",
                    "non-finite",
                    "no-learning",
                    "grad-explosion",
                    "loss-spike",
                    "plateau-among-siblings"),
            "init=normal",
            "init-std=5"),
    VANISHING_GRADIENT(
            "Ten layers of sigmoids: the gradient does not reach the first",
            Place.SETTINGS,
            EnumSet.of(MLP),
            List.of("no-learning", "plateau-among-siblings"),
            "depth=10",
            "activation=sigmoid"),
    EXPLODING_RNN(
            "Recurrent network without saturation, whose state grows at every time step",
            Place.SETTINGS,
            EnumSet.of(LSTM),
            List.of(
                    "grad-explosion",
                    "non-finite",
                    "divergence",
                    "loss-spike",
                    "no-learning",
                    "plateau-among-siblings"),
            "cell=simple",
            "activation=identity",
            "init=normal",
            "init-std=0.25"),
    DYING_RELU(
            "Bias so low that no rectifier ever opens",
            Place.SETTINGS,
            EnumSet.of(MLP, CNN),
            List.of("no-learning", "plateau-among-siblings"),
            "activation=relu",
            "bias-init=-20"),
    WRONG_LOSS(
            "Squared error of raw outputs in place of cross-entropy",
            Place.SETTINGS,
            all(),
            List.of("plateau-among-siblings", "no-learning", "divergence", "loss-spike"),
            "loss=mse",
            "output-activation=identity"),
    MISSING_SOFTMAX(
            "Cross-entropy of raw outputs: the logarithm of what may be negative",
            Place.SETTINGS,
            all(),
            List.of("non-finite", "divergence", "no-learning"),
            "output-activation=identity"),
    HALF_PRECISION_OVERFLOW(
            "Gradients overflow 16 bits under a fixed loss scale",
            Place.ALL_WORKERS,
            all(),
            List.of("non-finite", "grad-explosion"),
            HalfPrecision.class,
            "scale=1e6"),

    NAN_INPUTS("NaN among a worker's inputs", Place.WORKER, all(), List.of("non-finite"), BadInputs.class, "value=NaN"),
    INF_INPUTS(
            "Infinity among a worker's inputs",
            Place.WORKER,
            all(),
            List.of("non-finite"),
            BadInputs.class,
            "value=Infinity"),
    LABEL_NOISE(
            "A worker's labels belong to other examples",
            Place.WORKER,
            all(),
            List.of("worker-outlier", "gradient-direction"),
            LabelNoise.class,
            "share=1"),
    FLIPPED_GRADIENT(
            "A worker's gradient has the wrong sign",
            Place.WORKER,
            all(),
            List.of("gradient-direction"),
            GradientFactor.class,
            "factor=-1"),
    SCALED_GRADIENT(
            "A worker's gradient is 8 times too long",
            Place.WORKER,
            all(),
            List.of("worker-outlier", "grad-explosion"),
            GradientFactor.class,
            "factor=8"),
    STALE_PARAMETERS(
            "A worker computes with the parameters of 20 steps ago",
            Place.WORKER,
            all(),
            List.of("worker-outlier", "replica-drift", "gradient-direction"),
            StaleParameters.class,
            "lag=20"),
    DESYNCHRONISED_PARAMETERS(
            "A worker's parameters are disturbed once",
            Place.WORKER,
            all(),
            List.of("worker-outlier", "replica-drift"),
            ParameterNoise.class,
            "std=0.05"),
    DUPLICATED_SHARD(
            "A worker trains on the batches of another",
            Place.WORKER,
            all(),
            List.of("duplicated-data"),
            ForeignShard.class),
    SHRINKING_SEQUENCES(
            "A worker's sequences get shorter and shorter",
            Place.WORKER,
            EnumSet.of(LSTM, ATTENTION),
            List.of("token-drift", "worker-outlier"),
            ShrinkingSequences.class,
            "steps=50"),
    SLOW_WORKER(
            "A worker takes 40 ms longer for every step",
            Place.WORKER,
            all(),
            List.of("straggler", "step-stall"),
            SlowWorker.class,
            "millis=40");

    /** Whose fault it is. */
    public enum Place {
        /** No fault. */
        NOWHERE,
        /** The same for the whole run, from its first step. */
        SETTINGS,
        /** The data set, from the first step. */
        DATA,
        /** All workers alike, from some step. */
        ALL_WORKERS,
        /** One worker, from some step. */
        WORKER
    }

    /**
     * A recipe made up for one run.
     *
     * @param arguments for the program
     * @param raw whether its data is not normalised
     * @param interceptor class that plants the fault, null if settings do
     * @param interceptorArguments for it
     * @param worker whose fault it is, -1 if not a single one's
     * @param firstStep first step with the fault, 0 where it is there from the start
     */
    public record Plan(
            Map<String, String> arguments,
            boolean raw,
            @Nullable String interceptor,
            Map<String, String> interceptorArguments,
            int worker,
            long firstStep) {
        public Plan {
            arguments = Map.copyOf(arguments);
            interceptorArguments = Map.copyOf(interceptorArguments);
        }
    }

    private final String meaning;
    private final Place place;
    private final Set<Program> programs;
    private final Set<String> detectors;
    private final @Nullable Class<? extends StepInterceptor> interceptor;
    private final Map<String, String> arguments = new TreeMap<>();

    FaultRecipe(String meaning, Place place, Set<Program> programs, List<String> detectors, String... arguments) {
        this(meaning, place, programs, detectors, null, arguments);
    }

    FaultRecipe(
            String meaning,
            Place place,
            Set<Program> programs,
            List<String> detectors,
            @Nullable Class<? extends StepInterceptor> interceptor,
            String... arguments) {
        this.meaning = meaning;
        this.place = place;
        this.programs = programs;
        this.detectors = Set.copyOf(detectors);
        this.interceptor = interceptor;
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            this.arguments.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
    }

    private static Set<Program> all() {
        return EnumSet.allOf(Program.class);
    }

    /** Kebab-case name. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What is wrong, for people. */
    public String meaning() {
        return meaning;
    }

    /** Whose fault it is. */
    public Place place() {
        return place;
    }

    /** Trainings it can be planted into. */
    public Set<Program> programs() {
        return Set.copyOf(programs);
    }

    /** Ids of detectors any of which is right to speak. */
    public Set<String> detectors() {
        return detectors;
    }

    /**
     * Makes it up for a run. Worker and first step come from the seed; worker 0 is spared, whose copy of the model is the
     * one that counts.
     *
     * @param run name of the run
     */
    public Plan plan(String run, int workers, long steps, long seed) {
        if (interceptor == null) {
            return new Plan(arguments, this == NO_NORMALISATION, null, Map.of(), -1, 0);
        }
        SplittableRandom random = new SplittableRandom(seed);
        int worker = place == Place.WORKER ? 1 + random.nextInt(workers - 1) : -1;
        long first = steps * 2 / 5 + random.nextLong(Math.max(1, steps / 5));
        Map<String, String> all = new TreeMap<>(arguments);
        all.put("worker", Integer.toString(worker));
        all.put("from", Long.toString(first));
        if (interceptor == ForeignShard.class) {
            all.put("run", run);
        }
        return new Plan(Map.of(), false, interceptor.getName(), all, worker, first);
    }
}
