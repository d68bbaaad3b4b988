package io.tiltmeter.config;

import io.tiltmeter.detect.DetectorSettings;
import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All settings of a job: what the user set, over the defaults. One record a section; keys are {@code section.kebab-case}.
 *
 * @param detectors settings of every registered detector by its id
 */
public record Settings(Scan scan, Report report, Ingest ingest, Models models, Map<String, DetectorSettings> detectors)
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

    /**
     * What is mined and modelled over all runs of the fleet.
     *
     * @param enabled whether any of it is
     * @param fewestIncidents fewest runs with a kind of incident for combinations, and with any for archetypes
     * @param largestQ largest false-discovery rate of a combination or an order
     * @param silhouette least mean silhouette of archetypes
     * @param riskRuns fewest runs with a known outcome for a risk model
     * @param riskUnstable fewest of each outcome among them
     * @param riskProjects fewest projects; with fewer, runs are held out instead of projects
     * @param mostRuns most runs looked at
     * @param leaveOut settings not looked at
     */
    public record Models(
            @Setting(
                    value = "Whether combinations, archetypes, orders and risk are looked for.",
                    unit = "1",
                    origin = "each of them says itself when the fleet is too small")
            boolean enabled,

            @Setting(
                    value =
                            "Fewest runs with a kind of incident for combinations of settings, and with any for archetypes.",
                    unit = "runs",
                    origin = "a share seen in 20 runs is known to about 20 percentage points; with fewer a combination"
                            + " that passes is mostly exaggerated",
                    min = 5,
                    max = 1_000_000)
            int fewestIncidents,

            @Setting(
                    value = "Largest false-discovery rate of a combination or of an order of symptoms.",
                    unit = "1",
                    origin = "the rate of the patterns: of twenty shown one may be chance",
                    min = 0,
                    max = 0.5)
            double largestQ,

            @Setting(
                    value = "Least mean silhouette of archetypes; below it runs are not grouped.",
                    unit = "1",
                    origin = "Kaufman and Rousseeuw, Finding Groups in Data (1990): from .51 on a reasonable structure,"
                            + " below it a weak one that may be artificial",
                    min = -1,
                    max = 1)
            double silhouette,

            @Setting(
                    value = "Fewest runs with a known outcome for a risk model.",
                    unit = "runs",
                    origin = "five folds of ten",
                    min = 20,
                    max = 1_000_000)
            int riskRuns,

            @Setting(
                    value = "Fewest runs of each outcome, unstable and stable, for a risk model.",
                    unit = "runs",
                    origin = "ten events for the one strongest feature: Peduzzi et al., J. Clin. Epidemiol. 49 (1996)",
                    min = 5,
                    max = 1_000_000)
            int riskUnstable,

            @Setting(
                    value = "Fewest projects for holding out whole projects; with fewer, single runs are held out, and"
                            + " the report says so.",
                    unit = "projects",
                    origin = "two of three are left to learn from",
                    min = 2,
                    max = 1000)
            int riskProjects,

            @Setting(
                    value = "Most runs looked at; of more, a fixed sample.",
                    unit = "runs",
                    origin = "some seconds on one core; rates are known to a percent",
                    min = 100,
                    max = 10_000_000)
            int mostRuns,

            @Setting(
                    value =
                            "Settings of runs not looked at, separated by commas: what is written down only after a run.",
                    unit = "1",
                    origin = "numbers named like results (loss, accuracy, time) are left out anyway")
            String leaveOut)
            implements Serializable {
        public static final Models DEFAULTS = new Models(true, 20, 0.05, 0.5, 50, 10, 3, 10_000, "");

        /** Names of the settings to leave out. */
        public Set<String> namesLeftOut() {
            return Stream.of(leaveOut.split(","))
                    .map(String::strip)
                    .filter(name -> !name.isEmpty())
                    .collect(Collectors.toUnmodifiableSet());
        }
    }
}
