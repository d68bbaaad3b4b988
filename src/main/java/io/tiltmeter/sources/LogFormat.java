package io.tiltmeter.sources;

import java.io.IOException;
import java.util.Optional;

/**
 * One foreign log format. An implementation is one file, stateless, registered with
 * {@code @AutoService(LogFormat.class)}; a new format needs nothing else.
 */
public interface LogFormat {

    /** Name on the command line ({@code --format}), kebab-case, unique. */
    String id();

    /** What it reads, in one line for the documentation. */
    String title();

    /**
     * How well the content fits: 0 not at all, 100 certainly. The best wins; equal scores are broken by id. Judges by
     * content; a name may only break a tie.
     */
    int recognise(Sample sample);

    /**
     * Whether its lines may begin behind any amount of other text, as on a console; then {@link #recognise} is also asked
     * about parts from inside a file.
     */
    default boolean beginsAnywhere() {
        return false;
    }

    /**
     * The folder that is the run, where several files of it make one run (the empty path where it is the input itself);
     * empty (the usual case) where a file is a run.
     *
     * @param path path below the input, with {@code /}
     */
    default Optional<String> runFolder(String path) {
        return Optional.empty();
    }

    /**
     * Reads the whole file in bounded memory and hands every record to the sink. Lines that cannot be read go to
     * {@link RecordSink#reject}; the rest goes on.
     *
     * @throws IOException if the bytes cannot be read
     * @throws UnreadableFileException if the file as a whole is not what it seemed
     */
    void read(LogFile file, RecordSink sink) throws IOException;
}
