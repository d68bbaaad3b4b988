package io.tiltmeter.train.faults;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Makes a worker wait at every step. Arguments: {@code worker}, {@code from}, {@code to}; {@code millis} (40);
 * {@code where}, which is compute (a throttled processor; the default) or data (a slow disk).
 */
public final class SlowWorker extends WorkerFault {
    private static final long serialVersionUID = 1;

    private final long millis;
    private final boolean data;

    /** Of {@code training.interceptor-arguments}. */
    public SlowWorker(Map<String, String> arguments) {
        super(arguments);
        millis = (long) number(arguments, "millis", 40);
        data = arguments.getOrDefault("where", "compute").equals("data");
    }

    @Override
    public MultiDataSet batch(int worker, long step, MultiDataSet dealt) {
        if (data && strikes(worker, step)) {
            pause();
        }
        return dealt;
    }

    @Override
    public void gradient(int worker, long step, INDArray gradient) {
        if (!data && strikes(worker, step)) {
            pause();
        }
    }

    private void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
