package io.tiltmeter.train;

import java.util.NoSuchElementException;
import java.util.Objects;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.jspecify.annotations.Nullable;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * The partitions of another RDD, each computed only when its first row is asked for: a worker that has its shard from an
 * earlier segment fetches and sorts nothing. A shuffle by itself does all that before its reader begins.
 */
final class LazyRdd extends RDD<byte[]> {
    private static final long serialVersionUID = 1;

    private static final ClassTag<byte[]> TAG = ClassTag$.MODULE$.apply(byte[].class);

    private LazyRdd(RDD<byte[]> parent) {
        super(parent, TAG);
    }

    static JavaRDD<byte[]> of(JavaRDD<byte[]> parent) {
        return new LazyRdd(parent.rdd()).toJavaRDD();
    }

    @Override
    public Partition[] getPartitions() {
        return this.<byte[]>firstParent(TAG).partitions();
    }

    @Override
    public Iterator<byte[]> compute(Partition split, TaskContext context) {
        RDD<byte[]> parent = firstParent(TAG);
        return new AbstractIterator<>() {
            private @Nullable Iterator<byte[]> rows;

            @Override
            public boolean hasNext() {
                if (rows == null) {
                    rows = parent.iterator(split, context);
                }
                return rows.hasNext();
            }

            @Override
            public byte[] next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                return Objects.requireNonNull(rows).next();
            }
        };
    }
}
