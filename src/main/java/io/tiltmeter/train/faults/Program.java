package io.tiltmeter.train.faults;

import io.tiltmeter.train.NetworkFactory;
import io.tiltmeter.train.programs.AttentionProgram;
import io.tiltmeter.train.programs.CnnProgram;
import io.tiltmeter.train.programs.LstmProgram;
import io.tiltmeter.train.programs.MlpProgram;
import io.tiltmeter.train.programs.TrainingSets;
import java.util.Locale;

/** The small trainings that faults are planted into: a network and the data it learns. */
public enum Program {
    /** Vectors of two overlapping kinds of clouds. */
    MLP(MlpProgram.class, 32),
    /** Images of shapes. */
    CNN(CnnProgram.class, 16),
    /** The next character at every place of a text. */
    LSTM(LstmProgram.class, 16),
    /** The character after a text, with attention. */
    ATTENTION(AttentionProgram.class, 16);

    /** Characters of a piece of text. */
    static final int LENGTH = 24;

    private final Class<? extends NetworkFactory> factory;
    private final int batch;

    Program(Class<? extends NetworkFactory> factory, int batch) {
        this.factory = factory;
        this.batch = batch;
    }

    /** Lower-case name. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Name of the class for {@code model.factory}. */
    public String factory() {
        return factory.getName();
    }

    /** Examples of a worker and step that suit it. */
    public int batch() {
        return batch;
    }

    /** Whether its inputs are class numbers, which have no scale to forget. */
    public boolean reads() {
        return this == LSTM || this == ATTENTION;
    }

    /**
     * Its examples.
     *
     * @param raw whether inputs keep the scales they were measured in; makes no difference to text
     */
    public TrainingSets.Table data(int examples, boolean raw, long seed) {
        return switch (this) {
            case MLP ->
                seed % 2 == 0
                        ? TrainingSets.blobs(examples, TrainingSets.FEATURES, raw, seed)
                        : TrainingSets.rings(examples, TrainingSets.FEATURES, raw, seed);
            case CNN -> TrainingSets.shapes(examples, TrainingSets.SIDE, raw, seed);
            case LSTM, ATTENTION -> TrainingSets.text(examples, LENGTH, false, seed);
        };
    }
}
