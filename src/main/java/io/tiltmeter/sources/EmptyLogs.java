package io.tiltmeter.sources;

import java.util.Locale;
import java.util.Set;

/**
 * Tells which files were meant as logs though nothing can be read of them: those whose name, or else extension, is that of
 * recognised logs in the same input; an extension that many other files have tells nothing. Without content they are logs of runs that never logged a point. Files of
 * documentation and settings are never logs.
 */
final class EmptyLogs {
    private static final Set<String> DOCUMENTS =
            Set.of("readme", "license", "licence", "source", "notice", "changelog", "requirements", "authors", "todo");

    /** Extensions of so many other files that only the name tells. */
    private static final Set<String> COMMON =
            Set.of("json", "yaml", "yml", "toml", "xml", "html", "md", "rst", "py", "ipynb", "sh", "cfg", "ini");

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
     * Whether a file at the path is called like a log.
     *
     * @param names file names of the recognised logs of the input
     * @param extensions their extensions
     */
    static boolean isCalledLikeLog(String path, Set<String> names, Set<String> extensions) {
        String name = Texts.fileName(path);
        if (names.contains(name)) {
            return true;
        }
        String stem = Texts.withoutExtension(name).toLowerCase(Locale.ROOT);
        String extension = Texts.extension(name);
        return !extension.isEmpty()
                && !COMMON.contains(extension)
                && extensions.contains(extension)
                && !DOCUMENTS.contains(stem)
                && !ConfigFiles.isSettingsName(stem);
    }
}
