package io.tiltmeter.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * Renders {@code report.html}: one self-contained page that fetches nothing, reads without JavaScript, and runs no
 * script but its own, whatever the names in the report say.
 */
public final class HtmlReport {
    private static final String TEMPLATES = "io.tiltmeter.report.templates";

    private HtmlReport() {}

    /** The page; the same report always gives the same text. */
    public static String render(FleetReport report) {
        TemplateEngine engine =
                TemplateEngine.createPrecompiled(null, ContentType.Html, HtmlReport.class.getClassLoader(), TEMPLATES);
        StringOutput out = new StringOutput(1 << 20);
        engine.render("report.jte", PageBuilder.build(report), out);
        return out.toString();
    }

    /** A script or style sheet of our own, and the hash by which the page's security policy lets it in. */
    static Page.Inline inline(String... names) {
        StringBuilder text = new StringBuilder();
        for (String name : names) {
            text.append(resource(name)).append('\n');
        }
        return new Page.Inline(text.toString(), sha256(text.toString()));
    }

    private static String resource(String name) {
        try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("Resource '" + name + "' is missing from the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read resource '" + name + "'", e);
        }
    }

    private static String sha256(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(hash) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JDK knows SHA-256", e);
        }
    }
}
