package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A standalone Spark cluster on loopback, of the jars the build resolved: one master and some workers, each a JVM, which
 * start executors of their own. What the jobs hand over with {@code --jars} is not in the cluster's own jars.
 */
final class StandaloneCluster implements AutoCloseable {
    private final Path folder;
    private final Path home;
    private final List<Path> links = new ArrayList<>();
    private final List<Process> processes = new ArrayList<>();
    private final String url;

    StandaloneCluster(Path folder, int workers) throws IOException, InterruptedException {
        this.folder = folder;
        home = Files.createDirectories(folder.resolve("spark"));
        Path jars = Files.createDirectories(home.resolve("jars"));
        Set<String> handedOver = Set.of(text("train.jars").split(","));
        List<Path> own = Arrays.stream(text("spark.classpath").split(":"))
                .filter(jar -> !handedOver.contains(jar))
                .map(Path::of)
                .toList();
        for (Path jar : own) {
            links.add(Files.createSymbolicLink(jars.resolve(jar.getFileName().toString()), jar));
        }
        int port = freePort();
        url = "spark://127.0.0.1:" + port;
        start(
                "master",
                "org.apache.spark.deploy.master.Master",
                "--host",
                "127.0.0.1",
                "--port",
                "" + port,
                "--webui-port",
                "" + freePort());
        awaitPort(port);
        for (int w = 0; w < workers; w++) {
            addWorker();
        }
    }

    private static String text(String file) throws IOException {
        return Files.readString(Path.of("target", file)).strip();
    }

    /** One more worker with one core. */
    void addWorker() throws IOException {
        String name = "worker-" + processes.size();
        start(
                name,
                "org.apache.spark.deploy.worker.Worker",
                "--cores",
                "1",
                "--memory",
                "1g",
                "--host",
                "127.0.0.1",
                "--webui-port",
                "" + freePort(),
                "--work-dir",
                folder.resolve(name).toString(),
                url);
    }

    private void start(String name, String... command) throws IOException {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(Arrays.asList(text("spark.options").replace("\"", "").split("\\s+")));
        line.addAll(List.of("-Xmx256m", "-cp", home.resolve("jars") + "/*"));
        line.addAll(Arrays.asList(command));
        ProcessBuilder builder = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile());
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.13");
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        processes.add(builder.start());
    }

    String url() {
        return url;
    }

    /** Process ids of the executors at work, oldest first. */
    List<Long> executors() {
        return processes.stream()
                .flatMap(process -> process.toHandle().children())
                .filter(child -> child.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend"))
                .map(ProcessHandle::pid)
                .sorted()
                .toList();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void awaitPort(int port) throws InterruptedException {
        for (int i = 0; i < 300; i++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                assertThat(socket.isConnected()).isTrue();
                return;
            } catch (IOException e) {
                Thread.sleep(200);
            }
        }
        throw new IllegalStateException("The master does not listen on port " + port + " after a minute");
    }

    /** Ends what was started, executors first. */
    @Override
    public void close() throws IOException, InterruptedException {
        List<ProcessHandle> all = new ArrayList<>();
        for (Process process : processes) {
            process.descendants().forEach(all::add);
            all.add(process.toHandle());
        }
        all.forEach(ProcessHandle::destroy);
        for (Process process : processes) {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        // A temporary folder warns of links that lead out of it.
        for (Path link : links) {
            Files.deleteIfExists(link);
        }
    }
}
