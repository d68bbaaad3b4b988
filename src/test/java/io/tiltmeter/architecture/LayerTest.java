package io.tiltmeter.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keeps the layers of the source tree apart. */
class LayerTest {
    private static final String ROOT = "io.tiltmeter.";

    /** What each package may use of the others. */
    private static final Map<String, Set<String>> MAY_USE = new TreeMap<>(Map.ofEntries(
            Map.entry("model", Set.of()),
            Map.entry("stats", Set.of("model")),
            Map.entry("blocks", Set.of("model", "stats")),
            Map.entry("simulate", Set.of("model", "stats")),
            Map.entry("sources", Set.of("model", "stats", "config")),
            Map.entry("detect", Set.of("model", "stats", "blocks")),
            Map.entry("diagnose", Set.of("model", "stats", "detect")),
            Map.entry("correlate", Set.of("model", "stats", "detect")),
            Map.entry("compare", Set.of("model", "stats", "blocks", "detect")),
            Map.entry("validate", Set.of("model", "stats", "detect")),
            Map.entry("cost", Set.of("model", "stats")),
            Map.entry(
                    "report",
                    Set.of("model", "stats", "detect", "diagnose", "correlate", "compare", "validate", "cost")),
            Map.entry("config", Set.of("model", "detect", "validate")),
            Map.entry(
                    "spark",
                    Set.of(
                            "model",
                            "stats",
                            "blocks",
                            "simulate",
                            "sources",
                            "detect",
                            "diagnose",
                            "correlate",
                            "compare",
                            "validate",
                            "cost",
                            "report",
                            "config")),
            Map.entry("train", Set.of("model", "stats", "detect", "config", "spark")),
            Map.entry("cli", Set.of("model", "detect", "report", "config", "sources", "spark", "train"))));

    /** Code that computes from its arguments alone. */
    private static final String[] PURE = packages(
            "model",
            "stats",
            "blocks",
            "detect",
            "diagnose",
            "correlate",
            "compare",
            "validate",
            "cost",
            "report",
            "simulate",
            "sources");

    /** Classes that read or make rows in Spark's own format, which saves boxing every cell. */
    private static final Set<String> USE_INTERNAL_ROWS = Set.of(
            "BlockScan",
            "ColumnMapping",
            "CompareRows",
            "DatasetRows",
            "DatasetScan",
            "DigestRows",
            "InternalFrames",
            "KeyReader",
            "LogReading",
            "RecordRows",
            "RowContents",
            "RowFeeder",
            "RunJudging",
            "SimulateJob",
            "SliceScatter",
            "StepColumns",
            "Survey",
            "TableScan",
            "WindowAssembly",
            "WorkerMaps",
            "WorkerMetrics");

    /** Classes that go below Spark's public API to get at such rows, and at Parquet's schemas. */
    private static final Set<String> USE_INTERNAL_PLANS =
            Set.of("InternalFrames", "MetricFile", "ParquetInput", "ShardReaders", "ShardSweep", "StepReader");

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.tiltmeter");

    @Test
    void seesTheProgram() {
        assertThat(MAIN.size()).isGreaterThan(150);
        assertThat(topPackages()).isEqualTo(MAY_USE.keySet());
    }

