package io.tiltmeter.simulate;

import io.tiltmeter.model.StepRecord;

/**
 * A fault of one run and its effect on the numbers. Positions count logged steps, so that a fault keeps its shape and
 * stays visible when only every k-th step is logged.
 *
 * @param first first logged step affected in any way
 * @param last last logged step affected
 * @param worker first worker at fault, or {@link StepRecord#NO_WORKER}
 * @param count number of workers at fault
 * @param spacing from one of them to the next
 */
record Fault(FaultKind kind, long first, long last, int worker, int count, int spacing) {
    /** By how many logged steps the gradient norm leads the loss. */
    static final int LEAD = 3;
    /** How long a spike takes from its first rise of the loss until it is over. */
    static final int SPIKE_LENGTH = 40;
    /** How long a diverging loss stays finite. */
    static final int RUNAWAY_LENGTH = 40;

    static final int EXPLOSION_LENGTH = 30;
    static final int CLUSTER_LENGTH = 12;
    static final int DATA_ORDER_LENGTH = 5;
    /** Isolated stalls, counted from the first. */
    static final long[] STALLS = {0, 17, 41, 60};
    /** Lengths of the stalls in mean compute times. */
    static final double ISOLATED_STALL = 20;

    static final double CLUSTER_STALL = 8;
    /** How much longer a slow worker computes. */
    static final double SLOWNESS = 1.8;
    /** Every how many logged steps a periodically slow worker is slow. */
    static final int PERIOD = 3;
    /** How much too long the gradient of a bad worker is. */
    static final double OUTLIER = 4;
    /** Share of its tokens that a worker keeps. */
    static final double FEWER_TOKENS = 0.5;
    /** Old batches that a lagged worker goes round in. */
    static final int LAG = 5;
    /** Where a run with too high a learning rate levels off, as a share of the loss to be learned. */
    static final double PLATEAU = 0.3;

    private static final double SPIKE_DECAY = 8;
    private static final double RUNAWAY_RATE = 0.15;
    private static final double OSCILLATION_PERIOD = 80;

    Fault(FaultKind kind, long first, long last, int worker) {
        this(kind, first, last, worker, 1, 1);
    }

    /** Whether a worker is among those at fault. */
    boolean concerns(int someone) {
        int distance = someone - worker;
        return worker >= 0 && distance >= 0 && distance % spacing == 0 && distance / spacing < count;
    }

    /** Whether a worker is at fault at a logged step. */
    boolean strikes(int someone, long n) {
        return active(n) && concerns(someone);
    }

    /** Whose data a worker that is fed another's gets: the worker's before it. */
    int dataOf(int someone, long n) {
        return kind == FaultKind.DUPLICATED_DATA && strikes(someone, n) ? someone - 1 : someone;
    }

    /** Which logged step's data and loss a worker shows. */
    long shown(int someone, long n) {
        int lag = repeats();
        return lag > 0 && strikes(someone, n) ? first - lag + (n - first) % lag : n;
    }

    /** How many old steps the worker at fault shows again and again; 0 if it does not. */
    int repeats() {
        return kind == FaultKind.FROZEN_WORKER ? 1 : kind == FaultKind.LAGGED_WORKER ? LAG : 0;
    }

    /** Multiplies the norm of a worker's own gradient. */
    double ownGradientFactor(int someone, long n) {
        boolean tooLong = kind == FaultKind.WORKER_OUTLIER || kind == FaultKind.THREE_OUTLIERS;
        return tooLong && strikes(someone, n) ? OUTLIER : 1;
    }

    /** Multiplies the cosine of a worker's gradient with the others'. */
    int sign(int someone, long n) {
        return kind == FaultKind.FLIPPED_GRADIENT && strikes(someone, n) ? -1 : 1;
    }

    /** Multiplies a worker's tokens. */
    double tokenFactor(int someone, long n) {
        return kind == FaultKind.TOKEN_DRIFT && strikes(someone, n) ? FEWER_TOKENS : 1;
    }

    /** Whether a worker's parameters are its own. */
    boolean drifted(int someone, long n) {
        return kind == FaultKind.REPLICA_DRIFT && strikes(someone, n);
    }

    boolean active(long n) {
        return n >= first && n <= last;
    }

