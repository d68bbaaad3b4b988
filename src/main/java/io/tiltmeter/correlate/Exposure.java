package io.tiltmeter.correlate;

import io.tiltmeter.correlate.FleetRun.Event;
import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.correlate.FleetRun.Reading;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Runs that share a value of an axis.
 *
 * @param project project that it is limited to; empty for the whole fleet
 * @param runs numbers of the runs, ascending
 * @param shares for each of them the chance that an incident of unknown cause points at this value: the share of the run's
 *     workers or steps that it has; empty where an incident cannot point at parts of a run, and all are 1
 */
record Exposure(Axis axis, String value, String project, int[] runs, double[] shares) {

    /** Whether an incident of an exposed run is one that this value may have caused. */
    boolean couldCause(Event event) {
        if (shares.length == 0) {
            return true;
        }
        if (axis == Axis.SHARD) {
            Reading reading = event.shards().get(value);
            return reading != null && reading.atIncident();
        }
        Place place = event.place();
        return place != null && value.equals(name(axis, place));
    }

    /** Name of a place on one of the axes of hardware; empty where it is not known. */
    static String name(Axis axis, Place place) {
        return switch (axis) {
            case HOST -> place.host();
            case DEVICE -> place.device() == null ? "" : place.host() + " " + place.device();
            case RACK -> place.rack() == null ? "" : place.rack();
            default -> throw new IllegalArgumentException("Axis " + axis.text() + " is no axis of places");
        };
    }

    /** Whether runs are their own controls: other parts of the run were not exposed. */
    boolean isWithinRuns() {
        return Arrays.stream(shares).anyMatch(share -> share < 1);
    }

    double share(int i) {
        return shares.length == 0 ? 1 : shares[i];
    }

    BitSet asSet() {
        BitSet set = new BitSet();
        Arrays.stream(runs).forEach(set::set);
        return set;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Exposure that
                && axis == that.axis
                && value.equals(that.value)
                && project.equals(that.project)
                && Arrays.equals(runs, that.runs)
                && Arrays.equals(shares, that.shares);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * axis.hashCode() + value.hashCode()) + Arrays.hashCode(runs);
    }

    @Override
    public String toString() {
        return axis.text() + " " + value + " (" + runs.length + " runs)";
    }
}
