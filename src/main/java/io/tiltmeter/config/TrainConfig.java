package io.tiltmeter.config;

import io.tiltmeter.detect.DetectorSettings;
import java.io.Serializable;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What {@code jobs/train} does; {@link TrainConfigLoader} reads it and {@code conf/train-example.conf} describes it.
 *
 * @param runId name of the run in all tables
 * @param project what it belongs to, null if not given
 * @param owner whom to ask about it, null if not given
 * @param seed of initial parameters, the split and the order of examples
 * @param detect settings of detectors while training, by id; one that is missing has its defaults
 */
public record TrainConfig(
        String runId,
        @Nullable String project,
        @Nullable String owner,
        long seed,
        Model model,
        Data data,
        Training training,
        Capture capture,
        Sentinel sentinel,
        Map<String, DetectorSettings> detect)
        implements Serializable {

    public TrainConfig {
        detect = Collections.unmodifiableSortedMap(new TreeMap<>(detect));
    }

    /** A value as it is written in the file: lower case, dashes between words. */
    static String written(Enum<?> value) {
        return value.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    /** How files are read. */
    public enum Format {
        /** As their names say. */
        AUTO,
        /** Apache Parquet. */
        PARQUET,
        /** Text with commas and a header. */
        CSV
    }

    /** What the cells of feature columns are. */
    public enum FeatureEncoding {
        /** Numbers the network gets as they are. */
        VALUES,
        /** Class numbers from 0, each of which becomes a vector with a single 1. */
        ONE_HOT
    }

    /** What the cells of label columns are. */
    public enum LabelEncoding {
        /** Numbers the loss gets as they are. */
        VALUES,
        /** One class number from 0, which becomes a vector with a single 1. */
        CLASS,
        /** An array of class numbers, one a time step. */
        ONE_HOT_SEQUENCE
    }

    /** Shape of an example. */
    public enum Layout {
        /** A sequence where the columns' types or a sequence length say so, else flat. */
        AUTO,
        /** A vector, perhaps reshaped. */
        FLAT,
        /** Vectors along time. */
        SEQUENCE
    }

    /** How replicas are kept together. */
    public enum Way {
        /** Gradients are averaged at every step: the same as one process with the whole batch. */
        SYNCHRONOUS,
        /** Parameters are averaged every few steps (DL4J's parameter averaging). */
        AVERAGING
    }

    /** What is done about trouble. */
    public enum Action {
        /** An event in the tables, which every other action writes, too. */
        WARN,
        /** Scale the averaged gradient of the step that shows it down to {@code sentinel.clip-norm}. */
        CLIP,
        /** Leave out the batches of the workers whose numbers are not finite; for other troubles those of all workers. */
        SKIP,
        /** Go on with one worker less, and deal the examples that are finite to the others. */
        QUARANTINE,
        /** Go back to the last checkpoint before the trouble, with a lower learning rate. */
        ROLLBACK,
        /** End the training before the update; the model stays as it was. */
        STOP
    }

    /**
     * The network; exactly one of file and factory is there.
     *
     * @param file a DL4J configuration (JSON or YAML), a saved DL4J model or a Keras model, else null
     * @param factory name of a class that makes the network, else null
     * @param arguments for the factory
     */
    public record Model(@Nullable String file, @Nullable String factory, Map<String, String> arguments)
            implements Serializable {
        public Model {
            arguments = Collections.unmodifiableSortedMap(new TreeMap<>(arguments));
        }
    }

    /**
     * The examples.
     *
     * @param train path or table
     * @param format how files are read
     * @param features columns of the input, in order
     * @param featureEncoding what their cells are
     * @param featureClasses classes of one-hot features, null without
     * @param labels columns of the expected output, in order
     * @param labelEncoding what their cells are
     * @param labelClasses classes of one-hot labels, null without
     * @param layout shape of an example
     * @param sequenceLength time steps to which sequences are padded, null without sequences
     * @param shape of a flat example, empty for a vector
     * @param featureMask column with 1 for each time step that counts in the input, else 0; null for all
     * @param labelMask the same for the loss
     * @param holdout share of the examples kept for evaluation
     * @param evaluation path or table of examples for evaluation, null to use the share
     */
    public record Data(
            String train,
            Format format,
            List<String> features,
            FeatureEncoding featureEncoding,
            @Nullable Integer featureClasses,
            List<String> labels,
            LabelEncoding labelEncoding,
            @Nullable Integer labelClasses,
            Layout layout,
            @Nullable Integer sequenceLength,
            List<Integer> shape,
            @Nullable String featureMask,
            @Nullable String labelMask,
            double holdout,
            @Nullable String evaluation)
            implements Serializable {
        public Data {
            features = List.copyOf(features);
            labels = List.copyOf(labels);
            shape = List.copyOf(shape);
        }
    }

    /**
     * The course of the training.
     *
     * @param way how replicas are kept together
     * @param workers replicas
     * @param batch examples of a worker and step
     * @param epochs times every example is seen
     * @param maxSteps steps after which it ends anyway, null for no such end
     * @param segmentSteps steps between checkpoints
     * @param averagingFrequency steps between averaging of parameters
     * @param shuffle whether each epoch has an order of its own
     * @param interceptor name of a class that changes batches, gradients or parameters on the workers, else null
     * @param interceptorArguments handed to it
     */
    public record Training(
            Way way,
            int workers,
            int batch,
            int epochs,
            @Nullable Long maxSteps,
            int segmentSteps,
            int averagingFrequency,
            boolean shuffle,
            @Nullable String interceptor,
            Map<String, String> interceptorArguments)
            implements Serializable {
        public Training {
            interceptorArguments = Collections.unmodifiableSortedMap(new TreeMap<>(interceptorArguments));
        }
    }

    /**
     * What is recorded.
     *
     * @param layers whether single layers are
     * @param budget share of the step time recording may cost
     * @param everySteps fixed distance of steps with layers, 0 to keep to the budget
     * @param flushSeconds longest time before recorded steps are on disk
     */
    public record Capture(boolean layers, double budget, int everySteps, double flushSeconds) implements Serializable {}

    /**
     * What is done about trouble while training.
     *
     * @param policies actions by kind of trouble, in order of the kinds
     * @param clipNorm length to which gradients are clipped, null if none is
     * @param rollbackLearningRateFactor by which the learning rate is multiplied on going back
     * @param maxRollbacks times a run may go back before it ends
     */
    public record Sentinel(
            Map<String, List<Action>> policies,
            @Nullable Double clipNorm,
            double rollbackLearningRateFactor,
            int maxRollbacks)
            implements Serializable {
        public Sentinel {
            SortedMap<String, List<Action>> sorted = new TreeMap<>();
            policies.forEach((kind, actions) -> sorted.put(kind, List.copyOf(actions)));
            policies = Collections.unmodifiableSortedMap(sorted);
        }

        /** The actions on a kind of trouble, none if it has no policy. */
        public List<Action> on(String kind) {
            return policies.getOrDefault(kind, List.of());
        }
    }

    /** All that holds, defaults included, by key as in the file; what is not set is left out. */
    public SortedMap<String, String> entries() {
        SortedMap<String, String> entries = new TreeMap<>();
        flatten("", this, entries);
        return Collections.unmodifiableSortedMap(entries);
    }

    private static void flatten(String prefix, Record section, Map<String, String> into) {
        for (java.lang.reflect.RecordComponent component : section.getClass().getRecordComponents()) {
            String key = prefix + SettingKey.kebab(component.getName());
            Object value;
            try {
                value = component.getAccessor().invoke(section);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("Cannot read " + component, e);
            }
            if (value instanceof Record child) {
                flatten(key + ".", child, into);
            } else if (value instanceof Map<?, ?> map) {
                map.forEach((name, each) -> {
                    if (each instanceof DetectorSettings settings) {
                        into.put(key + "." + name + ".enabled", text(settings.enabled()));
                        settings.values().forEach((own, v) -> into.put(key + "." + name + "." + own, text(v)));
                    } else {
                        into.put(key + "." + name, text(each));
                    }
                });
            } else if (value != null && !(value instanceof Collection<?> list && list.isEmpty())) {
                into.put(key, text(value));
            }
        }
    }

    private static String text(Object value) {
        if (value instanceof Collection<?> list) {
            return list.stream().map(TrainConfig::text).collect(Collectors.joining(","));
        }
        if (value instanceof Enum<?> choice) {
            return written(choice);
        }
        return value instanceof Double number ? SettingKey.plain(number) : value.toString();
    }
}
