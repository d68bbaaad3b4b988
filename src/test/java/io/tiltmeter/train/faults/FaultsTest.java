package io.tiltmeter.train.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

class FaultsTest {
    /** Eight examples, example i being i in every feature and of class i modulo 4. */
    private static MultiDataSet batch() {
        INDArray features = Nd4j.zeros(8, 3);
        INDArray labels = Nd4j.zeros(8, 4);
        for (int i = 0; i < 8; i++) {
            for (int j = 0; j < 3; j++) {
                features.putScalar(i, j, i);
            }
            labels.putScalar(i, i % 4, 1);
        }
        return new MultiDataSet(features, labels);
    }

    private static INDArray vector(double... values) {
        return Nd4j.createFromArray(values).castTo(org.nd4j.linalg.api.buffer.DataType.FLOAT);
    }

    @Test
    void faultsKeepToTheirWorkerAndSteps() {
        GradientFactor fault = new GradientFactor(Map.of("worker", "2", "from", "10", "to", "20"));
        for (int worker = 0; worker < 4; worker++) {
            for (long step = 8; step < 22; step++) {
                INDArray gradient = vector(1, -2);
                fault.gradient(worker, step, gradient);
                boolean struck = worker == 2 && step >= 10 && step < 20;
                assertThat(gradient.toDoubleVector()).containsExactly(struck ? -1 : 1, struck ? 2 : -2);
            }
        }
    }

    @Test
    void gradientIsMultiplied() {
        INDArray gradient = vector(1, -2);
        new GradientFactor(Map.of("factor", "8")).gradient(3, 0, gradient);

        assertThat(gradient.toDoubleVector()).containsExactly(8, -16);
    }

    @Test
    void inputsBecomeWhatIsAskedFor() {
        for (String value : new String[] {"NaN", "Infinity"}) {
            org.nd4j.linalg.dataset.api.MultiDataSet bad =
                    new BadInputs(Map.of("value", value, "count", "3")).batch(0, 5, batch());
            int wrong = 0;
            double[] values = bad.getFeatures(0).dup('c').data().asDouble();
            for (double each : values) {
                wrong += Double.compare(each, Double.parseDouble(value)) == 0 ? 1 : 0;
            }
            assertThat(wrong).isEqualTo(3);
            assertThat(bad.getFeatures(0).shape()).containsExactly(8, 3);
        }
    }

    @Test
    void labelsMoveBetweenExamplesAndStayLabels() {
        org.nd4j.linalg.dataset.api.MultiDataSet noisy = new LabelNoise(Map.of()).batch(1, 3, batch());
        INDArray labels = noisy.getLabels(0);
        int moved = 0;
        for (int i = 0; i < 8; i++) {
            double sum = 0;
            for (int c = 0; c < 4; c++) {
                sum += labels.getDouble(i, c);
            }
            assertThat(sum).isEqualTo(1);
            moved += labels.getDouble(i, i % 4) == 0 ? 1 : 0;
        }
        assertThat(moved).isGreaterThanOrEqualTo(3);
        assertThat(noisy.getFeatures(0)).isEqualTo(batch().getFeatures(0));
    }

    @Test
    void shareOfNoiseIsKept() {
        org.nd4j.linalg.dataset.api.MultiDataSet clean = new LabelNoise(Map.of("share", "0")).batch(1, 3, batch());

        assertThat(clean.getLabels(0)).isEqualTo(batch().getLabels(0));
    }

    @Test
    void staleWorkerComputesWithOldParametersWhileUpdatesGoOn() {
        StaleParameters fault = new StaleParameters(Map.of("worker", "1", "from", "3", "to", "6", "lag", "2"));
        INDArray parameters = vector(0);
        double[] held = new double[9];
        for (int step = 0; step < 9; step++) {
            // All workers get the same update: +1.
            parameters.addi(1);
            fault.updated(1, step, parameters);
            held[step] = parameters.getDouble(0);
        }

        assertThat(held).containsExactly(1, 2, 3, 2, 3, 4, 7, 8, 9);
    }

    @Test
    void othersAreNotStale() {
        StaleParameters fault = new StaleParameters(Map.of("worker", "1", "lag", "2"));
        INDArray parameters = vector(0);
        for (int step = 0; step < 5; step++) {
            parameters.addi(1);
            fault.updated(0, step, parameters);
        }

        assertThat(parameters.getDouble(0)).isEqualTo(5);
    }

