package io.tiltmeter.blocks;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Follows which members of a group have equal values, from step to step. A class has a number, which stays with most of its
 * members: when one leaves, the one gets another number, whoever it is, and as few as can be change. A member without a value
 * goes with most of its former equals, so that a row that was lost changes nothing; where these part evenly it is not known
 * any more where it belongs. Not thread-safe.
 */
public final class EqualClasses {
    /** Number of the class of a member that has not been seen, or of which it is not known. */
    public static final int UNKNOWN = -1;

    private int[] number = new int[0];

    /** The number of each member's class; not to be changed. */
    public int[] numbers() {
        return number;
    }

    /** Forgets the members. */
    public void clear() {
        number = new int[0];
    }

    /**
     * Takes the next step.
     *
     * @param step the class of each member at this step by any numbering from 0 to below the number of members, or
     *     {@link #UNKNOWN} without a value; members may be more than before
     * @return whether the class of any member changed
     */
    public boolean advance(int[] step) {
        int[] before = Arrays.copyOf(number, step.length);
        Arrays.fill(before, Math.min(number.length, step.length), step.length, UNKNOWN);
        int[] now = step.clone();
        BitSet taken = new BitSet();
        int[] next = new int[now.length];
        Arrays.fill(next, UNKNOWN);
        place(before, now, next, taken);
        int[] given = give(before, now, taken);
        for (int m = 0; m < now.length; m++) {
            next[m] = now[m] < 0 ? next[m] : given[now[m]];
        }
        boolean changed = !Arrays.equals(before, next);
        number = next;
        return changed;
    }

    /** Puts members without a value into the class of most of their former equals; where all of these are gone, nothing changes. */
    private static void place(int[] before, int[] now, int[] next, BitSet taken) {
        Map<Integer, int[]> equals = new HashMap<>();
        for (int m = 0; m < now.length; m++) {
            if (now[m] < 0 && before[m] >= 0) {
                // Class that may have most, how far it leads, its members, all members.
                equals.putIfAbsent(before[m], new int[] {UNKNOWN, 0, 0, 0});
            }
        }
        if (equals.isEmpty()) {
            return;
        }
        // Boyer and Moore, MJRTY, 1991: what more than half of them have is left over when unequal ones are paired off.
        for (int m = 0; m < now.length; m++) {
            int[] of = now[m] < 0 ? null : equals.get(before[m]);
            if (of != null) {
                of[0] = of[1] == 0 ? now[m] : of[0];
                of[1] += of[0] == now[m] ? 1 : -1;
            }
        }
        for (int m = 0; m < now.length; m++) {
            int[] of = now[m] < 0 ? null : equals.get(before[m]);
            if (of != null) {
                of[2] += of[0] == now[m] ? 1 : 0;
                of[3]++;
            }
        }
        for (int m = 0; m < now.length; m++) {
            int[] of = now[m] >= 0 ? null : equals.get(before[m]);
            if (of != null && of[3] == 0) {
                next[m] = before[m];
                taken.set(before[m]);
            } else if (of != null && 2 * of[2] > of[3]) {
                now[m] = of[0];
            }
        }
    }

    /** The number of each class of this step: the one that most of its members had, or the lowest that is free. */
    private static int[] give(int[] before, int[] now, BitSet taken) {
        Map<Long, Integer> votes = new HashMap<>();
        int[] lowest = new int[now.length];
        Arrays.fill(lowest, UNKNOWN);
        for (int m = 0; m < now.length; m++) {
            if (now[m] >= 0) {
                lowest[now[m]] = lowest[now[m]] < 0 ? m : lowest[now[m]];
                if (before[m] >= 0) {
                    votes.merge((long) now[m] << Integer.SIZE | before[m], 1, Integer::sum);
                }
            }
        }
        List<Map.Entry<Long, Integer>> order = votes.entrySet().stream()
                .sorted(Comparator.comparing((Map.Entry<Long, Integer> vote) -> -vote.getValue())
                        .thenComparing(vote -> lowest[(int) (vote.getKey() >> Integer.SIZE)])
                        .thenComparing(vote -> (int) (long) vote.getKey()))
                .toList();
        int[] given = new int[now.length];
        Arrays.fill(given, UNKNOWN);
        for (Map.Entry<Long, Integer> vote : order) {
            int of = (int) (vote.getKey() >> Integer.SIZE);
            int wanted = (int) (long) vote.getKey();
            if (given[of] < 0 && !taken.get(wanted)) {
                given[of] = wanted;
                taken.set(wanted);
            }
        }
        for (int m = 0; m < now.length; m++) {
            if (now[m] >= 0 && given[now[m]] < 0) {
                given[now[m]] = taken.nextClearBit(0);
                taken.set(given[now[m]]);
            }
        }
        return given;
    }
}
