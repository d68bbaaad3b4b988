package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.spark.InputException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

class NetworkSourceTest {
    @TempDir
    Path folder = Path.of("");

    /** Two layers, for classes of two numbers. */
    static MultiLayerConfiguration layers(int hidden, long seed) {
        return new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(0.01))
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(2)
                        .nOut(hidden)
                        .activation(Activation.TANH)
                        .build())
                .layer(output(hidden))
                .build();
    }

    private static OutputLayer output(int hidden) {
        return new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .nIn(hidden)
                .nOut(2)
                .activation(Activation.SOFTMAX)
                .build();
    }

    private static ComputationGraphConfiguration graph() {
        return new NeuralNetConfiguration.Builder()
                .updater(new Adam(0.01))
                .graphBuilder()
                .addInputs("in")
                .addLayer("hidden", new DenseLayer.Builder().nIn(2).nOut(3).build(), "in")
                .addLayer("out", output(3), "hidden")
                .setOutputs("out")
                .build();
    }

    /** Makes {@link #layers}. */
    public static final class Factory implements NetworkFactory {
        @Override
        public Model create(Map<String, String> arguments, long seed) {
            return new MultiLayerNetwork(layers(Integer.parseInt(arguments.getOrDefault("hidden", "3")), seed));
        }
    }

    private Network load(String text, long seed) throws IOException {
        return load(Files.writeString(folder.resolve("net"), text), seed);
    }

    private static Network load(Path file, long seed) {
        return NetworkSource.load(
                new TrainConfig.Model(file.toString(), null, Map.of()), seed, new Configuration(false));
    }

    private static Network make(String factory, Map<String, String> arguments) {
        return NetworkSource.load(new TrainConfig.Model(null, factory, arguments), 4, new Configuration(false));
    }

    @Test
    void readsConfigurationsOfBothKindsInBothSyntaxes() throws IOException {
        for (String text : new String[] {layers(3, 1).toJson(), layers(3, 1).toYaml()}) {
            assertThat(load(text, 1).model()).isInstanceOf(MultiLayerNetwork.class);
        }
        for (String text : new String[] {graph().toJson(), graph().toYaml()}) {
            Network network = load(text, 1);
            assertThat(network.model()).isInstanceOf(ComputationGraph.class);
            assertThat(network.parameters()).isEqualTo(2 * 3 + 3 + 3 * 2 + 2);
        }
    }

    @Test
    void theSeedMakesTheParameters() throws IOException {
        for (String text : new String[] {layers(3, 99).toJson(), graph().toJson()}) {
            float[] five = load(text, 5).params().toFloatVector();

            assertThat(load(text, 5).params().toFloatVector()).isEqualTo(five);
            assertThat(load(text, 6).params().toFloatVector()).isNotEqualTo(five);
        }
    }

    @Test
    void aSavedModelGoesOnWhereItWas() throws IOException {
        Network network = load(layers(3, 1).toJson(), 1);
        MultiDataSet data = new MultiDataSet(
                Nd4j.createFromArray(new float[][] {{1, 2}, {3, 4}}),
                Nd4j.createFromArray(new float[][] {{1, 0}, {0, 1}}));
        network.fit(data);
        Network again = load(Files.write(folder.resolve("saved.zip"), network.write()), 77);
        network.fit(data);
        again.fit(data);

        assertThat(again.params().toFloatVector()).isEqualTo(network.params().toFloatVector());
        assertThat(again.iteration()).isEqualTo(2);
    }

    @Test
    void aFactoryGetsItsArgumentsAndTheSeed() {
        String name = Factory.class.getName();
        Network network = make(name, Map.of("hidden", "5"));

        assertThat(network.parameters()).isEqualTo(2 * 5 + 5 + 5 * 2 + 2);
        assertThat(make(name, Map.of("hidden", "5")).params().toFloatVector())
                .isEqualTo(network.params().toFloatVector());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "com.example.Nothing | there is no such class; expected one in a jar given with --jars",
                "java.lang.String | it is no io.tiltmeter.train.NetworkFactory",
                "java.lang.Integer | expected a public class with a public constructor without arguments",
            })
    void aWrongFactoryIsRefused(String name, String why) {
        assertThatThrownBy(() -> make(name, Map.of()))
                .isInstanceOf(InputException.class)
                .hasMessage("Cannot make the model with '" + name + "': " + why);
    }

    @Test
    void aFactoryThatFailsIsNamed() {
        String name = Factory.class.getName();
        assertThatThrownBy(() -> make(name, Map.of("hidden", "many")))
                .isInstanceOf(InputException.class)
                .hasMessage("Cannot make the model with '" + name + "': For input string: \"many\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "this is no model",
                "{ \"confs\": 3 }",
                "{ \"vertices\": [], ",
                "confs:\n- nothing: [",
                "{\"class_name\": \"Sequential\"}",
                "PK\u0003\u0004 broken",
                "{\"layers\": []}"
            })
    void garbageIsRefusedInOneLine(String text) {
        assertThatThrownBy(() -> load(text, 1))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("Cannot read model '" + folder.resolve("net") + "': ")
                .hasMessageContaining("expected")
                .message()
                .hasLineCount(1);
    }

    @Test
    void whatIsMissingAndZipFilesOfOthersAreRefused() throws IOException {
        assertThatThrownBy(() -> load(folder.resolve("nothing.json"), 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("there is no such file");
        assertThatThrownBy(() -> load(folder, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("it is a folder");
        assertThatThrownBy(() -> load(zip("config.json", "model.weights.h5"), 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("Keras 3");
        assertThatThrownBy(() -> load(zip("a.txt"), 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("it is a zip file with [a.txt]");
        assertThatThrownBy(() -> load(zip("configuration.json", "coefficients.bin"), 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("DL4J cannot restore it");
    }

    private Path zip(String... names) throws IOException {
        Path file = folder.resolve("some.zip");
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (String name : names) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write('x');
            }
        }
        return file;
    }
}
