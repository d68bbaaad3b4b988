package io.tiltmeter.simulate;

/**
 * Dynamic loss scaling in closed form. A healthy run starts at 2^32, halves at every step until it fits, then
 * doubles once every {@link #GROWTH_INTERVAL} steps, overflows once before the next doubling, and halves again.
 */
final class LossScale {
    static final int START_EXPONENT = 32;
    static final int GROWTH_INTERVAL = 2000;
    /** In a collapse the scale halves every so many logged steps. */
    static final int COLLAPSE_PACE = 2;

    private LossScale() {}

    /** Logarithm to base 2 of the scale at a logged step. */
    static int exponent(RunPlan plan, long n) {
        if (collapsing(plan, n) && plan.fault != null) {
            long halvings = (n - plan.fault.first()) / COLLAPSE_PACE + 1;
            return (int) Math.max(0, healthy(plan, plan.step(plan.fault.first() - 1)) - halvings);
        }
        return healthy(plan, plan.step(n));
    }

    /** Whether the update of a logged step overflowed and was skipped. */
    static boolean skipped(RunPlan plan, long n) {
        if (collapsing(plan, n) && plan.fault != null) {
            long since = n - plan.fault.first();
            // Down at 1, three of four updates still overflow.
            return exponent(plan, n) > 0 ? since % COLLAPSE_PACE == 0 : since % 4 != 3;
        }
        long step = plan.step(n);
        long calibrated = plan.calibrationSteps();
        if (step < calibrated) {
            return true;
        }
        long cycle = (step - calibrated) / GROWTH_INTERVAL;
        return cycle > 0 && (step - calibrated) % GROWTH_INTERVAL == overflow(plan, cycle);
    }

    private static boolean collapsing(RunPlan plan, long n) {
        return plan.fault != null && plan.fault.kind() == FaultKind.LOSS_SCALE_COLLAPSE && n >= plan.fault.first();
    }

    private static int healthy(RunPlan plan, long step) {
        long calibrated = plan.calibrationSteps();
        if (step < calibrated) {
            return (int) (START_EXPONENT - step);
        }
        long cycle = (step - calibrated) / GROWTH_INTERVAL;
        boolean grown = cycle > 0 && (step - calibrated) % GROWTH_INTERVAL <= overflow(plan, cycle);
        return plan.scaleFloor + (grown ? 1 : 0);
    }

    /** In which step of a cycle the doubled scale overflows. */
    private static long overflow(RunPlan plan, long cycle) {
        return 1 + (long) (Noise.uniform(Noise.child(plan.key, 21), (int) cycle) * (GROWTH_INTERVAL - 2));
    }
}
