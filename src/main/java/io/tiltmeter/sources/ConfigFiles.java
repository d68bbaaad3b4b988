package io.tiltmeter.sources;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Recognises files of settings (JSON objects, and the plain subset of YAML that settings are written in) by their
 * content and flattens them to dotted keys. Bounded: at most {@link #MAX_KEYS} keys and values of {@link #MAX_VALUE}
 * characters.
 */
public final class ConfigFiles {
    /** Largest number of settings taken from one file. */
    public static final int MAX_KEYS = 1000;
    /** Longest value; a longer one is cut. */
    public static final int MAX_VALUE = 1000;

    private static final int MAX_DEPTH = 20;
    private static final Set<String> SETTINGS_NAMES = Set.of(
            "config",
            "conf",
            "cfg",
            "args",
            "arguments",
            "hparams",
            "hyperparameters",
            "hyperparams",
            "settings",
            "params",
            "parameters",
            "training_args",
            "train_config",
            "training_config",
            "run_config",
            "options",
            "overrides",
            "meta");
    /** Settings of training that nothing else than a settings file holds several of. */
    private static final Set<String> KNOWN_KEYS = Set.of(
            "lr",
            "learning_rate",
            "batch_size",
            "seed",
            "weight_decay",
            "max_iters",
            "max_steps",
            "train_iters",
            "d_model",
            "hidden_size",
            "num_layers",
            "n_layer",
            "n_layers",
            "n_head",
            "num_heads",
            "optimizer",
            "dropout",
            "warmup_steps",
            "warmup_iters",
            "epochs",
            "num_epochs",
            "num_train_epochs",
            "context_length",
            "seq_length",
            "vocab_size",
            "grad_clip",
            "beta1",
            "beta2",
            "momentum",
            "precision",
            "global_batch_size",
            "micro_batch_size",
            "gradient_accumulation_steps");

    private ConfigFiles() {}

    /** The settings in the file, or empty if it is no file of settings. */
    public static Optional<Map<String, String>> settings(Sample sample) {
        String extension = Texts.extension(sample.path());
        boolean yaml = extension.equals("yaml") || extension.equals("yml");
        if (!sample.whole() || !(yaml || extension.equals("json"))) {
            return Optional.empty();
        }
        Map<String, String> flat;
        try {
            String text = Utf8.decode(sample.head(), 0, sample.head().length);
            flat = yaml ? fromYaml(text) : fromJson(text);
        } catch (IOException e) {
            return Optional.empty();
        }
        String stem = Texts.withoutExtension(Texts.fileName(sample.path())).toLowerCase(Locale.ROOT);
        long known = flat.keySet().stream()
                .map(key -> MetricNames.normalise(key.substring(key.lastIndexOf('.') + 1)))
                .filter(KNOWN_KEYS::contains)
                .distinct()
                .count();
        return !flat.isEmpty() && (isSettingsName(stem) || known >= 2) ? Optional.of(flat) : Optional.empty();
    }

    /**
     * The setting in a small file named after it, as trackers write it into a folder {@code params}, or {@code tags} (then
     * its key begins with {@code tags.}); empty if it is no such file.
     */
    static Optional<Map<String, String>> oneSetting(Sample sample) {
        String parent = Texts.fileName(Texts.folder(sample.path()));
        boolean tag = parent.equals("tags");
        if (!(tag || parent.equals("params")) || !sample.whole() || sample.head().length > MAX_VALUE) {
            return Optional.empty();
        }
        try {
            String value = Utf8.decode(sample.head(), 0, sample.head().length).strip();
            String key = (tag ? "tags." : "") + Texts.fileName(sample.path());
            return value.isEmpty() || value.indexOf('\n') >= 0
                    ? Optional.empty()
                    : Optional.of(Map.of(Texts.clean(key, MAX_VALUE), Texts.clean(value, MAX_VALUE)));
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** Whether files of settings are commonly called so. */
    static boolean isSettingsName(String lowerCaseStem) {
        return SETTINGS_NAMES.contains(lowerCaseStem);
    }

    private static Map<String, String> fromJson(String text) throws IOException {
        Map<String, String> flat = new LinkedHashMap<>();
        try (JsonParser parser = Json.FACTORY.createParser(text)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                object(parser, "", 0, flat);
            }
        }
        return flat;
    }

    private static void object(JsonParser parser, String prefix, int depth, Map<String, String> flat)
            throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = prefix + parser.currentName();
            JsonToken token = parser.nextToken();
            if (token == JsonToken.START_OBJECT && depth < MAX_DEPTH) {
                object(parser, key + '.', depth + 1, flat);
            } else if (token == JsonToken.START_ARRAY) {
                StringBuilder list = new StringBuilder("[");
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    if (parser.currentToken().isStructStart()) {
                        parser.skipChildren();
                    } else if (list.length() < MAX_VALUE) {
                        list.append(list.length() > 1 ? ", " : "").append(parser.getText());
                    }
                }
                put(flat, key, list.append(']').toString());
            } else if (token.isStructStart()) {
                parser.skipChildren();
            } else if (token != JsonToken.VALUE_NULL) {
                put(flat, key, parser.getText());
            }
        }
    }

    /** Nested mappings by indentation, with scalars and lists of scalars; anything else is passed over. */
    private static Map<String, String> fromYaml(String text) throws CharacterCodingException {
        Map<String, String> flat = new LinkedHashMap<>();
        Deque<Integer> indents = new ArrayDeque<>();
        Deque<String> prefixes = new ArrayDeque<>();
        for (String line : text.split("\\R")) {
            String content = withoutComment(line).strip();
            if (content.isEmpty() || content.equals("---")) {
                continue;
            }
            int indent = line.length() - line.stripLeading().length();
            while (!indents.isEmpty() && indents.peek() >= indent && !content.startsWith("- ")) {
                indents.pop();
                prefixes.pop();
            }
            String prefix = prefixes.isEmpty() ? "" : prefixes.peek();
            if (content.startsWith("- ")) {
                String item = unquote(content.substring(2).strip());
                if (!prefix.isEmpty()) {
                    flat.merge(prefix, item, (list, next) -> Texts.clean(list + ", " + next, MAX_VALUE));
                }
                continue;
            }
            int colon = content.indexOf(": ");
            boolean parent = colon < 0 && content.endsWith(":");
            if (colon < 0 && !parent) {
                continue;
            }
            String name = unquote(
                    content.substring(0, parent ? content.length() - 1 : colon).strip());
            // Weights & Biases writes every setting as {value: …, desc: …}.
            String key = prefix.isEmpty() ? name : name.equals("value") ? prefix : prefix + '.' + name;
            if (parent) {
                if (indents.size() < MAX_DEPTH) {
                    indents.push(indent);
                    prefixes.push(key);
                }
            } else {
                String value = unquote(content.substring(colon + 2).strip());
                if (!value.isEmpty() && !value.equals("null") && !value.equals("~")) {
                    put(flat, key, value);
                }
            }
        }
        return flat;
    }

    private static String withoutComment(String line) {
        if (line.stripLeading().startsWith("#")) {
            return "";
        }
        int hash = line.indexOf(" #");
        return hash < 0 || line.indexOf('"') >= 0 || line.indexOf('\'') >= 0 ? line : line.substring(0, hash);
    }

    private static String unquote(String word) {
        if (word.length() >= 2) {
            char first = word.charAt(0);
            if ((first == '"' || first == '\'') && word.charAt(word.length() - 1) == first) {
                return word.substring(1, word.length() - 1);
            }
        }
        return word;
    }

    private static void put(Map<String, String> flat, String key, String value) {
        if (flat.size() < MAX_KEYS) {
            flat.putIfAbsent(Texts.clean(key, MAX_VALUE), Texts.clean(value, MAX_VALUE));
        }
    }
}
