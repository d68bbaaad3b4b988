package io.tiltmeter.train;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Data-parallel training by DL4J's own means: each worker trains a copy of the network on some mini-batches, then
 * parameters and the updaters' state are averaged, and so on. One round of it is one call of DL4J's training master, on
 * exactly the batches whose turn it is: left to itself the master splits the data at random, and begins each round with
 * an optimizer step count of 0 in a graph, which spoils Adam's bias correction and every schedule.
 */
public final class AveragingTraining {
    private AveragingTraining() {}

    /**
     * What came of it.
     *
     * @param model the trained model in DL4J's format, with its updater's state
     * @param steps optimizer steps that each worker took, of the worker with the most batches
     * @param rounds how often parameters were averaged
     */
    public record Result(byte[] model, long steps, int rounds) {}

    /**
     * Trains a model.
     *
     * @param model a model in DL4J's format; training goes on from its parameters, updater state and step count
     * @param batches mini-batches, one partition a worker, read once a round: persist it
     * @param batchSize examples of the largest mini-batch
     * @param averagingFrequency steps between two averages, at least 1
     * @param hook gives the listeners that watch the workers
     * @throws IllegalArgumentException if a number is below 1, or there is no batch
     */
    public static Result train(
            SparkSession spark,
            byte[] model,
            JavaRDD<MultiDataSet> batches,
            int batchSize,
            int averagingFrequency,
            int epochs,
            WorkerHook hook) {
        atLeastOne("Batch size", batchSize);
        atLeastOne("Averaging frequency", averagingFrequency);
        atLeastOne("Number of epochs", epochs);
        int workers = batches.getNumPartitions();
        long perEpoch = batches.mapPartitions(new Count()).collect().stream()
                .mapToLong(count -> count)
                .max()
                .orElse(0);
        if (perEpoch == 0) {
            throw new IllegalArgumentException("There are no batches to train on, expected at least one");
        }
        ParameterAveragingTrainingMaster master = new ParameterAveragingTrainingMaster.Builder(workers, batchSize)
                .batchSizePerWorker(batchSize)
                .averagingFrequency(averagingFrequency)
                .saveUpdater(true)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                // The batches lie where they belong already.
                .repartionData(Repartition.Never)
                .storageLevel(null)
                .workerPrefetchNumBatches(0)
                .build();
        Network network = Network.read(model);
        Rounds rounds = rounds(JavaSparkContext.fromSparkContext(spark.sparkContext()), network, master);
        long step = network.iteration();
        int round = 0;
        long most = 0;
        for (int epoch = 0; epoch < epochs; epoch++) {
            for (long from = 0; from < perEpoch; from += averagingFrequency) {
                network.setEpoch(epoch);
                network.setIteration(Math.toIntExact(step));
                rounds.run(
                        batches.mapPartitions(new Slice(from, from + averagingFrequency), true),
                        new RoundListener(hook, step, epoch));
                long steps = Math.min(averagingFrequency, perEpoch - from);
                step += steps;
                most += steps;
                round++;
            }
        }
        network.setEpoch(epochs);
        network.setIteration(Math.toIntExact(step));
        return new Result(network.write(), most, round);
    }

    private static void atLeastOne(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(what + " is " + value + ", expected at least 1");
        }
    }

    /** Trains one round in place. */
    private interface Rounds {
        void run(JavaRDD<MultiDataSet> batches, RoundListener listener);
    }

    private static Rounds rounds(JavaSparkContext spark, Network network, ParameterAveragingTrainingMaster master) {
        if (network.model() instanceof MultiLayerNetwork layered) {
            SparkDl4jMultiLayer distributed = new SparkDl4jMultiLayer(spark, layered, master);
            return (batches, listener) -> {
                distributed.setListeners(listener);
                distributed.fit(batches.map(new Single()));
            };
        }
        SparkComputationGraph distributed =
                new SparkComputationGraph(spark, (ComputationGraph) network.model(), master);
        return (batches, listener) -> {
            distributed.setListeners(listener);
            distributed.fitMultiDataSet(batches);
        };
    }

    /** Number of elements of each partition. */
    private static final class Count implements FlatMapFunction<Iterator<MultiDataSet>, Long> {
        private static final long serialVersionUID = 1;

        @Override
        public Iterator<Long> call(Iterator<MultiDataSet> batches) {
            long count = 0;
            while (batches.hasNext()) {
                batches.next();
                count++;
            }
            return List.of(count).iterator();
        }
    }

    /** The batches of a partition from one place up to another. */
    private static final class Slice implements FlatMapFunction<Iterator<MultiDataSet>, MultiDataSet> {
        private static final long serialVersionUID = 1;

        private final long from;
        private final long to;

        Slice(long from, long to) {
            this.from = from;
            this.to = to;
        }

        @Override
        public Iterator<MultiDataSet> call(Iterator<MultiDataSet> batches) {
            List<MultiDataSet> slice = new ArrayList<>();
            for (long i = 0; i < to && batches.hasNext(); i++) {
                MultiDataSet batch = batches.next();
                if (i >= from) {
                    slice.add(batch);
                }
            }
            return slice.iterator();
        }
    }

    /** A batch of one input and one output, as layered networks want it. */
    private static final class Single implements Function<MultiDataSet, DataSet> {
        private static final long serialVersionUID = 1;

        @Override
        public DataSet call(MultiDataSet batch) {
            if (batch.numFeatureArrays() != 1 || batch.numLabelsArrays() != 1) {
                throw new IllegalArgumentException("Batch has " + batch.numFeatureArrays() + " inputs and "
                        + batch.numLabelsArrays() + " outputs, expected one of each for a MultiLayerNetwork");
            }
            return new DataSet(
                    batch.getFeatures(0),
                    batch.getLabels(0),
                    first(batch.getFeaturesMaskArrays()),
                    first(batch.getLabelsMaskArrays()));
        }

        private static @Nullable INDArray first(INDArray @Nullable [] arrays) {
            return arrays == null || arrays.length == 0 ? null : arrays[0];
        }
    }
}
