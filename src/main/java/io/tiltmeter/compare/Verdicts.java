package io.tiltmeter.compare;

import io.tiltmeter.compare.Comparison.SetReport;
import io.tiltmeter.compare.Parting.Difference;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Says what a comparison means. */
public final class Verdicts {
    /**
     * Relative difference up to which two results differ by rounding alone: sums of floats in another order. A float has
     * 24 bits, and errors of a sum of n terms grow like √n.
     */
    private static final double ROUNDING = 1e-5;

    private static final String TWINS = "twin-mismatch";
    private static final String PARTING = "parting";
    private static final String BAND = "left-band";
    private static final String LADDER = "no-transfer";
    private static final int MOST_NAMED = 3;

    static final List<DetectorInfo> KINDS = List.of(
            new DetectorInfo(
                    TWINS,
                    "Twins that differ",
                    "Runs of one configuration and seed logged the same, and then did not: the program is not deterministic,"
                            + " the data differ, or something was corrupted silently. One worker alone points at its hardware.",
                    List.of(),
                    List.of(new Parameter(
                            "rounding",
                            ROUNDING,
                            "1",
                            "Relative difference up to which it is only rounding",
                            new Derived("A float has 24 bits, 6e-8; a sum of some ten thousand terms in another order"
                                    + " differs by about its square root times that"))),
                    "Look first at the worker and layer named. Repeat the step from a checkpoint on the same and on other"
                            + " hardware: what differs again is not deterministic, what does not was a fault of hardware."),
            new DetectorInfo(
                    BAND,
                    "Run that leaves its band",
                    "Among runs that differ in their seed or little else, one is farther from the others than they are from"
                            + " one another. It is a warning where the loss ends above the band, information where it came back.",
                    List.of("loss", "eval_loss", "grad_norm", "param_norm", "update_norm"),
                    List.of(new Parameter(
                            "alpha",
                            Departures.ALPHA,
                            "1",
                            "Chance that runs which are alike show a departure in one metric",
                            new Published("Cook and Weisberg, Residuals and Influence in Regression (1982): externally"
                                    + " studentised deviation, with Bonferroni's bound over runs and stretches"))),
                    "Compare the settings, data and machines of this run with the others', from the step named."),
            new DetectorInfo(
                    PARTING,
                    "Runs that part",
                    "Runs that may differ do so from this step on.",
                    List.of("loss", "eval_loss", "grad_norm", "param_norm", "update_norm"),
                    List.of(new Parameter(
                            "alpha",
                            Departures.ALPHA,
                            "1",
                            "Chance that two runs which differ by independent noise of their steps alone seem to part",
                            new Published(
                                    "Ploberger and Krämer, Econometrica 60 (1992); noise by Wu and Zhao, J. R. Stat."
                                            + " Soc. B 69 (2007)"))),
                    "Two runs do not tell how far seeds lie apart: for that compare at least three of one configuration."),
            new DetectorInfo(
                    LADDER,
                    "Change that does not transfer",
                    "What helps a small run harms the largest one, or the other way round.",
                    List.of("loss", "eval_loss"),
                    List.of(new Parameter(
                            "confidence",
                            0.95,
                            "1",
                            "Confidence of the intervals that must lie on opposite sides of 0",
                            new Published("Welch, Biometrika 34 (1947)"))),
                    "Decide by the largest size; tune the setting again there."));

    private Verdicts() {}

    /** What the comparison of a set means. */
    public static SetReport of(RunSet set, ComparedSet compared) {
        List<Finding> findings = new ArrayList<>();
        for (Parting parting : compared.partings()) {
            ofParting(set, parting).ifPresent(findings::add);
        }
        Map<Integer, List<Departure>> byRun = compared.departures().stream()
                .collect(Collectors.groupingBy(Departure::run, LinkedHashMap::new, Collectors.toList()));
        byRun.forEach((run, departures) -> findings.add(ofDepartures(set, run, departures)));
        findings.sort(Finding.ORDER);
        return new SetReport(set, compared, findings, verdict(set, compared, findings));
    }

    private static Optional<Finding> ofParting(RunSet set, Parting parting) {
        int leaving = parting.leaving().get(0);
        Optional<int[]> twins = twins(set, parting);
        if (twins.isPresent()) {
            return Optional.of(twinMismatch(set, parting, twins.get()[0], twins.get()[1]));
        }
        if (set.isOneConfiguration()) {
            // Seeds are meant to differ.
            return Optional.empty();
        }
        int staying = parting.staying().get(0);
        String differing = set.varying().entrySet().stream()
                .filter(each ->
                        !each.getValue().get(leaving).equals(each.getValue().get(staying)))
                .limit(MOST_NAMED)
                .map(each -> each.getKey() + " (" + orNone(each.getValue().get(staying)) + " there, "
                        + orNone(each.getValue().get(leaving)) + " here)")
                .collect(Collectors.joining(", "));
        return Optional.of(finding(
                set,
                leaving,
                PARTING,
                parting,
                Severity.INFO,
                Cause.UNKNOWN,
                when(parting) + " differs from " + names(set, parting.staying()) + ": " + what(parting)
                        + (differing.isEmpty() ? "" : "; settings that differ: " + differing)));
    }

