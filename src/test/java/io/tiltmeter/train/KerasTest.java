package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.spark.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.bytedeco.hdf5.DataSet;
import org.bytedeco.hdf5.DataSpace;
import org.bytedeco.hdf5.Group;
import org.bytedeco.hdf5.H5File;
import org.bytedeco.hdf5.PredType;
import org.bytedeco.hdf5.StrType;
import org.bytedeco.hdf5.global.hdf5;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Refusal of a damaged HDF5 file. */
class KerasTest {
    private static final String MODEL = """
            {"class_name": "Sequential", "config": {"name": "sequential", "layers": [
              {"class_name": "Dense", "config": {"name": "dense", "trainable": true, "batch_input_shape": [null, 2],
                "dtype": "float32", "units": 3, "activation": "linear", "use_bias": true,
                "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": null}},
                "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": null,
                "bias_regularizer": null, "activity_regularizer": null, "kernel_constraint": null,
                "bias_constraint": null}}]}}
            """;
    private static final String TRAINING = """
            {"loss": "mean_squared_error", "metrics": null, "weighted_metrics": null, "loss_weights": null,
             "optimizer_config": {"class_name": "SGD", "config": {"name": "SGD", "learning_rate": 0.01, "lr": 0.01,
               "decay": 0.0, "momentum": 0.0, "nesterov": false}}}
            """;

    @TempDir
    Path folder = Path.of("");

    private static Network load(Path file) {
        return NetworkSource.load(new TrainConfig.Model(file.toString(), null, Map.of()), 1, new Configuration(false));
    }

    private Path write() {
        Path path = folder.resolve("model.h5");
        // HDF5 writes the file out only when every object in it is closed.
        try (PointerScope scope = new PointerScope()) {
            H5File file = new H5File(path.toString(), hdf5.H5F_ACC_TRUNC);
            scope.attach(file);
            attribute(file, "keras_version", "2.9.0");
            attribute(file, "backend", "tensorflow");
            attribute(file, "model_config", MODEL);
            attribute(file, "training_config", TRAINING);
            Group weights = file.createGroup("model_weights");
            attribute(weights, "keras_version", "2.9.0");
            attribute(weights, "backend", "tensorflow");
            Group outer = weights.createGroup("dense");
            attribute(outer, "weight_names", "dense/kernel:0");
            Group layer = outer.createGroup("dense");
            numbers(layer, "kernel:0", new long[] {2, 3}, 1, 2, 3, 4, 5, 6);
            numbers(layer, "bias:0", new long[] {3}, 10, 20, 30);
        }
        return path;
    }

    private static void attribute(Group group, String name, String text) {
        StrType type = new StrType(PredType.C_S1(), text.length());
        group.createAttribute(name, type, new DataSpace(hdf5.H5S_SCALAR)).write(type, text);
    }

    private static void numbers(Group group, String name, long[] shape, float... values) {
        DataSet data = group.createDataSet(name, PredType.NATIVE_FLOAT(), new DataSpace(shape.length, shape));
        data.write(new FloatPointer(values), PredType.NATIVE_FLOAT());
    }

    @Test
    void aDamagedFileIsRefusedInOneLine() throws IOException {
        byte[] bytes = Files.readAllBytes(write());
        Path damaged = Files.write(folder.resolve("damaged.h5"), java.util.Arrays.copyOf(bytes, bytes.length / 3));

        assertThatThrownBy(() -> load(damaged))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("Cannot read model '" + damaged + "': DL4J cannot import it (")
                .message()
                .hasLineCount(1);
    }
}
