package io.tiltmeter.report;

import java.util.List;

/**
 * A map of workers and steps as the page draws it: an SVG whose cells are paths, one a colour, in units of columns and rows.
 *
 * @param title what is shown
 * @param metric metric that is shown
 * @param readout the farthest value in words
 * @param label all of it in one sentence, for those who do not see it
 * @param columns number of columns
 * @param rows its rows
 * @param height height of the rows, in pixels
 * @param total height of all of it
 * @param shades its cells by colour
 * @param mark column of the first abnormal step
 * @param ticks what stands below the columns
 * @param legend what the colours mean
 */
public record WorkerMapView(
        String title,
        String metric,
        String readout,
        String label,
        int columns,
        List<Row> rows,
        int height,
        int total,
        List<Shade> shades,
        String mark,
        List<Tick> ticks,
        List<Key> legend) {

    /**
     * A row.
     *
     * @param label name of the worker
     * @param named whether a finding names it
     * @param y where its name stands
     * @param top where the row begins
     * @param title what it shows, in words
     */
    public record Row(String label, boolean named, String y, String top, String title) {}

    /** The cells of one colour. */
    public record Shade(String colour, String path) {}

    /** A step below the columns. */
    public record Tick(String x, String y, String anchor, String text) {}

    /** A colour and what it means. */
    public record Key(String colour, String text) {}
}
