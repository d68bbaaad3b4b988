package io.tiltmeter.report;

import java.util.List;

/** Text in columns of a terminal, where East Asian characters and emoji take two and combining marks none. */
final class TerminalText {
    private TerminalText() {}

    /** Number of columns the text takes. */
    static int columns(String text) {
        return text.codePoints().map(TerminalText::columns).sum();
    }

    /** The text cut to at most so many columns, with an ellipsis where something was cut. */
    static String cut(String text, int columns) {
        if (columns(text) <= columns) {
            return text;
        }
        return start(text, columns - 1).stripTrailing() + "…";
    }

    /** The text cut in its middle to at most so many columns: what tells names apart is mostly at their ends. */
    static String cutMiddle(String text, int columns) {
        if (columns(text) <= columns) {
            return text;
        }
        int head = (columns - 1) * 2 / 5;
        return start(text, head) + "…" + end(text, columns - 1 - head);
    }

    /**
     * Names cut to at most so many columns, such that they stay as different as may be: one too long loses the folders that
     * all share, and then the middle of what is left of its folders and of its last part.
     */
    static List<String> cutNames(List<String> names, int columns) {
        int shared = sharedFolders(names);
        return names.stream()
                .map(name -> columns(name) <= columns ? name : cutName(name, shared, columns))
                .toList();
    }

    private static String cutName(String name, int shared, int columns) {
        String rest = shared == 0 ? name : "…" + name.substring(shared);
        int slash = rest.lastIndexOf('/');
        if (columns(rest) <= columns || slash < 0) {
            return cutMiddle(rest, columns);
        }
        String folders = rest.substring(0, slash);
        String last = rest.substring(slash);
        int half = columns / 2;
        int forLast = Math.min(columns(last), Math.max(columns - half, columns - columns(folders)));
        return cutMiddle(folders, columns - forLast) + cutMiddle(last, forLast);
    }

    /** Length of the folders, with their last slash, that all names begin with. */
    private static int sharedFolders(List<String> names) {
        if (names.size() < 2) {
            return 0;
        }
        String first = names.get(0);
        int shared = first.length();
        for (String name : names) {
            int same = 0;
            while (same < Math.min(shared, name.length()) && first.charAt(same) == name.charAt(same)) {
                same++;
            }
            shared = same;
        }
        return first.substring(0, shared).lastIndexOf('/') + 1;
    }

    private static String start(String text, int columns) {
        StringBuilder kept = new StringBuilder();
        int room = columns;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            room -= columns(c);
            if (room < 0) {
                break;
            }
            kept.appendCodePoint(c);
            i += Character.charCount(c);
        }
        return kept.toString();
    }

    private static String end(String text, int columns) {
        int room = columns;
        int from = text.length();
        while (from > 0) {
            int c = text.codePointBefore(from);
            room -= columns(c);
            if (room < 0) {
                break;
            }
            from -= Character.charCount(c);
        }
        return text.substring(from);
    }

    /** The text cut or filled with spaces to exactly so many columns. */
    static String fit(String text, int columns) {
        String cut = cut(text, columns);
        return cut + " ".repeat(Math.max(0, columns - columns(cut)));
    }

    /** Like {@link #fit} but aligned to the right. */
    static String fitRight(String text, int columns) {
        String cut = cut(text, columns);
        return " ".repeat(Math.max(0, columns - columns(cut))) + cut;
    }

    private static int columns(int c) {
        int type = Character.getType(c);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK || type == Character.FORMAT) {
            return 0;
        }
        boolean wide = (c >= 0x1100 && c <= 0x115f)
                || (c >= 0x2e80 && c <= 0xa4cf)
                || (c >= 0xac00 && c <= 0xd7a3)
                || (c >= 0xf900 && c <= 0xfaff)
                || (c >= 0xfe30 && c <= 0xfe6f)
                || (c >= 0xff00 && c <= 0xff60)
                || (c >= 0xffe0 && c <= 0xffe6)
                || (c >= 0x1f300 && c <= 0x1faff)
                || (c >= 0x20000 && c <= 0x3fffd);
        return wide ? 2 : 1;
    }
}
