package io.tiltmeter.compare;

import io.tiltmeter.model.Chart;
import io.tiltmeter.model.StepRecord;
import java.io.Serializable;
import java.util.Comparator;
import java.util.List;

/**
 * What the comparison of a set of runs leaves.
 *
 * @param partings where runs ceased to be equal, by step
 * @param departures runs that leave the others beyond noise, the first ones first
 * @param ends what each run comes to, in the order of the set
 * @param leftOut values of single workers and layers that were compared bit for bit only, for want of memory
 */
public record ComparedSet(List<Parting> partings, List<Departure> departures, List<End> ends, long leftOut)
        implements Serializable {
    /** The earliest first; of one step the run as a whole last, since it follows from its parts. */
    static final Comparator<Departure> FIRST = Comparator.comparingLong(Departure::from)
            .thenComparingInt(d -> d.quantity().rank())
            .thenComparing(d -> d.worker() == StepRecord.NO_WORKER && d.layer().equals(Observation.NO_LAYER))
            .thenComparing(Departure::pValue)
            .thenComparingInt(Departure::run)
            .thenComparingInt(Departure::worker)
            .thenComparing(Departure::layer)
            .thenComparing(d -> d.quantity().name());

    public ComparedSet {
        partings = List.copyOf(partings);
        departures = List.copyOf(departures);
        ends = List.copyOf(ends);
    }

    /**
     * What a run comes to.
     *
     * @param points steps at which it logged a metric that is judged
     * @param loss median of the last tenth of its training losses, NaN without any
     * @param evalLoss the same of held-out losses
     * @param curves its curves, thinned
     */
    public record End(long points, long lastStep, double loss, double evalLoss, List<Chart> curves)
            implements Serializable {
        public End {
            curves = List.copyOf(curves);
        }
    }
}