    @Test
    void parametersAreDisturbedOnce() {
        ParameterNoise fault = new ParameterNoise(Map.of("worker", "1", "from", "3", "std", "0.01"));
        INDArray parameters = Nd4j.zeros(1000);
        fault.updated(1, 2, parameters);
        assertThat(parameters.toDoubleVector()).containsOnly(0);
        fault.updated(1, 3, parameters);
        double squares = 0;
        for (double value : parameters.toDoubleVector()) {
            squares += value * value;
        }
        assertThat(Math.sqrt(squares / 1000)).isBetween(0.009, 0.011);
        INDArray after = parameters.dup();
        fault.updated(1, 4, parameters);
        assertThat(parameters).isEqualTo(after);
    }

    @Test
    void workerReadsTheBatchOfAnother() {
        Map<String, String> arguments = Map.of("run", "r", "worker", "1", "from", "4", "of", "0");
        ForeignShard reader = new ForeignShard(arguments);
        ForeignShard giver = new ForeignShard(arguments);
        MultiDataSet own = batch();
        own.getFeatures(0).addi(100);

        assertThat(reader.batch(1, 3, own)).isSameAs(own);
        for (long step = 3; step < 6; step++) {
            MultiDataSet given = batch();
            given.getFeatures(0).addi(step);
            assertThat(giver.batch(0, step, given)).isSameAs(given);
            INDArray read = reader.batch(1, step, own).getFeatures(0);
            assertThat(read).isEqualTo(step < 4 ? own.getFeatures(0) : given.getFeatures(0));
        }
    }

    @Test
    void sequencesAreMaskedFromTheirEnd() {
        ShrinkingSequences fault = new ShrinkingSequences(Map.of("from", "10", "steps", "10", "least", "0.2"));
        assertThat(left(fault, 9)).isEqualTo(-1);
        assertThat(left(fault, 10)).isEqualTo(2 * 18);
        assertThat(left(fault, 14)).isEqualTo(2 * 12);
        assertThat(left(fault, 19)).isEqualTo(2 * 4);
        assertThat(left(fault, 100)).isEqualTo(2 * 4);
    }

    private static double left(ShrinkingSequences fault, long step) {
        org.nd4j.linalg.dataset.api.MultiDataSet cut =
                fault.batch(0, step, new MultiDataSet(Nd4j.ones(2, 5, 20), Nd4j.ones(2, 5, 20)));
        INDArray mask = cut.getFeaturesMaskArray(0);
        if (mask == null) {
            return -1;
        }
        double sum = 0;
        for (int i = 0; i < 2; i++) {
            for (int t = 0; t < 20; t++) {
                sum += mask.getDouble(i, t);
                assertThat(t == 0 || mask.getDouble(i, t) <= mask.getDouble(i, t - 1))
                        .isTrue();
            }
        }
        assertThat(cut.getLabelsMaskArray(0)).isEqualTo(mask);
        return sum;
    }

    @Test
    void slowWorkerWaitsWhereItIsTold() {
        SlowWorker compute = new SlowWorker(Map.of("worker", "1", "millis", "30"));
        SlowWorker data = new SlowWorker(Map.of("worker", "1", "millis", "30", "where", "data"));

        assertThat(millis(() -> compute.gradient(1, 0, vector(1)))).isGreaterThanOrEqualTo(29);
        assertThat(millis(() -> data.batch(1, 0, batch()))).isGreaterThanOrEqualTo(29);
        assertThat(millis(() -> data.gradient(1, 0, vector(1)))).isLessThan(25);
    }

    private static double millis(Runnable work) {
        long begin = System.nanoTime();
        work.run();
        return (System.nanoTime() - begin) / 1e6;
    }

    @Test
    void halfPrecisionHasItsLimits() {
        INDArray gradient = vector(70, 60, -70, 1e-12, -1e-12, 1e-3);
        new HalfPrecision(Map.of("scale", "1000")).gradient(0, 0, gradient);

        assertThat(gradient.toDoubleVector())
                .containsExactly(
                        Double.POSITIVE_INFINITY, (double) 60f, Double.NEGATIVE_INFINITY, 0.0, 0.0, (double) 1e-3f);
    }
}
