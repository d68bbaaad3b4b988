package io.tiltmeter.train;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
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
final class AveragingRounds {
    private final Network network;
    private final Rounds rounds;

    /**
     * Prepares for a network, which each round trains in place.
     *
     * @param batchSize examples of the largest mini-batch
     * @param mostSteps steps of the longest round
     */
    AveragingRounds(SparkSession spark, Network network, int workers, int batchSize, int mostSteps) {
        atLeastOne("Batch size", batchSize);
        atLeastOne("Averaging frequency", mostSteps);
        this.network = network;
        ParameterAveragingTrainingMaster master = new ParameterAveragingTrainingMaster.Builder(workers, batchSize)
                .batchSizePerWorker(batchSize)
                .averagingFrequency(mostSteps)
                .saveUpdater(true)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                // The batches lie where they belong already.
                .repartionData(Repartition.Never)
                .storageLevel(null)
                .workerPrefetchNumBatches(0)
                .build();
        rounds = rounds(JavaSparkContext.fromSparkContext(spark.sparkContext()), network, master);
    }

    /**
     * Trains one round. It leaves the network's own count of updates as it is: that is the caller's to advance.
     *
     * @param batches one partition a worker; computed once
     * @param count how many batches there are, in all partitions together
     * @param hook gives the listeners that watch the workers
     * @param firstStep step of each worker's first batch
     * @param epoch of that step
     */
    void run(JavaRDD<MultiDataSet> batches, long count, WorkerHook hook, long firstStep, int epoch) {
        int iteration = network.iteration();
        network.setEpoch(epoch);
        rounds.run(batches, count, new RoundListener(hook, firstStep, iteration, epoch));
        network.setIteration(iteration);
    }

    private static void atLeastOne(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(what + " is " + value + ", expected at least 1");
        }
    }

    /** Trains one round in place. */
    private interface Rounds {
        void run(JavaRDD<MultiDataSet> batches, long count, RoundListener listener);
    }

    private static Rounds rounds(JavaSparkContext spark, Network network, ParameterAveragingTrainingMaster master) {
        if (network.model() instanceof MultiLayerNetwork layered) {
            SparkDl4jMultiLayer distributed = new SparkDl4jMultiLayer(spark, layered, master);
            return (batches, count, listener) -> {
                distributed.setListeners(listener);
                distributed.fit(new Counted<>(batches.map(new Single()), count));
            };
        }
        SparkComputationGraph distributed =
                new SparkComputationGraph(spark, (ComputationGraph) network.model(), master);
        return (batches, count, listener) -> {
            distributed.setListeners(listener);
            distributed.fitMultiDataSet(new Counted<>(batches, count));
        };
    }

    /** Batches whose number is known: the master counts them before each round, which would compute them twice. */
    private static final class Counted<T> extends JavaRDD<T> {
        private static final long serialVersionUID = 1;

        private final long count;

        Counted(JavaRDD<T> batches, long count) {
            super(batches.rdd(), batches.classTag());
            this.count = count;
        }

        @Override
        public long count() {
            return count;
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