    private static String orNone(String value) {
        return value.isEmpty() ? "none" : value;
    }

    private static Optional<int[]> twins(RunSet set, Parting parting) {
        for (int leaving : parting.leaving()) {
            for (int staying : parting.staying()) {
                if (set.areTwins(leaving, staying)) {
                    return Optional.of(new int[] {leaving, staying});
                }
            }
        }
        return Optional.empty();
    }

    private static Finding twinMismatch(RunSet set, Parting parting, int leaving, int staying) {
        boolean input = !parting.differences().isEmpty()
                && parting.differences().get(0).quantity().isInput();
        boolean rounding = size(parting) <= ROUNDING && !parting.isOfOneWorker();
        Cause cause = input ? Cause.DATA : parting.isOfOneWorker() ? Cause.WORKER : Cause.NUMERICS;
        Severity severity = !input && parting.isOfOneWorker()
                ? Severity.ERROR
                : rounding && !input ? Severity.INFO : Severity.WARNING;
        String meaning = input
                ? "they were not given the same data"
                : parting.isOfOneWorker()
                        ? String.format(
                                Locale.ROOT,
                                "the other %d workers are equal at this step, so silent corruption on that worker is"
                                        + " likelier than a program that is not deterministic",
                                parting.workersCompared() - 1)
                        : rounding
                                ? "no more than rounding: sums in another order"
                                : parting.hadBeenEqual()
                                        ? "the program is not deterministic, or something was corrupted"
                                        : "the seed does not decide all: initialisation, data order or program differ";
        String text = String.format(
                Locale.ROOT,
                "%s differs from %s, which has the same seed and configuration: %s; %s",
                when(parting),
                name(set, staying),
                what(parting),
                meaning);
        return finding(set, leaving, TWINS, parting, severity, cause, text);
    }

    /** Relative size of the nearest difference that is a number; infinite without one. */
    private static double size(Parting parting) {
        return parting.differences().stream()
                .filter(each -> each.quantity().isNumber())
                .mapToDouble(Difference::relative)
                .map(size -> Double.isNaN(size) ? Double.POSITIVE_INFINITY : size)
                .findFirst()
                .orElse(Double.POSITIVE_INFINITY);
    }

    private static String when(Parting parting) {
        return parting.hadBeenEqual()
                ? "equal bit for bit up to step " + parting.lastEqual() + ", at step " + parting.step()
                : "from the first step both logged, " + parting.step() + ",";
    }

    private static String what(Parting parting) {
        List<Difference> differences = parting.differences();
        String named =
                differences.stream().limit(MOST_NAMED).map(Verdicts::difference).collect(Collectors.joining(", "));
        int more = parting.differing() - Math.min(MOST_NAMED, differences.size());
        return "first in " + named + (more > 0 ? " and " + more + " more" : "");
    }

    private static String difference(Difference difference) {
        String where = where(difference.quantity().name(), difference.worker(), difference.layer());
        if (!difference.quantity().isNumber()) {
            return where;
        }
        return where + " (" + difference.staying() + " there, " + difference.leaving() + " here)";
    }

    private static String where(String metric, int worker, String layer) {
        return metric
                + (layer.equals(Observation.NO_LAYER) ? "" : " of layer " + layer)
                + (worker == StepRecord.NO_WORKER ? "" : " of worker " + worker);
    }

    private static Finding ofDepartures(RunSet set, int run, List<Departure> departures) {
        Departure first = departures.get(0);
        boolean pair = set.runs().size() < Departures.BAND;
        boolean worse = departures.stream().anyMatch(each -> isLoss(each) && each.endsAbove());
        String more = departures.stream()
                .skip(1)
                .filter(Verdicts::isWhole)
                .limit(MOST_NAMED)
                .map(Verdicts::departure)
                .collect(Collectors.joining("; "));
        String against = pair
                ? "parts from " + name(set, 0) + " beyond the noise of their steps"
                : "leaves the band of the other " + (set.runs().size() - 1) + " runs";
        return new Finding(
                set.runs().get(run).runId(),
                pair ? PARTING : BAND,
                first.quantity().name(),
                0,
                first.worker(),
                null,
                first.layer().equals(Observation.NO_LAYER) ? null : first.layer(),
                null,
                first.from(),
                first.to(),
                first.peak(),
                first.score(),
                first.threshold(),
                "",
                !pair && worse ? Severity.WARNING : Severity.INFO,
                Cause.UNKNOWN,
                against + ", first in " + departure(first) + (more.isEmpty() ? "" : "; then in " + more));
    }

    private static String departure(Departure departure) {
        return String.format(
                Locale.ROOT,
                "%s from about step %d%s (%+.2f %%%s, p = %.1e)",
                where(departure.quantity().name(), departure.worker(), departure.layer()),
                departure.from(),
                departure.lasts() ? "" : " to " + departure.to(),
                100 * departure.gap(),
                departure.changesSides()
                        ? String.format(Locale.ROOT, ", at the end %+.2f %%", 100 * departure.end())
                        : "",
                departure.pValue());
    }

