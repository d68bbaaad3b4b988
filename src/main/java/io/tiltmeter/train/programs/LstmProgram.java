package io.tiltmeter.train.programs;

import io.tiltmeter.train.NetworkFactory;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;

/**
 * A character model: says the next character at every place of a text. Arguments: {@code cell} (lstm or simple),
 * {@code classes} of characters (32), {@code hidden} (48), {@code depth} of recurrent layers (1), and those that
 * {@link MlpProgram} names as shared.
 */
public final class LstmProgram implements NetworkFactory {
    /** For configuration by name. */
    public LstmProgram() {}

    @Override
    public Model create(Map<String, String> arguments, long seed) {
        Arguments args = new Arguments(arguments);
        boolean simple = args.choice("cell", "lstm", "simple").equals("simple");
        int classes = args.whole("classes", TextSource.CLASSES, 2);
        int hidden = args.whole("hidden", 48, 1);
        int depth = args.whole("depth", 1, 1);
        NeuralNetConfiguration.ListBuilder layers =
                args.network(seed, 0.02, 0.01, Activation.TANH).list();
        for (int i = 0; i < depth; i++) {
            layers.layer(cell(simple, i == 0 ? classes : hidden, hidden, "recurrent" + i));
        }
        layers.layer(new RnnOutputLayer.Builder(args.loss())
                .name("output")
                .nIn(hidden)
                .nOut(classes)
                .activation(args.outputActivation())
                .biasInit(0)
                .build());
        args.noneLeft();
        layers.validateOutputLayerConfig(false);
        return new MultiLayerNetwork(layers.build());
    }

    private static Layer cell(boolean simple, int in, int out, String name) {
        return simple
                ? new SimpleRnn.Builder().name(name).nIn(in).nOut(out).build()
                : new LSTM.Builder().name(name).nIn(in).nOut(out).build();
    }
}
