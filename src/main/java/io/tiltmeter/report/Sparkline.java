package io.tiltmeter.report;

/**
 * A curve as SVG paths, for table cells and for readers without JavaScript.
 *
 * @param line the last value of each bucket
 * @param band what lies between the lowest and the highest value
 * @param nonFinite ticks on the top edge where values were NaN or infinite
 * @param mark where the incident begins
 */
public record Sparkline(int width, int height, String line, String band, String nonFinite, String mark) {
    public boolean isEmpty() {
        return line.isEmpty() && nonFinite.isEmpty();
    }
}
