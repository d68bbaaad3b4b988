package io.tiltmeter.train.programs;

import io.tiltmeter.train.NetworkFactory;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;

/**
 * A classifier of small grey images. Arguments: {@code side} in pixels (12), {@code channels} of the first convolution (8),
 * {@code depth} of convolutions (2), {@code hidden} (32), {@code classes} (4), and those that {@link MlpProgram} names as
 * shared, of which {@code init} is {@code relu} and {@code clip} 0.5 if not given.
 */
public final class CnnProgram implements NetworkFactory {
    /** For configuration by name. */
    public CnnProgram() {}

    @Override
    public Model create(Map<String, String> arguments, long seed) {
        Arguments args = new Arguments(arguments);
        int side = args.whole("side", TrainingSets.SIDE, 4);
        int channels = args.whole("channels", 8, 1);
        int depth = args.whole("depth", 2, 1);
        int hidden = args.whole("hidden", 32, 1);
        // Without the limit, plain gradient descent at any rate that learns in a hundred steps throws the loss back to
        // its
        // beginning every fifty.
        NeuralNetConfiguration.ListBuilder layers =
                args.network(seed, 0.05, 0.003, Activation.RELU, "relu", 0.5).list();
        for (int i = 0; i < depth; i++) {
            layers.layer(new ConvolutionLayer.Builder(3, 3)
                    .name("convolution" + i)
                    .nOut(channels * (i + 1))
                    .convolutionMode(ConvolutionMode.Same)
                    .build());
            // Pooling of every layer would leave nothing of a small image in a deep network.
            if (i < 2) {
                layers.layer(new SubsamplingLayer.Builder(PoolingType.MAX)
                        .name("pooling" + i)
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build());
            }
        }
        layers.layer(new DenseLayer.Builder().name("dense").nOut(hidden).build());
        layers.layer(new OutputLayer.Builder(args.loss())
                .name("output")
                .nOut(args.whole("classes", TrainingSets.CLASSES, 2))
                .activation(args.outputActivation())
                .biasInit(0)
                .build());
        layers.setInputType(InputType.convolutional(side, side, 1));
        args.noneLeft();
        layers.validateOutputLayerConfig(false);
        return new MultiLayerNetwork(layers.build());
    }
}
