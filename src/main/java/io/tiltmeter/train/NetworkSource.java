package io.tiltmeter.train;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.spark.InputException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.modelimport.keras.KerasModelImport;
import org.deeplearning4j.nn.modelimport.keras.exceptions.InvalidKerasConfigurationException;
import org.deeplearning4j.nn.modelimport.keras.exceptions.UnsupportedKerasConfigurationException;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;

/** Where a network comes from: a configuration, a saved model, Keras, or code. */
final class NetworkSource {
    private static final byte[] HDF5 = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    private static final String WANTED =
            "expected a DL4J configuration (JSON or YAML), a saved DL4J model or a Keras model (.h5)";

    private NetworkSource() {}

    /**
     * An initialised network.
     *
     * @param seed of initial parameters, where the source brings none
     * @throws InputException if there is none, or it is none
     */
    static Network load(TrainConfig.Model model, long seed, Configuration hadoop) {
        String file = model.file();
        if (file == null) {
            return fromFactory(model, seed);
        }
        byte[] bytes = read(file, hadoop);
        if (startsWith(bytes, HDF5)) {
            return fromKeras(file, bytes);
        }
        if (startsWith(bytes, new byte[] {'P', 'K', 3, 4})) {
            return fromZip(file, bytes);
        }
        return fromText(file, new String(bytes, StandardCharsets.UTF_8), seed);
    }

