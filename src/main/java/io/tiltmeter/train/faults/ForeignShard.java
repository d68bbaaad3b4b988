package io.tiltmeter.train.faults;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Gives a worker the mini-batches of another in place of its own, as a wrong rank in the sampler does. The two hand over in
 * memory, so both must be in one JVM. Arguments: {@code run}, which keeps runs apart; {@code worker}, {@code from},
 * {@code to}; {@code of}, the other worker (0).
 */
public final class ForeignShard extends WorkerFault {
    private static final long serialVersionUID = 1;
    private static final long PATIENCE_SECONDS = 60;
    private static final Map<String, MultiDataSet> HANDED = new ConcurrentHashMap<>();

    private final String run;
    private final int of;

    /** Of {@code training.interceptor-arguments}. */
    public ForeignShard(Map<String, String> arguments) {
        super(arguments);
        run = arguments.getOrDefault("run", "");
        of = (int) number(arguments, "of", 0);
    }

    @Override
    public MultiDataSet batch(int worker, long step, MultiDataSet dealt) {
        String place = run + "/" + step;
        if (worker == of) {
            // Offered at every step of the fault; all workers take a step together, so the last one was fetched.
            HANDED.remove(run + "/" + (step - 1));
            if (step >= from()) {
                HANDED.put(place, dealt.copy());
            }
        } else if (strikes(worker, step)) {
            return fetch(place);
        }
        return dealt;
    }

    private static MultiDataSet fetch(String place) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (System.nanoTime() < end) {
            MultiDataSet handed = HANDED.get(place);
            if (handed != null) {
                return handed;
            }
            try {
                TimeUnit.MICROSECONDS.sleep(100);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        throw new IllegalStateException("No batch was handed over for " + place + "; are both workers in one JVM?");
    }
}
