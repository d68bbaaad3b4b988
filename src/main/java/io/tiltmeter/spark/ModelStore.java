package io.tiltmeter.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.tiltmeter.correlate.mining.Archetypes;
import io.tiltmeter.correlate.mining.MinedRun;
import io.tiltmeter.correlate.mining.RiskFeatures;
import io.tiltmeter.correlate.mining.Signatures;
import io.tiltmeter.model.RiskEvaluation;
import io.tiltmeter.model.RiskScore;
import io.tiltmeter.stats.Platt;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.classification.LogisticRegressionModel;
import org.apache.spark.ml.classification.ProbabilisticClassificationModel;
import org.apache.spark.ml.classification.RandomForestClassificationModel;
import org.apache.spark.ml.clustering.KMeansModel;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * The models of each night, below {@code models/DATE} of an output: MLlib's own folders {@code risk} and {@code archetypes},
 * and {@code models.json} with all that it takes to use them. They become visible together, by a manifest.
 */
final class ModelStore {
    private static final String FOLDER = "models";
    private static final String FILE = "models.json";
    private static final String RISK = "risk";
    private static final String ARCHETYPES = "archetypes";
    private static final String DATE = "\\d{4}-\\d{2}-\\d{2}";
    private static final int SCHEMA = 1;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    private ModelStore() {}

    /** Contents of {@code models.json}; a part is null where the night had no such model. */
    record Description(
            int schema,
            String date,
            @Nullable RiskDescription risk,
            @Nullable ArchetypeDescription archetypes) {}

    record RiskDescription(RiskEvaluation evaluation, RiskFeatures features, Platt calibration) {}

    /** @param names of the clusters, in the order of their centres */
    record ArchetypeDescription(List<String> names, double silhouette, Signatures.Scaling scaling) {}

    /** Models of one night, ready for use. */
    record Models(
            Description description,
            Optional<ProbabilisticClassificationModel<Vector, ?>> risk,
            Optional<KMeansModel> archetypes) {

        /** What the models say of a run; empty if they have nothing to say. */
        Optional<RiskScore> score(MinedRun run) {
            RiskDescription described = description.risk();
            double risk = Double.NaN;
            double low = Double.NaN;
            double high = Double.NaN;
            // A run of which nothing is known that the model looks at would get the average, and that says nothing.
            if (this.risk.isPresent()
                    && described != null
                    && described.features().known(run.run()) > 0) {
                double score =
                        RiskTraining.score(this.risk.get(), described.features().encode(run.run()));
                // Four digits: the last bits depend on the machine's vector instructions.
                risk = Math.round(described.calibration().of(score) * 1e4) / 1e4;
                RiskEvaluation.Bin bin = described.evaluation().bin(risk);
                low = bin.low();
                high = bin.high();
            }
            String archetype = "";
            ArchetypeDescription groups = description.archetypes();
            if (archetypes.isPresent() && groups != null && run.troubled()) {
                archetype = groups.names()
                        .get(Archetypes.nearest(
                                groups.scaling().point(run), ArchetypeClustering.centres(archetypes.get())));
            }
            return Double.isNaN(risk) && archetype.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new RiskScore(run.run().runId(), risk, low, high, archetype, description.date()));
        }
    }

    /** Scores of these runs, the highest risk first; those that models say nothing of are left out. */
    static List<RiskScore> score(Models models, Stream<MinedRun> runs) {
        return runs.flatMap(run -> models.score(run).stream())
                .sorted(Comparator.comparingDouble((RiskScore s) -> Double.isNaN(s.risk()) ? -1 : s.risk())
                        .reversed()
                        .thenComparing(RiskScore::runId))
                .toList();
    }

    private record Scores(int schema, String modelDate, List<RiskScore> scores) {}

    /** Scores as a document; numbers that JSON does not know are strings. */
    static String json(List<RiskScore> scores, String modelDate) {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(new Scores(SCHEMA, modelDate, scores))
                    + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Replaces the models of a date. */
    static void save(SparkSession spark, Path output, Models models) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        Path day = new Path(new Path(output, FOLDER), models.description().date());
        AttemptFolder attempt = AttemptFolder.begin(day, configuration);
        try {
            if (models.risk().isPresent()) {
                ((MLWritable) models.risk().get())
                        .write()
                        .save(attempt.file(RISK).toString());
            }
            if (models.archetypes().isPresent()) {
                models.archetypes().get().write().save(attempt.file(ARCHETYPES).toString());
            }
            String json = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(models.description());
            AttemptFolder.write(attempt.file(FILE), json + "\n", configuration);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write models to '" + attempt.folder() + "'", e);
        }
        attempt.publish();
    }

    /**
     * The newest models of an output.
     *
     * @param before only of earlier dates, ISO; empty for any
     * @throws InputException if they cannot be read
     */
    static Optional<Models> newest(SparkSession spark, Path output, Optional<String> before) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        Path root = new Path(output, FOLDER);
        try {
            FileSystem files = root.getFileSystem(configuration);
            List<String> dates = Stream.of(files.listStatus(root))
                    .filter(FileStatus::isDirectory)
                    .map(status -> status.getPath().getName())
                    .filter(name -> name.matches(DATE))
                    .filter(date -> before.isEmpty() || date.compareTo(before.get()) < 0)
                    .sorted(Comparator.reverseOrder())
                    .toList();
            for (String date : dates) {
                Optional<Path> folder = AttemptFolder.current(new Path(root, date), configuration);
                if (folder.isPresent()) {
                    return Optional.of(load(folder.get(), files));
                }
            }
            return Optional.empty();
        } catch (FileNotFoundException none) {
            return Optional.empty();
        } catch (IOException e) {
            throw new InputException("Cannot read models below '" + root + "': " + e.getMessage());
        }
    }

    private static Models load(Path folder, FileSystem files) throws IOException {
        Description description;
        try (InputStream in = files.open(new Path(folder, FILE))) {
            description = JSON.readValue(new String(in.readAllBytes(), StandardCharsets.UTF_8), Description.class);
        }
        if (description.schema() != SCHEMA) {
            throw new InputException("Models in '" + folder + "' are of schema " + description.schema() + ", expected "
                    + SCHEMA + "; let a night write new ones");
        }
        Optional<ProbabilisticClassificationModel<Vector, ?>> risk = Optional.empty();
        Path saved = new Path(folder, RISK);
        if (description.risk() != null && files.exists(saved)) {
            risk = Optional.of(
                    description.risk().evaluation().model().equals(RiskTraining.TREES)
                            ? RandomForestClassificationModel.load(saved.toString())
                            : LogisticRegressionModel.load(saved.toString()));
        }
        Optional<KMeansModel> archetypes = description.archetypes() == null
                ? Optional.empty()
                : Optional.of(KMeansModel.load(new Path(folder, ARCHETYPES).toString()));
        return new Models(description, risk, archetypes);
    }

    /** Describes the models of a night. */
    static Description describe(
            String date, @Nullable RiskDescription risk, @Nullable ArchetypeDescription archetypes) {
        return new Description(SCHEMA, date, risk, archetypes);
    }
}
