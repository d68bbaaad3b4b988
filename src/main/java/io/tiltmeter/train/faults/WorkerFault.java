package io.tiltmeter.train.faults;

import io.tiltmeter.train.StepInterceptor;
import java.util.Map;

/**
 * A fault of one worker, or of all. Arguments: {@code worker}, whose it is (-1, which is all); {@code from}, its first step
 * (0); {@code to}, the step after its last (none).
 */
abstract class WorkerFault implements StepInterceptor {
    private static final long serialVersionUID = 1;

    private final int worker;
    private final long from;
    private final long to;

    WorkerFault(Map<String, String> arguments) {
        worker = (int) number(arguments, "worker", -1);
        from = (long) number(arguments, "from", 0);
        to = (long) number(arguments, "to", Long.MAX_VALUE);
    }

    /** Whether the fault is at work there. */
    final boolean strikes(int someone, long step) {
        return concerns(someone) && step >= from && step < to;
    }

    /** Whether it is this worker's fault, at whatever step. */
    final boolean concerns(int someone) {
        return worker < 0 || someone == worker;
    }

    final long from() {
        return from;
    }

    static double number(Map<String, String> arguments, String name, double otherwise) {
        String text = arguments.get(name);
        if (text == null) {
            return otherwise;
        }
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("Argument '" + name + "' is '" + text + "', expected a number", e);
        }
    }
}
