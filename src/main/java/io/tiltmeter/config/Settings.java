package io.tiltmeter.config;

import io.tiltmeter.detect.DetectorSettings;
import java.io.Serializable;
import java.util.Map;

/**
 * All settings of a job: what the user set, over the defaults. One record a section; keys are {@code section.kebab-case}.
 *
 * @param detectors settings of every registered detector by its id
 */
public record Settings(Scan scan, Report report, Ingest ingest, Map<String, DetectorSettings> detectors)
        implements Serializable {

    public Settings {
        detectors = Map.copyOf(detectors);
    }

    /**
     * How metric tables are read into blocks.
     *
     * @param windowSteps most logged steps of a block
     * @param blockCells most cells (metric × step × worker) of a block; with many workers windows shrink to keep to it
     * @param scatterCells cells a scan task may hold before it flushes its slices
     */
    public record Scan(
            @Setting(
                    value = "Most logged steps of a block.",
                    unit = "steps",
                    origin = "the window of the prototype whose speed was measured: 40 million rows of 16 workers in"
                            + " 10 s on 2 cores",
                    min = 16,
                    max = 65_536)
            int windowSteps,

            @Setting(
                    value =
                            "Most cells (metric x step x worker) of a block; with many workers windows shrink to keep to"
                                    + " it.",
                    unit = "cells",
                    origin =
                            "64 MB of numbers: a fraction of the 2 GB heap that the launchers give, also when every core"
                                    + " has a block",
                    min = 10_000,
                    max = 1_000_000_000)
            long blockCells,

            @Setting(
                    value = "Cells a scan task may hold before it flushes its slices.",
                    unit = "cells",
                    origin = "32 MB of numbers a task; flushing earlier costs only more and smaller slices to shuffle",
                    min = 10_000,
                    max = 1_000_000_000)
            long scatterCells)
            implements Serializable {
        public static final Scan DEFAULTS = new Scan(256, 2_000_000, 4_000_000);
    }

    /**
     * What the report shows.
     *
     * @param maxCharts most runs drawn with curves, the gravest first
     * @param chartPoints most points of a curve
     */
    public record Report(
            @Setting(
                    value = "Most runs drawn with curves, the gravest first.",
                    unit = "runs",
                    origin = "some 90 kB a run with curves on the demo's page, so some 9 MB at most",
                    min = 0,
                    max = 10_000)
            int maxCharts,

            @Setting(
                    value = "Most points of a curve.",
                    unit = "points",
                    origin = "about one a pixel of a curve's width on the page",
                    min = 10,
                    max = 100_000)
            int chartPoints)
            implements Serializable {
        public static final Report DEFAULTS = new Report(100, 600);
    }

    /**
     * How foreign logs are read.
     *
     * @param maxRejectionsPerFile most different rejections kept of one file; the rest is counted in the last
     */
    public record Ingest(
            @Setting(
                    value = "Most different rejections kept of one file; the rest is counted in the last.",
                    unit = "rejections",
                    origin =
                            "enough to see what is wrong with a file; a binary file taken for a log would have thousands",
                    min = 1,
                    max = 1_000_000)
            int maxRejectionsPerFile)
            implements Serializable {
        public static final Ingest DEFAULTS = new Ingest(20);
    }
}
