package io.tiltmeter.validate;

/** What a column of a dataset is to training; decides what is measured of it. */
public enum ColumnKind {
    /** Plain numbers. */
    NUMBER,
    /** Arrays of numbers: features, embeddings. */
    NUMBERS,
    /** Arrays of token ids. */
    TOKENS,
    /** The class of an example. */
    LABEL,
    /** Text to learn from. */
    TEXT,
    /** Other text: names, sources, ids. */
    STRING,
    /** Anything else: only its missing cells are counted. */
    OTHER,
    /** Text that says where an example comes from. */
    SOURCE
}
