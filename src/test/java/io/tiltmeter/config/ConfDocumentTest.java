package io.tiltmeter.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.tiltmeter.detect.Detectors;
import io.tiltmeter.docs.GeneratedFile;
import io.tiltmeter.docs.Repository;
import io.tiltmeter.validate.Checks;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ConfDocumentTest {
    private static final String FILE = "conf/tiltmeter.conf";

    @BeforeAll
    static void generate() throws IOException {
        GeneratedFile.generate(FILE, ConfDocument.text());
    }

    @Test
    void documentsWhatTheProgramKnows() {
        GeneratedFile.check(FILE, ConfDocument.text());
    }

    @Test
    void hasEveryKeyWithItsDefaultAndNoOther() {
        Map<String, Object> inFile = new TreeMap<>();
        ConfigFactory.parseFile(Repository.file(FILE).toFile())
                .resolve()
                .entrySet()
                .forEach(entry ->
                        inFile.put(entry.getKey(), plain(entry.getValue().unwrapped())));
        Map<String, Object> known = new TreeMap<>();
        for (SettingKey key : SettingKey.all(Detectors.infos(), Checks.infos())) {
            known.put(key.path(), plain(key.defaultValue()));
        }

        assertThat(known).hasSizeGreaterThan(20);
        assertThat(inFile).isEqualTo(known);
    }

    @Test
    void loadsToTheDefaults() {
        assertThat(SettingsLoader.load(Optional.of(Repository.file(FILE)), List.of()))
                .isEqualTo(SettingsLoader.defaults());
    }

    private static Object plain(Object value) {
        return value instanceof Number number ? (Object) number.doubleValue() : value;
    }
}
