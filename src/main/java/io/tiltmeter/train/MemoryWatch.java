package io.tiltmeter.train;

import io.tiltmeter.model.MetricRecord;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * Looks every few seconds how much memory the process of a worker uses, and how much its device has. Workers that share a
 * process say the same.
 */
final class MemoryWatch {
    /** Used Java heap. */
    static final String HEAP = "memory/heap_used_bytes";
    /** Native memory that JavaCPP, under DL4J, counts as its own. */
    static final String NATIVE = "memory/native_bytes";
    /** Physical memory of the process, of all kinds. */
    static final String RESIDENT = "memory/resident_bytes";
    /** Free memory of the worker's GPU. */
    static final String DEVICE_FREE = "memory/device_free_bytes";
    /** All memory of the worker's GPU. */
    static final String DEVICE_TOTAL = "memory/device_total_bytes";

    private static final long EVERY_NANOS = 5_000_000_000L;

    private boolean begun;
    private long latest;

    /** Looks now, and then after some seconds again. */
    void begin() {
        begun = false;
    }

    /** What there is to say at a step: nothing if it has not been long. */
    List<MetricRecord> look(String run, int attempt, int worker, long step) {
        long now = System.nanoTime();
        if (begun && now - latest < EVERY_NANOS) {
            return List.of();
        }
        begun = true;
        latest = now;
        Rows rows = new Rows(run, attempt, worker, step, SegmentedTraining.micros(), new ArrayList<>());
        rows.add(HEAP, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        rows.add(NATIVE, Pointer.totalBytes());
        rows.add(RESIDENT, Pointer.physicalBytes());
        if (!Nd4j.getEnvironment().isCPU()) {
            NativeOps device = NativeOpsHolder.getInstance().getDeviceNativeOps();
            rows.add(DEVICE_FREE, device.getDeviceFreeMemoryDefault());
            rows.add(DEVICE_TOTAL, device.getDeviceTotalMemory(device.getDevice()));
        }
        return rows.all();
    }

    private record Rows(String run, int attempt, int worker, long step, long micros, List<MetricRecord> all) {
        void add(String name, long bytes) {
            all.add(new MetricRecord(run, attempt, worker, step, micros, name, bytes));
        }
    }
}
