package io.tiltmeter.train;

import java.util.Map;
import org.deeplearning4j.nn.api.Model;

/** Makes a network from code, for {@code model.factory}; implementations have a public constructor without arguments. */
public interface NetworkFactory {
    /**
     * A MultiLayerNetwork or a ComputationGraph; it is initialised afterwards if it is not yet.
     *
     * @param arguments {@code model.arguments} of the configuration
     * @param seed for its initial parameters
     */
    Model create(Map<String, String> arguments, long seed);
}
