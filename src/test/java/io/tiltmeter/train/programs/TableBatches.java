package io.tiltmeter.train.programs;

import java.util.List;
import org.apache.spark.sql.Row;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Turns rows of a table into the arrays a network takes, by hand and apart from the program's own way. */
public final class TableBatches {
    private TableBatches() {}

    /** A mini-batch of rows {@code from} on; images are reshaped where {@code side} is above 0. */
    public static MultiDataSet of(TrainingSets.Table table, int from, int size, int side, boolean sequenceLabels) {
        List<Row> rows = table.rows().subList(from, from + size);
        String first = table.schema().fieldNames()[0];
        if (first.equals("tokens")) {
            int length = ((int[]) rows.get(0).get(0)).length;
            INDArray in = Nd4j.zeros(size, TextSource.CLASSES, length);
            INDArray out = sequenceLabels
                    ? Nd4j.zeros(size, TextSource.CLASSES, length)
                    : Nd4j.zeros(size, TextSource.CLASSES);
            for (int i = 0; i < size; i++) {
                int[] tokens = (int[]) rows.get(i).get(0);
                int[] next = (int[]) rows.get(i).get(1);
                for (int t = 0; t < length; t++) {
                    in.putScalar(new int[] {i, tokens[t], t}, 1);
                    if (sequenceLabels) {
                        out.putScalar(new int[] {i, next[t], t}, 1);
                    }
                }
                if (!sequenceLabels) {
                    out.putScalar(i, rows.get(i).getInt(2), 1);
                }
            }
            return new MultiDataSet(in, out);
        }
        int width = ((float[]) rows.get(0).get(0)).length;
        INDArray in = Nd4j.zeros(size, width);
        INDArray out = Nd4j.zeros(size, TrainingSets.CLASSES);
        for (int i = 0; i < size; i++) {
            float[] x = (float[]) rows.get(i).get(0);
            for (int j = 0; j < width; j++) {
                in.putScalar(i, j, x[j]);
            }
            out.putScalar(i, rows.get(i).getInt(1), 1);
        }
        return new MultiDataSet(side > 0 ? in.reshape(size, 1, side, side) : in, out);
    }
}
