package io.tiltmeter.sources;

import java.io.Serializable;

/**
 * A file of an input, as it was listed.
 *
 * @param input number of the input; two inputs may have one name
 * @param inputName name of the input (root folder or file) without its path; begins the run ids
 * @param location path as the user gave it; opens the file and stands in messages
 * @param path path below the input, with {@code /}; empty when the input is the file itself
 * @param length in bytes
 */
public record InputFile(int input, String inputName, String location, String path, long length)
        implements Serializable {}
