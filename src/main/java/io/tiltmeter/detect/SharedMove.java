package io.tiltmeter.detect;

import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Severity;
import io.tiltmeter.stats.Robust;
import io.tiltmeter.stats.SortedWindow;
import java.util.ArrayList;
import java.util.List;

/**
 * Stretches in which the workers of a run left their level all together, in a metric that no detector of the run as a whole
 * knows: no worker is to blame, and it is worth knowing.
 */
final class SharedMove {
    private static final int MEMORY = 16;
    private static final int FEWEST = 3;
    /** Standard deviations of the usual changes from chunk to chunk, and least ratio, of a move. */
    private static final double SIGMAS = 6;

    private static final double RATIO = 2;

    private final SortedWindow levels = new SortedWindow(MEMORY);
    private final SortedWindow changes = new SortedWindow(MEMORY);
    private final List<Move> moves = new ArrayList<>();
    private double previous = Double.NaN;
    private boolean away;

    private static final class Move {
        final int attempt;
        final long from;
        long to;
        double strongest;
        long peak;

        Move(int attempt, long from) {
            this.attempt = attempt;
            this.from = from;
        }
    }

    void observe(int attempt, WorkerLevels window) {
        for (int c = 0; c < window.chunks(); c++) {
            double centre = window.centre()[c];
            if (!window.isRatio() || centre <= 0) {
                continue;
            }
            double level = Math.log(centre);
            double usual = levels.median();
            double sigma = Robust.MAD_TO_SIGMA * changes.median();
            double distance = level - usual;
            boolean moved = levels.size() >= FEWEST
                    && Math.abs(distance) >= Math.log(RATIO)
                    && Math.abs(distance) >= SIGMAS * sigma;
            long from = window.steps()[window.start(c)];
            long to = window.steps()[window.start(c + 1) - 1];
            if (moved) {
                if (!away && moves.size() < Detector.Tracker.MAX_FINDINGS) {
                    moves.add(new Move(attempt, from));
                }
                Move move = moves.get(moves.size() - 1);
                move.to = to;
                if (Math.abs(distance) > Math.abs(move.strongest)) {
                    move.strongest = distance;
                    move.peak = to;
                }
            } else if (!Double.isNaN(previous)) {
                changes.add(Math.abs(level - previous));
            }
            // Also of what has moved: what stays is the level in the end.
            levels.add(level);
            previous = moved ? previous : level;
            away = moved;
        }
    }

    List<Finding> findings(String runId, String detector, String metric, double threshold) {
        return moves.stream()
                .map(move -> Evidence.of(runId, detector)
                        .metric(metric)
                        .steps(move.attempt, move.from, move.to, move.peak)
                        .score(Math.exp(Math.abs(move.strongest)), threshold)
                        .verdict(Severity.INFO, Cause.INFRASTRUCTURE)
                        .group("all workers")
                        .text(
                                "%s of all workers together moved to %s times its usual level between steps %d and %d: no"
                                        + " single worker's doing",
                                metric, Evidence.number(Math.exp(move.strongest)), move.from, move.to)
                        .finding())
                .toList();
    }
}
