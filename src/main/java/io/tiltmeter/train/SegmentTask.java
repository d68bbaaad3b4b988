package io.tiltmeter.train;

import io.tiltmeter.config.ConfigException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.hadoop.fs.Path;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.util.SerializableConfiguration;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.factory.Nd4j;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;

/** One task of a barrier stage: finds its neighbours, trains its part of a {@link Segment}, hands back what is left. */
final class SegmentTask
        extends AbstractFunction1<scala.collection.Iterator<byte[]>, scala.collection.Iterator<Segment.Result>>
        implements Serializable {
    private static final long serialVersionUID = 1;

    private final Segment segment;
    private final String deal;
    private final Broadcast<byte[]> model;
    private final ExampleLayout layout;
    private final Broadcast<SerializableConfiguration> hadoop;

    /**
     * @param deal names the dealing of examples to workers, so that a shard read once serves all segments of it
     */
    SegmentTask(
            Segment segment,
            String deal,
            Broadcast<byte[]> model,
            ExampleLayout layout,
            Broadcast<SerializableConfiguration> hadoop) {
        this.segment = segment;
        this.deal = deal;
        this.model = model;
        this.layout = layout;
        this.hadoop = hadoop;
    }

    @Override
    public scala.collection.Iterator<Segment.Result> apply(scala.collection.Iterator<byte[]> examples) {
        try {
            Segment.Result result = train(CollectionConverters.asJava(examples));
            return CollectionConverters.asScala(List.of(result).iterator());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Segment.Result train(Iterator<byte[]> examples) throws IOException {
        BarrierTaskContext context = BarrierTaskContext.get();
        int rank = context.partitionId();
        String device = device(context);
        int worker = segment.workers().get(rank);
        Shard shard = ShardCache.get(segment.run().runId(), deal, rank, () -> Shard.load(examples, layout, rank));
        String host = SparkEnv.get().blockManager().blockManagerId().host();
        Network network = Network.read(model.value());
        try (Ring.Door door = new Ring.Door(InetAddress.getByName(host));
                Ring ring = Ring.join(
                        door,
                        rank,
                        Arrays.asList(context.allGather(door.address())),
                        segment.secret(),
                        segment.timeoutMillis());
                MetricSink sink = new MetricSink(
                        new Path(segment.metrics()),
                        hadoop.value().value(),
                        segment.run().runId(),
                        segment.attempt(),
                        segment.number(),
                        worker,
                        (long) (segment.flushSeconds() * 1e9))) {
            WorkerLoop.Done done;
            try {
                done = new WorkerLoop(segment, network, ring, rank, sink, shard).run();
            } catch (IOException | RuntimeException e) {
                // What led to the end of a training is what its reader wants most.
                sink.commit();
                throw e;
            }
            long rows = sink.commit();
            return new Segment.Result(
                    worker,
                    host,
                    SparkEnv.get().executorId(),
                    device,
                    done.ending(),
                    done.next(),
                    done.trouble(),
                    rank == 0 ? network.write() : new byte[0],
                    rank == 0 ? List.copyOf(done.reports()) : List.of(),
                    rows,
                    hash(network));
        }
    }

    /**
     * Takes the GPU that Spark gave this task, if any.
     *
     * @return {@code cpu} or {@code gpu:N}, on which ND4J computes: the library decides, not what Spark was asked for
     * @throws ConfigException if Spark gave one that is not there
     */
    static String device(TaskContext context) {
        AffinityManager devices = Nd4j.getAffinityManager();
        if (Nd4j.getEnvironment().isCPU()) {
            return "cpu";
        }
        ResourceInformation gpu = context.resourcesJMap().get("gpu");
        if (gpu == null || gpu.addresses().length == 0) {
            return "gpu:" + devices.getDeviceForCurrentThread();
        }
        int number = number(gpu.addresses()[0], devices.getNumberOfDevices());
        if (devices.getNumberOfDevices() > 1) {
            devices.unsafeSetDevice(number);
        }
        return "gpu:" + number;
    }

    /**
     * Number of the device at an address that a discovery script named.
     *
     * @param devices how many there are
     */
    static int number(String address, int devices) {
        int number = address.matches("\\d{1,6}") ? Integer.parseInt(address) : -1;
        if (number < 0 || number >= devices) {
            throw new ConfigException("Spark gave a worker the GPU '" + address + "', but there are " + devices
                    + " here, expected one of 0 to " + (devices - 1)
                    + ": correct spark.executor.resource.gpu.discoveryScript");
        }
        return number;
    }

    /** Tells replicas apart that should be alike. */
    static long hash(Network network) {
        float[] values = new float[Math.toIntExact(network.parameters())];
        TensorStats.copy(network.params(), values);
        CRC32C crc = new CRC32C();
        java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(1 << 16);
        for (int i = 0; i < values.length; ) {
            bytes.clear();
            int n = Math.min(values.length - i, bytes.capacity() / Float.BYTES);
            bytes.asFloatBuffer().put(values, i, n);
            bytes.limit(n * Float.BYTES);
            crc.update(bytes);
            i += n;
        }
        return crc.getValue();
    }
}
