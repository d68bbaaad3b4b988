package io.tiltmeter.train.faults;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Lets a worker compute with the parameters of some steps ago, as a cache that is not refreshed does; its share in the
 * mean is a late gradient. Arguments: {@code worker}, {@code from}, {@code to}; {@code lag} in steps (10).
 */
public final class StaleParameters extends WorkerFault {
    private static final long serialVersionUID = 1;

    private final int lag;
    private final transient Deque<INDArray> past = new ArrayDeque<>();
    private transient @Nullable INDArray held;
    private transient @Nullable INDArray truth;

    /** Of {@code training.interceptor-arguments}. */
    public StaleParameters(Map<String, String> arguments) {
        super(arguments);
        lag = (int) number(arguments, "lag", 10);
    }

    @Override
    public void updated(int worker, long step, INDArray parameters) {
        if (!concerns(worker)) {
            return;
        }
        INDArray before = held;
        // The update that all workers got is what changed since; it belongs to the true parameters.
        INDArray now = before == null || truth == null
                ? parameters.dup()
                : truth.add(parameters).subi(before);
        truth = now;
        past.addLast(now);
        while (past.size() > lag + 1) {
            past.removeFirst();
        }
        if (strikes(worker, step)) {
            parameters.assign(past.getFirst());
        } else if (before != null) {
            parameters.assign(now);
        }
        held = strikes(worker, step) || before != null ? parameters.dup() : null;
    }
}
