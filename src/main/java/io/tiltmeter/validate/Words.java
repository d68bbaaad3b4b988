package io.tiltmeter.validate;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.Locale;

/**
 * Words of a text as hashes of 64 bits, so that texts can be compared like sequences of token ids. Texts that differ only in
 * case, white space, punctuation or in forms that Unicode calls compatible (NFKC: ligatures, full-width letters) have the
 * same words. A word is a run of letters, marks and digits; of scripts written without spaces each character is one.
 */
public final class Words {
    private Words() {}

    /** Hashes of the words in order; empty for a text without any letter or digit. */
    public static long[] of(String text) {
        String plain = Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
        long[] words = new long[plain.length() / 4 + 4];
        int count = 0;
        long hash = 0;
        boolean inside = false;
        for (int i = 0; i < plain.length(); ) {
            int character = plain.codePointAt(i);
            i += Character.charCount(character);
            boolean alone = isAlone(character);
            boolean part = alone || isPart(character);
            if (inside && (alone || !part)) {
                words = words.length == count ? Arrays.copyOf(words, 2 * count) : words;
                words[count++] = Distinct.mix(hash);
                inside = false;
            }
            if (part) {
                hash = inside ? hash * 0x100000001B3L + character : character;
                inside = true;
            }
            if (alone) {
                words = words.length == count ? Arrays.copyOf(words, 2 * count) : words;
                words[count++] = Distinct.mix(hash);
                inside = false;
            }
        }
        if (inside) {
            words = words.length == count ? Arrays.copyOf(words, count + 1) : words;
            words[count++] = Distinct.mix(hash);
        }
        return Arrays.copyOf(words, count);
    }

    private static boolean isPart(int character) {
        if (Character.isLetterOrDigit(character)) {
            return true;
        }
        int type = Character.getType(character);
        return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK;
    }

    /** Characters of scripts that put no space between words. */
    private static boolean isAlone(int character) {
        if (character < 0x0E00) {
            return false;
        }
        if (Character.isIdeographic(character)) {
            return true;
        }
        Character.UnicodeScript script = Character.UnicodeScript.of(character);
        return Character.isLetter(character)
                && (script == Character.UnicodeScript.HIRAGANA
                        || script == Character.UnicodeScript.KATAKANA
                        || script == Character.UnicodeScript.THAI
                        || script == Character.UnicodeScript.LAO
                        || script == Character.UnicodeScript.KHMER
                        || script == Character.UnicodeScript.MYANMAR);
    }
}
