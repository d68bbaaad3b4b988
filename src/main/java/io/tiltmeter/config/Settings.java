package io.tiltmeter.config;

import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.validate.CheckSettings;
import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All settings of a job: what the user set, over the defaults. One record a section; keys are {@code section.kebab-case}.
 *
 * @param detectors settings of every registered detector by its id
 * @param checks settings of every registered check of the gate by its id
 */
public record Settings(
        Scan scan,
        Report report,
        Cost cost,
        Ingest ingest,
        Models models,
        Drain drain,
        Validate validate,
        Map<String, DetectorSettings> detectors,
        Map<String, CheckSettings> checks)
        implements Serializable {

    public Settings {
        detectors = Map.copyOf(detectors);
        checks = Map.copyOf(checks);
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
     * What time costs.
     *
     * @param workerHourPrice price of a worker-hour; 0 if it is not known
     * @param currency name of what the price is in
     * @param heldMinutes how long after the last step of a start its workers count as held
     */
    public record Cost(
            @Setting(
                    value = "Price of an hour of one worker. 0: not known, and nothing is said of money.",
                    unit = "of the currency",
                    origin = "every machine has its own",
                    min = 0,
                    max = 1e9)
            double workerHourPrice,

            @Setting(
                    value = "Currency of the price, as it is to stand beside amounts.",
                    unit = "1",
                    origin = "most clouds publish their prices in it")
            String currency,

            @Setting(
                    value =
                            "How long after the last step of a start its workers count as held where another start follows."
                                    + " What is beyond is idle, and no part of the cost.",
                    unit = "minutes",
                    origin =
                            "Llama 3 (Dubey et al., 2024, section 3.3.4): 466 interruptions in 54 days at more than 90 %"
                                    + " effective training time, so under 17 minutes each on average; this is three to four times"
                                    + " that",
                    min = 0,
                    max = 1_000_000)
            int heldMinutes)
            implements Serializable {
        public static final Cost DEFAULTS = new Cost(0, "USD", 60);

        /** The same in seconds. */
        public double heldSeconds() {
            return 60.0 * heldMinutes;
        }
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

    /**
     * When a machine is to be taken out of service.
     *
     * @param fewestRuns fewest independent runs with a hardware incident on it
     * @param largestQ largest false-discovery rate
     */
    public record Drain(
            @Setting(
                    value = "Fewest independent runs with a hardware incident on a host before it is to be drained.",
                    unit = "runs",
                    origin = "one bad run may be bad for a reason of its own; it only makes the host one to watch",
                    min = 2,
                    max = 1000)
            int fewestRuns,

            @Setting(
                    value = "Largest false-discovery rate of a host to be drained.",
                    unit = "1",
                    origin = "the rate of the patterns; how often sound hosts are drained at it was measured, and the"
                            + " report says so",
                    min = 0,
                    max = 0.5)
            double largestQ)
            implements Serializable {
        public static final Drain DEFAULTS = new Drain(2, 0.05);
    }

    /**
     * What the gate has to know of a dataset.
     *
     * @param tokenColumns names of columns of token ids, separated by commas; only arrays of whole numbers are taken
     * @param labelColumns names of columns of labels
     * @param textColumns names of columns of text to learn from
     * @param vocabularySize token ids are below it; 0 if not known
     * @param vocabularyFile tokens and their ids; empty if there is none
     * @param classes labels that are numbers are below it; 0 if not known
     * @param manifest file that lists the shards with their rows; empty if there is none
     * @param offenders most offending rows kept of a rule, column and shard
     * @param fingerprint what of files the fingerprint is made of
     * @param sourceColumns names of columns that say where an example comes from
     * @param pairs most pairs of rows compared exactly
     * @param evalUnits most tokens or words of evaluation documents held in memory
     * @param probeRows most rows the probe of labels is trained on; 0 for no probe
     * @param uniqueColumns names of columns that have another value in every row
     */
    public record Validate(
            @Setting(
                    value = "Columns of token ids, separated by commas; only arrays of whole numbers are taken.",
                    unit = "1",
                    origin = "the names that tokenizers and trainers give them")
            String tokenColumns,

            @Setting(
                    value = "Columns of labels, separated by commas; only plain numbers and text are taken.",
                    unit = "1",
                    origin = "the names that trainers give them")
            String labelColumns,

            @Setting(
                    value = "Columns of text to learn from, separated by commas.",
                    unit = "1",
                    origin = "the names that datasets of text give them")
            String textColumns,

            @Setting(
                    value =
                            "Size of the vocabulary: token ids are below it. 0: that of the vocabulary file, or not known.",
                    unit = "tokens",
                    origin = "every vocabulary has its own",
                    min = 0,
                    max = 1_048_576)
            int vocabularySize,

            @Setting(
                    value = "File of the vocabulary: a JSON object of token to id, a tokenizer.json, or a token a line."
                            + " Empty: none.",
                    unit = "1",
                    origin = "every vocabulary has its own")
            String vocabularyFile,

            @Setting(
                    value = "Number of classes: labels that are numbers are from 0 to one less. 0: not known.",
                    unit = "classes",
                    origin = "every network has its own",
                    min = 0,
                    max = 2_147_483_647)
            int classes,

            @Setting(
                    value = "File with a line a shard: its path below the dataset, a comma or tab, and its rows. Empty:"
                            + " none.",
                    unit = "1",
                    origin = "every dataset has its own")
            String manifest,

            @Setting(
                    value = "Most offending rows kept of a rule, column and shard.",
                    unit = "rows",
                    origin = "enough to see what is wrong; a shard that is wrong throughout has millions",
                    min = 1,
                    max = 1000)
            int offenders,

            @Setting(
                    value = "What the fingerprint is made of: footers (of Parquet files, which name the place, size and"
                            + " extremes of every column chunk) or content (reads every byte). Other files always by"
                            + " content.",
                    unit = "1",
                    origin = "footers cost next to nothing, and every writer changes them with the data",
                    choices = {"footers", "content"})
            String fingerprint,

            @Setting(
                    value = "Columns of text that say where an example comes from, separated by commas.",
                    unit = "1",
                    origin = "the names that mixed datasets give them")
            String sourceColumns,

            @Setting(
                    value =
                            "Most pairs of rows that share a key of MinHash that are compared exactly; those with the most"
                                    + " keys in common first.",
                    unit = "pairs",
                    origin = "the numbers of their rows are held on the driver and on every executor, in 16 MB",
                    min = 1,
                    max = 100_000_000)
            int pairs,

            @Setting(
                    value =
                            "Most tokens or words of evaluation documents held in memory, to look for their n-grams; beyond"
                                    + " it a random sample of the documents is looked for.",
                    unit = "units",
                    origin = "some 200 MB on the driver and on every executor; the test sets of most benchmarks fit",
                    min = 1000,
                    max = 100_000_000)
            int evalUnits,

            @Setting(
                    value = "Most rows, drawn at random, that the probe of labels is trained on; 0: no probe.",
                    unit = "rows",
                    origin =
                            "five fits on so many take seconds, and hold 100 wrong labels where one in a hundred is wrong",
                    min = 0,
                    max = 1_000_000)
            int probeRows,

            @Setting(
                    value =
                            "Columns of keys, which no two rows share, separated by commas; numbers and text. Empty: none.",
                    unit = "1",
                    origin = "what should be unique is for its owner to say; a hash of every key is shuffled")
            String uniqueColumns)
            implements Serializable {
        public static final Validate DEFAULTS = new Validate(
                "tokens,token_ids,input_ids,ids",
                "label,labels,class,target",
                "text,content,prompt,completion,response",
                0,
                "",
                0,
                "",
                10,
                "footers",
                "source,domain,subset,dataset",
                1_000_000,
                4_000_000,
                10_000,
                "");
    }
}
