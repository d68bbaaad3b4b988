package io.tiltmeter.train.programs;

import io.tiltmeter.train.NetworkFactory;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;

/**
 * A classifier of vectors. Arguments: {@code inputs} (12), {@code hidden} (64), {@code depth} of hidden layers (2),
 * {@code classes} (4), and those that all programs share: {@code updater}, {@code learning-rate},
 * {@code learning-rate-factor}, {@code activation}, {@code init}, {@code init-std}, {@code bias-init}, {@code loss},
 * {@code output-activation}, {@code clip}, {@code l2}.
 */
public final class MlpProgram implements NetworkFactory {
    /** For configuration by name. */
    public MlpProgram() {}

    @Override
    public Model create(Map<String, String> arguments, long seed) {
        Arguments args = new Arguments(arguments);
        int inputs = args.whole("inputs", TrainingSets.FEATURES, 1);
        int hidden = args.whole("hidden", 64, 1);
        int depth = args.whole("depth", 2, 1);
        NeuralNetConfiguration.ListBuilder layers =
                args.network(seed, 0.2, 0.005, Activation.RELU).list();
        for (int i = 0; i < depth; i++) {
            layers.layer(new DenseLayer.Builder()
                    .name("hidden" + i)
                    .nIn(i == 0 ? inputs : hidden)
                    .nOut(hidden)
                    .build());
        }
        layers.layer(new OutputLayer.Builder(args.loss())
                .name("output")
                .nIn(hidden)
                .nOut(args.whole("classes", TrainingSets.CLASSES, 2))
                .activation(args.outputActivation())
                .biasInit(0)
                .build());
        args.noneLeft();
        layers.validateOutputLayerConfig(false);
        return new MultiLayerNetwork(layers.build());
    }
}
