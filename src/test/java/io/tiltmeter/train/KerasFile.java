package io.tiltmeter.train;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.hdf5.Attribute;
import org.bytedeco.hdf5.DataSet;
import org.bytedeco.hdf5.DataSpace;
import org.bytedeco.hdf5.Group;
import org.bytedeco.hdf5.H5File;
import org.bytedeco.hdf5.PredType;
import org.bytedeco.hdf5.StrType;
import org.bytedeco.hdf5.global.hdf5;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;

/** Writes a compiled Keras model as {@code model.save('model.h5')} of Keras 2 lays it out in HDF5. */
final class KerasFile {
    private static final String TRAINING = """
            {"loss": "mean_squared_error", "metrics": null, "weighted_metrics": null, "loss_weights": null,
             "optimizer_config": {"class_name": "SGD", "config": {"name": "SGD", "learning_rate": 0.01, "lr": 0.01,
               "decay": 0.0, "momentum": 0.0, "nesterov": false}}}
            """;

    private KerasFile() {}

    /** One array of a layer, the last dimension fastest. */
    record Weights(String layer, String name, long[] shape, float... values) {}

    /** Weights of a layer stand together. */
    static Path write(Path path, String model, Weights... arrays) {
        // HDF5 writes the file out only when every object in it is closed.
        try (PointerScope scope = new PointerScope()) {
            H5File file = new H5File(path.toString(), hdf5.H5F_ACC_TRUNC);
            scope.attach(file);
            text(file, "keras_version", "2.9.0");
            text(file, "backend", "tensorflow");
            text(file, "model_config", model);
            text(file, "training_config", TRAINING);
            Group weights = file.createGroup("model_weights");
            text(weights, "keras_version", "2.9.0");
            text(weights, "backend", "tensorflow");
            Set<String> layers = new LinkedHashSet<>();
            Arrays.stream(arrays).forEach(one -> layers.add(one.layer()));
            texts(weights, "layer_names", layers.toArray(String[]::new));
            for (String layer : layers) {
                Weights[] own = Arrays.stream(arrays)
                        .filter(one -> one.layer().equals(layer))
                        .toArray(Weights[]::new);
                Group outer = weights.createGroup(layer);
                texts(
                        outer,
                        "weight_names",
                        Arrays.stream(own).map(one -> layer + "/" + one.name()).toArray(String[]::new));
                Group inner = outer.createGroup(layer);
                Map<String, Group> cells = new HashMap<>();
                for (Weights one : own) {
                    // The weights of a recurrent layer stand one group deeper, in that of its cell.
                    int slash = one.name().indexOf('/');
                    Group group = slash < 0
                            ? inner
                            : cells.computeIfAbsent(one.name().substring(0, slash), inner::createGroup);
                    DataSet data = group.createDataSet(
                            one.name().substring(slash + 1),
                            PredType.NATIVE_FLOAT(),
                            new DataSpace(one.shape().length, one.shape()));
                    data.write(new FloatPointer(one.values()), PredType.NATIVE_FLOAT());
                }
            }
        }
        return path;
    }

    private static void text(Group group, String name, String text) {
        StrType type = new StrType(PredType.C_S1(), text.length());
        type.setStrpad(hdf5.H5T_STR_NULLPAD);
        group.createAttribute(name, type, new DataSpace(hdf5.H5S_SCALAR)).write(type, text);
    }

    /** An array of texts, each filled up with zeros to the length of the longest. */
    private static void texts(Group group, String name, String... texts) {
        int length = Arrays.stream(texts).mapToInt(String::length).max().orElse(1);
        byte[] bytes = new byte[length * texts.length];
        for (int i = 0; i < texts.length; i++) {
            byte[] text = texts[i].getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            System.arraycopy(text, 0, bytes, i * length, text.length);
        }
        StrType type = new StrType(PredType.C_S1(), length);
        type.setStrpad(hdf5.H5T_STR_NULLPAD);
        Attribute attribute = group.createAttribute(name, type, new DataSpace(1, new long[] {texts.length}));
        attribute.write(type, new BytePointer(bytes));
    }
}
