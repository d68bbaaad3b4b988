package io.tiltmeter.compare;

import java.io.Serializable;
import java.util.List;

/**
 * What one change of a setting does to the final loss at several sizes of one recipe: whether what helps a small run still
 * helps a large one.
 *
 * @param project where the runs belong
 * @param setting name of the setting that is changed
 * @param from its value before the change
 * @param to its value after it
 * @param recipe all other settings that vary in the project and are no sizes
 * @param heldOut whether losses are held-out ones
 * @param rungs the sizes, the smallest first; at least two
 */
public record Ladder(
        String project, String setting, String from, String to, String recipe, boolean heldOut, List<Rung> rungs)
        implements Serializable {
    public Ladder {
        rungs = List.copyOf(rungs);
    }

    /**
     * One size.
     *
     * @param size settings that make the size
     * @param lossFrom mean final loss before the change
     * @param lossTo mean final loss after it
     * @param effect relative change of the loss; below 0 the change helps
     * @param low lower end of its 95 % interval, NaN where one of both has a single run
     * @param high upper end
     */
    public record Rung(
            String size,
            int runsFrom,
            int runsTo,
            double lossFrom,
            double lossTo,
            double effect,
            double low,
            double high)
            implements Serializable {
        /** Whether the interval lies on one side of 0. */
        public boolean isClear() {
            return low > 0 || high < 0;
        }
    }

    /** What the smallest size tells of the largest. */
    public enum Transfer {
        /** Both effects are clear and of one sign. */
        HOLDS,
        /** The effect at the largest size is clear and of the other sign than at a smaller one, where it is clear too. */
        REVERSES,
        /** The largest size's interval has 0 in it, or there are too few seeds for an interval. */
        UNCLEAR
    }

    /** Whether the effect at the small sizes holds at the largest. */
    public Transfer transfer() {
        Rung largest = rungs.get(rungs.size() - 1);
        if (!largest.isClear()) {
            return Transfer.UNCLEAR;
        }
        List<Rung> smaller = rungs.subList(0, rungs.size() - 1);
        if (smaller.stream().anyMatch(rung -> rung.isClear() && rung.effect() * largest.effect() < 0)) {
            return Transfer.REVERSES;
        }
        return smaller.get(0).isClear() ? Transfer.HOLDS : Transfer.UNCLEAR;
    }
}
