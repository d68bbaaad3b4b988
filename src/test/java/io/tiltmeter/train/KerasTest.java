package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.spark.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** The import of files as Keras 2 writes them, with weights that allow arithmetic by hand. */
class KerasTest {
    private static final String LINEAR = """
            "trainable": true, "dtype": "float32", "activation": "linear", "use_bias": true,
            "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": null}},
            "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": null,
            "bias_regularizer": null, "activity_regularizer": null, "kernel_constraint": null, "bias_constraint": null
            """;
    private static final String DENSE = """
            {"class_name": "Sequential", "config": {"name": "sequential", "layers": [
              {"class_name": "Dense", "config": {"name": "dense", "batch_input_shape": [null, 2], "units": 3, %s}}]}}
            """.formatted(LINEAR);
    private static final String CONVOLUTION = """
            {"class_name": "Sequential", "config": {"name": "sequential", "layers": [
              {"class_name": "Conv2D", "config": {"name": "conv2d", "batch_input_shape": [null, 2, 3, 1], "filters": 2,
                "kernel_size": [2, 2], "strides": [1, 1], "padding": "valid", "data_format": "channels_last",
                "dilation_rate": [1, 1], "groups": 1, %1$s}},
              {"class_name": "Flatten", "config": {"name": "flatten", "trainable": true, "dtype": "float32",
                "data_format": "channels_last"}},
              {"class_name": "Dense", "config": {"name": "dense", "units": 1, %1$s}}]}}
            """.formatted(LINEAR);

    private static final String RECURRENT = """
            {"class_name": "Sequential", "config": {"name": "sequential", "layers": [
              {"class_name": "LSTM", "config": {"name": "lstm", "batch_input_shape": [null, 2, 1], "trainable": true,
                "dtype": "float32", "return_sequences": false, "return_state": false, "go_backwards": false,
                "stateful": false, "unroll": false, "units": 1, "activation": "tanh",
                "recurrent_activation": "sigmoid", "use_bias": true, "unit_forget_bias": true,
                "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": null}},
                "recurrent_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.0, "seed": null}},
                "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": null,
                "recurrent_regularizer": null, "bias_regularizer": null, "activity_regularizer": null,
                "kernel_constraint": null, "recurrent_constraint": null, "bias_constraint": null, "dropout": 0.0,
                "recurrent_dropout": 0.0, "implementation": 2}},
              {"class_name": "Dense", "config": {"name": "dense", "units": 1, %s}}]}}
            """.formatted(LINEAR);

    @TempDir
    Path folder = Path.of("");

    private static Network load(Path file) {
        return NetworkSource.load(new TrainConfig.Model(file.toString(), null, Map.of()), 1, new Configuration(false));
    }

    private Path dense() {
        return KerasFile.write(
                folder.resolve("dense.h5"),
                DENSE,
                new KerasFile.Weights("dense", "kernel:0", new long[] {2, 3}, 1, 2, 3, 4, 5, 6),
                new KerasFile.Weights("dense", "bias:0", new long[] {3}, 10, 20, 30));
    }

    private static float[] output(Network network, INDArray input) {
        return ((MultiLayerNetwork) network.model())
                .output(input)
                .dup('c')
                .data()
                .asFloat();
    }

    @Test
    void importsADenseLayerAndTrainsIt() {
        Network network = load(dense());
        INDArray input = Nd4j.createFromArray(new float[][] {{1, 2}});

        assertThat(output(network, input)).containsExactly(1 + 8 + 10, 2 + 10 + 20, 3 + 12 + 30);

        // Errors of 1, 2 and 3; the mean squared error's gradient is 2/3 of each, times the input; learning rate 0.01.
        network.fit(new MultiDataSet(input, Nd4j.createFromArray(new float[][] {{18, 30, 42}})));
        double step = 0.01 * 2 / 3;
        // An output moves by its weights' gradients times the input again: (1·1 + 2·2 + 1) errors.
        float[] trained = output(network, input);
        double[] expected = {19 - 6 * step, 32 - 12 * step, 45 - 18 * step};
        for (int i = 0; i < 3; i++) {
            assertThat((double) trained[i]).isCloseTo(expected[i], within(1e-5));
        }
    }

    @Test
    void importsAConvolutionWithItsChannelsLast() {
        // Kernels by height, width, input channel, filter: the first filter takes the upper left, the second the lower
        // right.
        // What it makes of 2 × 3 is 1 × 2 × 2; flat it goes by place, then by filter.
        Network network = load(KerasFile.write(
                folder.resolve("convolution.h5"),
                CONVOLUTION,
                new KerasFile.Weights("conv2d", "kernel:0", new long[] {2, 2, 1, 2}, 1, 0, 0, 0, 0, 0, 0, 1),
                new KerasFile.Weights("conv2d", "bias:0", new long[] {2}, 0, 0.5f),
                new KerasFile.Weights("dense", "kernel:0", new long[] {4, 1}, 1, 10, 100, 1000),
                new KerasFile.Weights("dense", "bias:0", new long[] {1}, 0)));
        // 1 2 3 / 4 5 6, examples first, channels last.
        INDArray input = Nd4j.createFromArray(1f, 2, 3, 4, 5, 6).reshape('c', 1, 2, 3, 1);

        assertThat(output(network, input)).containsExactly(1 + 10 * 5.5f + 100 * 2 + 1000 * 6.5f);
    }

    @Test
    void importsAnLstmWithItsGatesInKerasOrder() {
        // Gates by input, forget, cell, output. Only the cell sees the input; biases alone open the others:
        // σ(ln 3) = 3/4, σ(0) = 1/2, σ(-ln 3) = 1/4.
        float ln3 = (float) Math.log(3);
        Network network = load(KerasFile.write(
                folder.resolve("recurrent.h5"),
                RECURRENT,
                new KerasFile.Weights("lstm", "lstm_cell/kernel:0", new long[] {1, 4}, 0, 0, 1, 0),
                new KerasFile.Weights("lstm", "lstm_cell/recurrent_kernel:0", new long[] {1, 4}, 0, 0, 0, 0),
                new KerasFile.Weights("lstm", "lstm_cell/bias:0", new long[] {4}, ln3, 0, 0, -ln3),
                new KerasFile.Weights("dense", "kernel:0", new long[] {1, 1}, 100),
                new KerasFile.Weights("dense", "bias:0", new long[] {1}, 0)));
        INDArray input = Nd4j.createFromArray(0.3f, -0.8f).reshape('c', 1, 2, 1);

        double first = 0.75 * Math.tanh(0.3);
        double second = 0.5 * first + 0.75 * Math.tanh(-0.8);
        assertThat((double) output(network, input)[0]).isCloseTo(100 * 0.25 * Math.tanh(second), within(1e-4));
    }

    @Test
    void aDamagedFileIsRefusedInOneLine() throws IOException {
        byte[] bytes = Files.readAllBytes(dense());
        Path damaged = Files.write(folder.resolve("damaged.h5"), Arrays.copyOf(bytes, bytes.length / 3));

        assertThatThrownBy(() -> load(damaged))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("Cannot read model '" + damaged + "': DL4J cannot import it (")
                .message()
                .hasLineCount(1);
    }
}
