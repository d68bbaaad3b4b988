package io.tiltmeter.correlate;

import java.util.BitSet;

/** A value of an axis that explains incidents of one kind, and can be asked what is left of it beside another one. */
interface Claim {
    Axis axis();

    String value();

    /** Affected runs that it explains. */
    BitSet hits();

    /** Runs exposed to it. */
    BitSet exposed();

    /** Whether its runs are their own controls, so that what holds for a whole run cannot explain it. */
    boolean isWithinRuns();

    /** False-discovery-adjusted probability by chance. */
    double qValue();

    double pValue();

    /** Probability by chance of what is left of it once the other one is taken into account. */
    double given(Claim other);
}
