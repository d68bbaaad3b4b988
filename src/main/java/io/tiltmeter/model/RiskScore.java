package io.tiltmeter.model;

import java.io.Serializable;

/**
 * What an earlier night's models say of a run whose outcome is not known yet.
 *
 * @param risk calibrated probability that it goes wrong; NaN where no useful risk model is there
 * @param low lower end of the 95 % interval of the share that went wrong among runs of similar risk; NaN likewise
 * @param high its upper end
 * @param archetype name of the nearest archetype of what the run has shown so far; empty if it has shown nothing
 * @param modelDate date of the night whose models these are
 */
public record RiskScore(String runId, double risk, double low, double high, String archetype, String modelDate)
        implements Serializable {}