    /** What is left to learn, where the fault changes the course of learning. */
    double excess(RunPlan plan, long n) {
        return switch (kind) {
            case NEVER_LEARNS -> plan.excess(0);
            case LOSS_SCALE_COLLAPSE -> plan.excess(plan.step(Math.min(n, first)));
            case LEARNING_RATE_TOO_HIGH -> {
                double healthy = plan.excess(plan.step(n));
                double floor = PLATEAU * plan.excess(0);
                yield Math.min(plan.excess(0), Math.sqrt(healthy * healthy + floor * floor));
            }
            default -> plan.excess(plan.step(n));
        };
    }

    /** Added to the loss. */
    double bump(long n, double loss, double deviation) {
        if (!active(n)) {
            return 0;
        }
        long since = n - first;
        return switch (kind) {
            case LOSS_SPIKE -> (0.2 * loss + 15 * deviation) * spike(since - LEAD);
            case DIVERGENCE -> runaway(since - LEAD, loss);
            case OSCILLATION -> 3 * deviation * StrictMath.sin(2 * Math.PI * since / OSCILLATION_PERIOD);
            case SHARED_DATA_ORDER -> 12 * deviation * (1 - since / (DATA_ORDER_LENGTH + 1.0));
            default -> 0;
        };
    }

    /** Multiplies the gradient norm. */
    double gradientFactor(long n) {
        if (!active(n)) {
            return 1;
        }
        long since = n - first;
        return switch (kind) {
            case LOSS_SPIKE -> 1 + 10 * spike(since);
            case DIVERGENCE -> StrictMath.exp(RUNAWAY_RATE * (since + LEAD));
            case GRADIENT_EXPLOSION -> StrictMath.exp(0.3 * Math.min(since + 1, 20));
            case SHARED_DATA_ORDER -> 2;
            default -> 1;
        };
    }

    /** Whether loss and gradients of all workers are NaN. */
    boolean allNaN(long n) {
        return switch (kind) {
            case DIVERGENCE -> n > first + LEAD + RUNAWAY_LENGTH;
            case NAN_INPUTS -> n > first;
            default -> false;
        };
    }

    /** Whether one worker reads NaN inputs at this step. */
    boolean nanInputs(long n) {
        return kind == FaultKind.NAN_INPUTS && n == first;
    }

    /** Factor on the busy time of the worker at fault. */
    double slowness(long n) {
        return switch (kind) {
            case SLOW_WORKER, SLOW_NODE, SLOW_IN_TURN -> active(n) ? SLOWNESS : 1;
            case SLOW_PERIODIC -> active(n) && (n - first) % PERIOD == 0 ? SLOWNESS : 1;
            default -> 1;
        };
    }

    /** How long the worker at fault waits for data beyond the usual, in mean compute times. */
    double dataStall(long n) {
        return kind == FaultKind.STALL_ISOLATED && isStall(n - first) ? ISOLATED_STALL : 0;
    }

    /** How long all workers wait in collectives beyond the usual, in mean compute times. */
    double networkStall(long n) {
        return kind == FaultKind.STALL_CLUSTER && active(n) ? CLUSTER_STALL : 0;
    }

    /** Sum over the steps up to and including this one of what the fault adds to their length, in mean compute times. */
    double delay(long n, int logEvery) {
        if (n < first) {
            return 0;
        }
        long steps = Math.min(n, last) - first + 1;
        return switch (kind) {
            case STALL_ISOLATED -> {
                int stalls = 0;
                for (long stall : STALLS) {
                    stalls += n - first >= stall ? 1 : 0;
                }
                yield ISOLATED_STALL * stalls;
            }
            case STALL_CLUSTER -> CLUSTER_STALL * steps;
            case SLOW_WORKER, SLOW_NODE, SLOW_IN_TURN -> (SLOWNESS - 1) * logEvery * steps;
            case SLOW_PERIODIC -> (SLOWNESS - 1) * logEvery * ((steps + PERIOD - 1) / PERIOD);
            default -> 0;
        };
    }

    private static boolean isStall(long since) {
        for (long stall : STALLS) {
            if (since == stall) {
                return true;
            }
        }
        return false;
    }

    private static double spike(long since) {
        if (since < 0 || since > SPIKE_LENGTH) {
            return 0;
        }
        return since == 0 ? 0.5 : StrictMath.exp((1 - since) / SPIKE_DECAY);
    }

    private static double runaway(long since, double loss) {
        return since < 0 ? 0 : 0.05 * loss * (StrictMath.exp(RUNAWAY_RATE * (since + 1)) - 1);
    }
}
