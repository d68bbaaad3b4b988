package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.MultiDataSet;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

class KryoSparkTest {
    private static MultiDataSet throughSpark(Serializer serializer, MultiDataSet batch) {
        ClassTag<MultiDataSet> type = ClassTag$.MODULE$.apply(MultiDataSet.class);
        SerializerInstance instance = serializer.newInstance();
        ByteBuffer bytes = instance.serialize(batch, type);
        return instance.deserialize(bytes, type);
    }

    @Test
    void carriesBatchesBetweenWorkersInEitherFormat() {
        MultiDataSet batch = Samples.sequences(5, 11);
        SparkConf kryo = new SparkConf(false).set("spark.kryo.registrator", "org.nd4j.kryo.Nd4jRegistrator");
        for (Serializer serializer : new Serializer[] {new KryoSerializer(kryo), new JavaSerializer(kryo)}) {
            MultiDataSet copy = throughSpark(serializer, batch);

            assertThat(Tensors.numbers(copy.getFeatures(0))).isEqualTo(Tensors.numbers(batch.getFeatures(0)));
            assertThat(Tensors.numbers(copy.getLabels(0))).isEqualTo(Tensors.numbers(batch.getLabels(0)));
            assertThat(Tensors.numbers(copy.getFeaturesMaskArray(0)))
                    .isEqualTo(Tensors.numbers(batch.getFeaturesMaskArray(0)));
        }
    }
}
