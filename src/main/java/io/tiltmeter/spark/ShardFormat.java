package io.tiltmeter.spark;

import java.util.Locale;
import java.util.Map;

/** Formats of datasets the gate reads file by file. */
enum ShardFormat {
    PARQUET(Map.of()),
    CSV(Map.of("header", "true", "mode", "PERMISSIVE", "columnNameOfCorruptRecord", ShardFormat.CORRUPT)),
    /** An object a line. */
    JSON(Map.of("mode", "PERMISSIVE", "columnNameOfCorruptRecord", ShardFormat.CORRUPT)),
    /** One array of objects a file, or objects over several lines. */
    JSON_DOCUMENT(Map.of("mode", "PERMISSIVE", "columnNameOfCorruptRecord", ShardFormat.CORRUPT, "multiLine", "true"));

    /** Column that holds a line that is no row. */
    static final String CORRUPT = "_corrupt_record";

    private final Map<String, String> options;

    ShardFormat(Map<String, String> options) {
        this.options = options;
    }

    /** Options of Spark's reader. */
    Map<String, String> options() {
        return options;
    }

    boolean isText() {
        return this != PARQUET;
    }

    /** By the end of a file's name; what has no end known here is taken for Parquet, and found out if it is not. */
    static ShardFormat ofName(String name) {
        String lower = name.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|bz2|zst|snappy|lz4|deflate)$", "");
        if (lower.endsWith(".csv") || lower.endsWith(".tsv")) {
            return CSV;
        }
        return lower.endsWith(".jsonl") || lower.endsWith(".ndjson") || lower.endsWith(".json") ? JSON : PARQUET;
    }
}
