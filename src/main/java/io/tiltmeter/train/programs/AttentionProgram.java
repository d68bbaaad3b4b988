package io.tiltmeter.train.programs;

import io.tiltmeter.train.NetworkFactory;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution1D;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;

/**
 * Says the character after a text, in the manner of a transformer: blocks of self-attention and a position-wise network,
 * each with a residual connection; the last place speaks. A short convolution in front tells places apart, since
 * attention alone does not. Arguments: {@code classes} of characters (32), {@code width} (32), {@code heads} (2),
 * {@code depth} of blocks (1), and those that {@link MlpProgram} names as shared.
 */
public final class AttentionProgram implements NetworkFactory {
    /** For configuration by name. */
    public AttentionProgram() {}

    @Override
    public Model create(Map<String, String> arguments, long seed) {
        Arguments args = new Arguments(arguments);
        int classes = args.whole("classes", TextSource.CLASSES, 2);
        int width = args.whole("width", 32, 1);
        int heads = args.whole("heads", 2, 1);
        int depth = args.whole("depth", 1, 1);
        GraphBuilder graph = args.network(seed, 0.1, 0.005, Activation.TANH)
                .graphBuilder()
                .addInputs("text")
                .setInputTypes(InputType.recurrent(classes));
        graph.addLayer("embedding", pointwise(classes, width, 3).build(), "text");
        String from = "embedding";
        for (int i = 0; i < depth; i++) {
            graph.addLayer(
                    "attention" + i,
                    new SelfAttentionLayer.Builder()
                            .nIn(width)
                            .nOut(width)
                            .nHeads(heads)
                            .headSize(width / heads)
                            .projectInput(true)
                            .build(),
                    from);
            graph.addVertex("sum" + i, new ElementWiseVertex(ElementWiseVertex.Op.Add), from, "attention" + i);
            graph.addLayer("expand" + i, pointwise(width, 2 * width, 1).build(), "sum" + i);
            graph.addLayer(
                    "contract" + i,
                    pointwise(2 * width, width, 1)
                            .activation(Activation.IDENTITY)
                            .build(),
                    "expand" + i);
            graph.addVertex("block" + i, new ElementWiseVertex(ElementWiseVertex.Op.Add), "sum" + i, "contract" + i);
            from = "block" + i;
        }
        graph.addVertex("last", new LastTimeStepVertex("text"), from);
        graph.addLayer(
                "output",
                new OutputLayer.Builder(args.loss())
                        .nIn(width)
                        .nOut(classes)
                        .activation(args.outputActivation())
                        .biasInit(0)
                        .build(),
                "last");
        graph.setOutputs("output");
        args.noneLeft();
        graph.validateOutputLayerConfig(false);
        return new ComputationGraph(graph.build());
    }

    private static Convolution1D.Builder pointwise(int in, int out, int kernel) {
        return new Convolution1D.Builder()
                .nIn(in)
                .nOut(out)
                .kernelSize(kernel)
                .stride(1)
                .convolutionMode(ConvolutionMode.Same);
    }
}