    @Test
    void packagesUseOnlyWhatLiesBelowThem() {
        Set<String> wrong = new TreeSet<>();
        for (JavaClass from : MAIN) {
            Set<String> allowed = MAY_USE.getOrDefault(topPackage(from), Set.of());
            from.getDirectDependenciesFromSelf().forEach(dependency -> {
                JavaClass to = dependency.getTargetClass().getBaseComponentType();
                if (to.getName().startsWith(ROOT)
                        && !topPackage(to).equals(topPackage(from))
                        && !allowed.contains(topPackage(to))) {
                    wrong.add(outer(from) + " uses " + to.getName());
                }
            });
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void packagesFormNoCycle() {
        slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(MAIN);
    }

    @Test
    void pureCodeKnowsNeitherSparkNorFiles() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat(in("org.apache.spark", "org.apache.hadoop", "org.apache.parquet", "scala")
                        .or(in("org.deeplearning4j", "org.nd4j"))
                        .or(in("java.nio.file"))
                        .or(named("java.io.File", "java.io.FileInputStream", "java.io.FileOutputStream"))
                        .or(named("java.io.FileReader", "java.io.FileWriter", "java.io.RandomAccessFile")))
                .because("it runs the same in a scan, in training and in a test")
                .check(MAIN);
    }

    @Test
    void settingsKnowNoSpark() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "config..")
                .should()
                .dependOnClassesThat(in("org.apache.spark", "org.apache.hadoop", "org.deeplearning4j", "org.nd4j"))
                .check(MAIN);
    }

    @Test
    void nothingThatIsReportedComesFromAClockOrChance() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .or()
                .resideInAnyPackage(packages("config", "spark", "cli"))
                .should()
                .dependOnClassesThat(
                        named("java.time.Clock", "java.util.concurrent.ThreadLocalRandom", "java.util.UUID")
                                .or(named("java.security.SecureRandom")))
                .orShould()
                .accessTargetWhere(clock())
                .because("the same input gives the same report")
                .check(MAIN);
    }

    @Test
    void onlyItsOwnPackageAndTheOpeningOfASessionKnowSpark() {
        assertThat(users(
                        "org.apache.spark",
                        name -> !name.startsWith(ROOT + "spark.") && !name.startsWith(ROOT + "train.")))
                .containsExactlyInAnyOrder("CommandRunner", "SparkJobs");
        assertThat(users(
                        "org.apache.hadoop",
                        name -> !name.startsWith(ROOT + "spark.") && !name.startsWith(ROOT + "train.")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.apache.spark.sql.catalyst",
                "org.apache.spark.sql.execution",
                "org.apache.spark.sql.classic",
                "org.apache.spark.sql.internal"
            })
    void fewClassesGoBelowSparksPublicApi(String internals) {
        Set<String> allowed = new TreeSet<>(USE_INTERNAL_PLANS);
        if (internals.endsWith("catalyst")) {
            allowed.addAll(USE_INTERNAL_ROWS);
        }
        assertThat(users(internals, name -> true)).isSubsetOf(allowed);
    }

    @Test
    void onlyMainEndsTheProcess() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(ROOT + "cli.Main")
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class)
                .check(MAIN);
    }

    @Test
    void everyPublicTypeIsInANullMarkedPackage() {
        List<String> unmarked = MAIN.stream()
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .filter(type -> !type.getPackageName().equals(ROOT + "report.templates"))
                .filter(type -> !type.getPackage().isAnnotatedWith(NullMarked.class))
                .map(JavaClass::getName)
                .toList();

        assertThat(unmarked).isEmpty();
    }

    private static DescribedPredicate<JavaAccess<?>> clock() {
        return DescribedPredicate.describe("reads a clock or rolls a die", access -> {
            AccessTarget target = access.getTarget();
            String owner = target.getOwner().getName();
            String name = target.getName();
            return owner.startsWith("java.time.") && name.equals("now")
                    || owner.equals("java.lang.System")
                            && Set.of("currentTimeMillis", "nanoTime").contains(name)
                    || owner.equals("java.lang.Math") && name.equals("random")
                    || Set.of("java.util.Date", "java.util.Random").contains(owner)
                            && name.equals("<init>")
                            && target instanceof AccessTarget.CodeUnitAccessTarget call
                            && call.getRawParameterTypes().isEmpty();
        });
    }

    /** Simple names of our outermost classes that use anything of a foreign package. */
    private static Set<String> users(String foreign, Predicate<String> among) {
        Set<String> users = new TreeSet<>();
        for (JavaClass from : MAIN) {
            boolean uses = from.getDirectDependenciesFromSelf().stream()
                    .map(dependency -> dependency.getTargetClass().getBaseComponentType())
                    .anyMatch(to -> to.getName().startsWith(foreign + "."));
            if (uses && among.test(from.getName())) {
                users.add(outer(from).substring(outer(from).lastIndexOf('.') + 1));
            }
        }
        return users;
    }

    private static DescribedPredicate<JavaClass> in(String... packages) {
        return DescribedPredicate.describe(
                "are in " + String.join(", ", packages),
                type -> List.of(packages).stream().anyMatch(p -> type.getName().startsWith(p + ".")));
    }

    private static DescribedPredicate<JavaClass> named(String... names) {
        return DescribedPredicate.describe(
                "are " + String.join(", ", names), type -> List.of(names).contains(type.getName()));
    }

    private static String[] packages(String... names) {
        return List.of(names).stream().map(name -> ROOT + name + "..").toArray(String[]::new);
    }

    private static Set<String> topPackages() {
        Set<String> packages = new TreeSet<>();
        MAIN.forEach(type -> packages.add(topPackage(type)));
        return packages;
    }

    private static String topPackage(JavaClass type) {
        return type.getName().substring(ROOT.length()).split("\\.", 2)[0];
    }

    private static String outer(JavaClass type) {
        int dollar = type.getName().indexOf('$');
        return dollar < 0 ? type.getName() : type.getName().substring(0, dollar);
    }
}
