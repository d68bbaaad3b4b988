package io.tiltmeter.sources;

import java.util.Locale;
import java.util.Set;

/**
 * Tells which files without content are logs of runs that never logged a point: an empty file whose name, or else
 * extension, is that of recognised logs in the same input. Files of documentation are never logs.
 */
final class EmptyLogs {
    private static final Set<String> DOCUMENTS =
            Set.of("readme", "license", "licence", "source", "notice", "changelog", "requirements", "authors", "todo");

    private EmptyLogs() {}

    /** Whether the whole file holds nothing: no bytes, only white space, or an empty JSON object or list. */
    static boolean isEmpty(Sample sample) {
        if (!sample.whole()) {
            return false;
        }
        StringBuilder content = new StringBuilder(2);
        for (byte b : sample.head()) {
            if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
                if (content.length() == 2) {
                    return false;
                }
                content.append((char) b);
            }
        }
        String text = content.toString();
        return text.isEmpty() || text.equals("{}") || text.equals("[]");
    }

    /**
     * Whether an empty file at the path is a log.
     *
     * @param names file names of the recognised logs of the input
     * @param extensions their extensions
     */
    static boolean isLog(String path, Set<String> names, Set<String> extensions) {
        String name = Texts.fileName(path);
        if (names.contains(name)) {
            return true;
        }
        String stem = Texts.withoutExtension(name).toLowerCase(Locale.ROOT);
        String extension = Texts.extension(name);
        return !extension.isEmpty()
                && extensions.contains(extension)
                && !DOCUMENTS.contains(stem)
                && !ConfigFiles.isSettingsName(stem);
    }
}
