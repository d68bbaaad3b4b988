package io.tiltmeter.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The tokens of a vocabulary file: a JSON object of token to id, a {@code tokenizer.json} with such an object or a list of
 * tokens under {@code model.vocab}, or a plain text with a token a line.
 *
 * @param size one more than the greatest id
 * @param empties ids whose text is empty, and ids below {@code size} that no token has
 * @param fingerprint hash over ids and tokens, the same whatever the format
 */
record VocabularyFile(int size, BitSet empties, String fingerprint) {
    private static final int SHOWN = 16;

    static VocabularyFile load(String file, Configuration configuration) {
        Path path = new Path(file);
        String text;
        try (InputStream in = path.getFileSystem(configuration).open(path)) {
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new InputException("Cannot read vocabulary '" + file + "': " + e.getMessage());
        }
        TreeMap<Integer, String> tokens = new TreeMap<>();
        if (text.stripLeading().startsWith("{")) {
            try {
                json(new ObjectMapper().readTree(text), tokens);
            } catch (JsonProcessingException e) {
                throw new InputException("Cannot read vocabulary '" + file + "': " + e.getOriginalMessage());
            }
        } else {
            List<String> lines = text.lines().toList();
            for (int id = 0; id < lines.size(); id++) {
                tokens.put(id, lines.get(id));
            }
        }
        if (tokens.isEmpty()) {
            throw new InputException("Cannot read vocabulary '" + file
                    + "': it has no token, expected a JSON object of token to id, a tokenizer.json or a token a line");
        }
        return of(tokens);
    }

    private static VocabularyFile of(TreeMap<Integer, String> tokens) {
        int size = tokens.lastKey() + 1;
        BitSet empties = new BitSet(size);
        empties.set(0, size);
        MessageDigest digest = ShardSweep.sha256();
        for (Map.Entry<Integer, String> token : tokens.entrySet()) {
            empties.set(token.getKey(), token.getValue().isEmpty());
            digest.update((token.getKey() + "\t" + token.getValue() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return new VocabularyFile(size, empties, ShardSweep.hex(digest).substring(0, SHOWN));
    }

    private static void json(JsonNode root, Map<Integer, String> tokens) {
        JsonNode vocabulary = root.path("model").path("vocab");
        if (vocabulary.isArray()) {
            for (int id = 0; id < vocabulary.size(); id++) {
                JsonNode entry = vocabulary.get(id);
                tokens.put(id, entry.isArray() ? entry.path(0).asText() : entry.asText());
            }
        } else {
            ids(vocabulary.isObject() ? vocabulary : root, tokens);
        }
        for (JsonNode added : root.path("added_tokens")) {
            if (added.path("id").isInt()) {
                tokens.put(added.path("id").intValue(), added.path("content").asText());
            }
        }
    }

    private static void ids(JsonNode object, Map<Integer, String> tokens) {
        object.fields().forEachRemaining(entry -> {
            if (entry.getValue().isInt() && entry.getValue().intValue() >= 0) {
                tokens.put(entry.getValue().intValue(), entry.getKey());
            }
        });
    }
}
