package io.tiltmeter.sources;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** How we read JSON: streaming, bounded, and with the bare NaN and Infinity that Python writes. */
final class Json {
    static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(100)
                    .maxStringLength(1 << 24)
                    .maxNumberLength(1000)
                    .build())
            .build();

    private Json() {}

    /** The number at the parser, also written as text; null where the value is no number. */
    static @Nullable Double number(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.VALUE_NUMBER_INT || token == JsonToken.VALUE_NUMBER_FLOAT) {
            // From the text: a JSON number may exceed every Java type, which then means infinity.
            return Texts.number(parser.getText());
        }
        if (token == JsonToken.VALUE_STRING) {
            String text = parser.getText();
            return text.length() <= 64 && Texts.isNumber(text) ? Texts.number(text) : null;
        }
        return null;
    }
}
