package io.tiltmeter.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunRecordTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "seed",
                "Seed",
                "SEED",
                "random_seed",
                "random-seed",
                "random seed",
                "randomSeed",
                "randomseed",
                "RNGSeed",
                "seedValue",
                "seed_everything",
                "data_seed",
                "train.seed",
                "trainer/seed/value",
                "seed2",
                "PYTHONHASHSEED"
            })
    void knowsASeedByItsName(String name) {
        assertThat(RunRecord.isSeed(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"seeded_layers", "proceed_steps", "num_seeds", "exceeds", "speed", "lr", "reseeding.rate", ""})
    void aNameThatOnlyHasTheLettersIsNoSeed(String name) {
        assertThat(RunRecord.isSeed(name)).isFalse();
    }
}