    private static byte[] read(String file, Configuration hadoop) {
        Path path = new Path(file);
        try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
            return in.readAllBytes();
        } catch (java.io.FileNotFoundException e) {
            boolean folder = String.valueOf(e.getMessage()).contains("directory");
            throw wrong(file, folder ? "it is a folder; " + WANTED : "there is no such file; " + WANTED);
        } catch (IOException | IllegalArgumentException e) {
            throw wrong(file, firstLine(e));
        }
    }

    private static Network fromZip(String file, byte[] bytes) {
        Set<String> names = new TreeSet<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(bytes))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                names.add(entry.getName());
            }
        } catch (IOException e) {
            throw wrong(file, "it is a damaged zip file (" + firstLine(e) + "); expected a saved DL4J model");
        }
        if (names.contains("model.weights.h5")) {
            throw wrong(
                    file,
                    "it is in the format of Keras 3, which DL4J cannot import; expected a file in the format of Keras 2:"
                            + " model.save('model.h5')");
        }
        if (!names.contains(ModelSerializer.CONFIGURATION_JSON) || !names.contains(ModelSerializer.COEFFICIENTS_BIN)) {
            throw wrong(
                    file,
                    "it is a zip file with "
                            + names.stream().limit(5).toList() + "; expected a saved DL4J model, with "
                            + ModelSerializer.CONFIGURATION_JSON + " and " + ModelSerializer.COEFFICIENTS_BIN);
        }
        try {
            return Network.read(bytes);
        } catch (RuntimeException e) {
            throw wrong(file, "DL4J cannot restore it (" + firstLine(e) + "); expected a saved DL4J model");
        }
    }

    private static Network fromText(String file, String text, long seed) {
        boolean json = text.stripLeading().startsWith("{");
        boolean graph = json ? text.contains("\"vertices\"") : text.lines().anyMatch(l -> l.startsWith("vertices:"));
        boolean layers = json ? text.contains("\"confs\"") : text.lines().anyMatch(l -> l.startsWith("confs:"));
        if (text.contains("\"class_name\"") && !graph && !layers) {
            throw wrong(
                    file,
                    "it is a Keras configuration without weights; expected the model itself: model.save('model.h5')");
        }
        if (!graph && !layers) {
            throw wrong(file, "it is none; " + WANTED);
        }
        try {
            if (graph) {
                ComputationGraphConfiguration configuration = json
                        ? ComputationGraphConfiguration.fromJson(text)
                        : ComputationGraphConfiguration.fromYaml(text);
                configuration.getDefaultConfiguration().setSeed(seed);
                configuration.getVertices().values().forEach(vertex -> {
                    if (vertex instanceof LayerVertex layer) {
                        layer.getLayerConf().setSeed(seed);
                    }
                });
                return initialised(new ComputationGraph(configuration), seed);
            }
            MultiLayerConfiguration configuration =
                    json ? MultiLayerConfiguration.fromJson(text) : MultiLayerConfiguration.fromYaml(text);
            configuration.getConfs().forEach(conf -> conf.setSeed(seed));
            return initialised(new MultiLayerNetwork(configuration), seed);
        } catch (RuntimeException e) {
            throw wrong(
                    file,
                    "DL4J does not understand it (" + firstLine(e) + "); expected a " + (graph ? "graph" : "network")
                            + " as configuration." + (json ? "toJson()" : "toYaml()") + " writes it");
        }
    }

    private static Network fromKeras(String file, byte[] bytes) {
        java.nio.file.Path copy = null;
        try {
            // HDF5 is a native library that reads local files only.
            copy = Files.createTempFile("keras", ".h5");
            Files.write(copy, bytes);
            return Network.of(importKeras(copy.toString()));
        } catch (IOException
                | InvalidKerasConfigurationException
                | UnsupportedKerasConfigurationException
                | RuntimeException
                | LinkageError e) {
            throw wrong(
                    file,
                    "DL4J cannot import it (" + firstLine(e)
                            + "); expected a Keras 2 model with layers DL4J knows, compiled, with weights");
        } finally {
            delete(copy);
        }
    }

    private static Model importKeras(String file)
            throws IOException, InvalidKerasConfigurationException, UnsupportedKerasConfigurationException {
        try {
            return KerasModelImport.importKerasSequentialModelAndWeights(file, true);
        } catch (InvalidKerasConfigurationException notSequential) {
            // Nothing else tells the two kinds apart.
            if (!String.valueOf(notSequential.getMessage()).contains("Sequential")) {
                throw notSequential;
            }
            return KerasModelImport.importKerasModelAndWeights(file, true);
        }
    }

    private static void delete(java.nio.file.@Nullable Path copy) {
        if (copy != null) {
            try {
                Files.deleteIfExists(copy);
            } catch (IOException e) {
                copy.toFile().deleteOnExit();
            }
        }
    }

    private static Network fromFactory(TrainConfig.Model model, long seed) {
        String name = String.valueOf(model.factory());
        NetworkFactory factory;
        try {
            ClassLoader loader = Thread.currentThread().getContextClassLoader();
            Object made = Class.forName(name, true, loader == null ? NetworkSource.class.getClassLoader() : loader)
                    .getConstructor()
                    .newInstance();
            if (!(made instanceof NetworkFactory good)) {
                throw factory(name, "it is no " + NetworkFactory.class.getName());
            }
            factory = good;
        } catch (ClassNotFoundException e) {
            throw factory(name, "there is no such class; expected one in a jar given with --jars");
        } catch (NoSuchMethodException | IllegalAccessException | InstantiationException e) {
            throw factory(name, "expected a public class with a public constructor without arguments");
        } catch (java.lang.reflect.InvocationTargetException | LinkageError e) {
            throw factory(name, firstLine(e.getCause() == null ? e : e.getCause()));
        }
        try {
            Model made = factory.create(model.arguments(), seed);
            if (made == null) {
                throw factory(name, "it gave null; expected a MultiLayerNetwork or a ComputationGraph");
            }
            return initialised(made, seed);
        } catch (InputException e) {
            throw e;
        } catch (RuntimeException e) {
            throw factory(name, firstLine(e));
        }
    }

    private static Network initialised(Model model, long seed) {
        Nd4j.getRandom().setSeed(seed);
        model.init();
        return Network.of(model);
    }

    private static boolean startsWith(byte[] bytes, byte[] head) {
        return bytes.length >= head.length && Arrays.equals(head, Arrays.copyOf(bytes, head.length));
    }

    private static InputException wrong(String file, String why) {
        return new InputException("Cannot read model '" + file + "': " + why);
    }

    private static InputException factory(String name, String why) {
        return new InputException("Cannot make the model with '" + name + "': " + why);
    }

    private static String firstLine(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage())
                .lines()
                .findFirst()
                .map(line -> line.length() > 200 ? line.substring(0, 200) + "…" : line)
                .orElse(root.getClass().getSimpleName());
    }
}