    private static boolean isWhole(Departure departure) {
        return departure.worker() == StepRecord.NO_WORKER && departure.layer().equals(Observation.NO_LAYER);
    }

    private static boolean isLoss(Departure departure) {
        return isWhole(departure) && departure.quantity().name().endsWith("loss");
    }

    private static Finding finding(
            RunSet set, int run, String kind, Parting parting, Severity severity, Cause cause, String text) {
        Optional<Difference> nearest = parting.differences().stream().findFirst();
        String layer = nearest.map(Difference::layer).orElse(Observation.NO_LAYER);
        return new Finding(
                set.runs().get(run).runId(),
                kind,
                nearest.map(each -> each.quantity().name()).orElse(""),
                0,
                nearest.map(Difference::worker).orElse(StepRecord.NO_WORKER),
                null,
                layer.equals(Observation.NO_LAYER) ? null : layer,
                null,
                parting.step(),
                parting.step(),
                parting.step(),
                size(parting),
                kind.equals(TWINS) ? ROUNDING : 0,
                "",
                severity,
                cause,
                text);
    }

    private static String name(RunSet set, int run) {
        return "'" + set.runs().get(run).runId() + "'";
    }

    private static String names(RunSet set, List<Integer> runs) {
        String named =
                runs.stream().limit(MOST_NAMED).map(run -> name(set, run)).collect(Collectors.joining(", "));
        return runs.size() > MOST_NAMED ? named + " and " + (runs.size() - MOST_NAMED) + " more" : named;
    }

    private static String verdict(RunSet set, ComparedSet compared, List<Finding> findings) {
        int runs = set.runs().size();
        if (runs == 1) {
            return "one run: nothing to compare it with";
        }
        long withSteps =
                compared.ends().stream().filter(end -> end.points() > 0).count();
        if (withSteps < 2) {
            return withSteps + " of " + runs + " runs logged a step: nothing to compare";
        }
        if (compared.partings().isEmpty()) {
            return "all " + runs + " runs are equal bit for bit in what they both logged";
        }
        return equality(set, compared) + band(runs, findings);
    }

    private static String equality(RunSet set, ComparedSet compared) {
        // Of seeds it is chance, by logged digits, how long some are equal.
        List<Parting> late = compared.partings().stream()
                .filter(Parting::hadBeenEqual)
                .filter(each -> !set.isOneConfiguration() || twins(set, each).isPresent())
                .toList();
        if (late.isEmpty()) {
            return set.isOneConfiguration()
                    ? set.runs().size() + " runs of one configuration"
                    : "no two runs are equal at the first step they share";
        }
        return late.stream()
                .limit(MOST_NAMED)
                .map(each -> names(set, each.leaving()) + " equal to " + names(set, each.staying()) + " up to step "
                        + each.lastEqual())
                .collect(Collectors.joining("; "));
    }

    private static String band(int runs, List<Finding> findings) {
        long leaving =
                findings.stream().filter(each -> each.detector().equals(BAND)).count();
        if (runs < Departures.BAND) {
            return "; two runs do not tell how far seeds lie apart";
        }
        return leaving == 0
                ? "; no run leaves the band of the others"
                : "; " + leaving + (leaving == 1 ? " run leaves" : " runs leave") + " the band of the others";
    }

    /** Ladders whose largest size contradicts a smaller one; the finding names the largest size's first run. */
    public static List<Finding> ofLadders(List<Ladder> ladders) {
        return ladders.stream()
                .filter(ladder -> ladder.transfer() == Ladder.Transfer.REVERSES)
                .map(Verdicts::ofLadder)
                .toList();
    }

    private static Finding ofLadder(Ladder ladder) {
        Ladder.Rung largest = ladder.rungs().get(ladder.rungs().size() - 1);
        Ladder.Rung contrary = ladder.rungs().stream()
                .filter(rung -> rung.isClear() && rung.effect() * largest.effect() < 0)
                .findFirst()
                .orElse(largest);
        return new Finding(
                ladder.project(),
                LADDER,
                ladder.heldOut() ? "eval_loss" : "loss",
                0,
                StepRecord.NO_WORKER,
                null,
                null,
                null,
                0,
                0,
                0,
                largest.effect(),
                0,
                "",
                Severity.WARNING,
                Cause.UNKNOWN,
                String.format(
                        Locale.ROOT,
                        "%s from %s to %s%s changes the final loss by %+.2f %% at %s, but by %+.2f %% (%+.2f to %+.2f)"
                                + " at %s",
                        ladder.setting(),
                        orNone(ladder.from()),
                        orNone(ladder.to()),
                        ladder.recipe().isEmpty() ? "" : " (" + ladder.recipe() + ")",
                        100 * contrary.effect(),
                        contrary.size(),
                        100 * largest.effect(),
                        100 * largest.low(),
                        100 * largest.high(),
                        largest.size()));
    }
}
