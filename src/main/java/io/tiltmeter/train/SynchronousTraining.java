package io.tiltmeter.train;

import io.tiltmeter.train.Segment.Result;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import scala.reflect.ClassTag$;

/**
 * Exact synchronous training: a segment is a barrier stage, in which the workers average their gradients at every step
 * without the driver.
 */
final class SynchronousTraining extends SegmentedTraining {
    private static final SecureRandom SECRETS = new SecureRandom();

    SynchronousTraining(Inputs inputs) {
        super(inputs);
    }

    @Override
    List<Result> run(byte[] model, int segmentNumber) throws Exception {
        JavaSparkContext context =
                JavaSparkContext.fromSparkContext(inputs().spark().sparkContext());
        Broadcast<byte[]> shipped = context.broadcast(model);
        Broadcast<SerializableConfiguration> hadoop =
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
        try {
            SegmentTask task = new SegmentTask(
                    segment(segmentNumber, SECRETS.nextLong()),
                    dealName(),
                    shipped,
                    inputs().data().layout(),
                    hadoop);
            JavaRDD<Result> results = shards().rdd()
                    .barrier()
                    .mapPartitions(task, false, ClassTag$.MODULE$.<Result>apply(Result.class))
                    .toJavaRDD();
            // A worker that waits for a lost neighbour is to hear of it at once, for its place is needed again.
            context.setJobGroup("training " + inputs().run().runId(), "Segment " + segmentNumber, true);
            List<Result> ordered = new ArrayList<>(results.collect());
            ordered.sort(Comparator.comparingInt(Result::worker));
            return ordered;
        } finally {
            context.clearJobGroup();
            shipped.unpersist();
            hadoop.unpersist();
        }
    }
}
