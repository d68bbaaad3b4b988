package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class RingTest {
    private static final long SECRET = 4711;
    private static final Ring.PartMeasure NOTHING = (from, to) -> 0;

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    private interface Work<T> {
        T with(Ring ring, int rank) throws IOException;
    }

    /** Runs the same work on every worker of a ring, each in a thread. */
    private <T> List<T> onEach(int workers, Work<T> work) throws Exception {
        List<Ring.Door> doors = new ArrayList<>();
        List<String> addresses = new ArrayList<>();
        for (int r = 0; r < workers; r++) {
            doors.add(new Ring.Door(InetAddress.getLoopbackAddress()));
            addresses.add(doors.get(r).address());
        }
        List<Future<T>> running = new ArrayList<>();
        for (int r = 0; r < workers; r++) {
            int rank = r;
            running.add(threads.submit(() -> {
                try (Ring.Door door = doors.get(rank);
                        Ring ring = Ring.join(door, rank, addresses, SECRET, 5000)) {
                    return work.with(ring, rank);
                }
            }));
        }
        List<T> results = new ArrayList<>();
        for (Future<T> one : running) {
            results.add(one.get(50, TimeUnit.SECONDS));
        }
        return results;
    }

    @ParameterizedTest
    @CsvSource({"1, 5", "2, 1", "2, 2", "3, 2", "3, 1000", "4, 10", "5, 400001", "2, 300000", "7, 7"})
    void everyWorkerHoldsTheSum(int workers, int n) throws Exception {
        double[] expected = new double[n];
        float[][] inputs = new float[workers][n];
        Random random = new Random(7);
        for (float[] input : inputs) {
            for (int i = 0; i < n; i++) {
                // Small whole numbers: every order of adding gives the same float.
                input[i] = random.nextInt(1000) - 500;
                expected[i] += input[i];
            }
        }
        double[] measured = new double[workers];
        List<float[]> sums = onEach(workers, (ring, rank) -> {
            measured[rank] = ring.sum(inputs[rank], n, (from, to) -> {
                // Whole numbers again; and a part that is measured too early, twice or not at all shows.
                double weighted = to - from;
                for (int i = from; i < to; i++) {
                    weighted += (i % 7) * inputs[rank][i];
                }
                return weighted;
            });
            return inputs[rank];
        });
        double weighted = n;
        for (int i = 0; i < n; i++) {
            weighted += (i % 7) * expected[i];
        }
        assertThat(measured).containsOnly(weighted);
        for (float[] sum : sums) {
            for (int i = 0; i < n; i++) {
                if (sum[i] != expected[i]) {
                    assertThat(sum[i]).as("element %d", i).isEqualTo((float) expected[i]);
                }
            }
        }
    }

    @Test
    void everyWorkerHoldsTheSameBits() throws Exception {
        List<float[]> sums = onEach(3, (ring, rank) -> {
            Random random = new Random(rank);
            float[] values = new float[10_001];
            for (int step = 0; step < 20; step++) {
                for (int i = 0; i < values.length; i++) {
                    values[i] = values[i] * 1e-3f + (float) random.nextGaussian();
                }
                ring.sum(values, values.length, NOTHING);
            }
            return values;
        });
        assertThat(sums.get(1)).isEqualTo(sums.get(0));
        assertThat(sums.get(2)).isEqualTo(sums.get(0));
    }

    @Test
    void whatIsNotANumberSpreads() throws Exception {
        List<float[]> sums = onEach(2, (ring, rank) -> {
            float[] values = {1, rank == 1 ? Float.NaN : 2, rank == 0 ? Float.POSITIVE_INFINITY : 3};
            ring.sum(values, 3, NOTHING);
            return values;
        });
        assertThat(sums).allSatisfy(sum -> assertThat(sum).containsExactly(2, Float.NaN, Float.POSITIVE_INFINITY));
    }

    @Test
    void everyWorkerHearsWhatEachSays() throws Exception {
        List<double[][]> heard = onEach(4, (ring, rank) -> ring.gather(new double[] {rank, rank * 10.5, Double.NaN}));
        assertThat(heard).allSatisfy(all -> {
            assertThat(all).hasDimensions(4, 3);
            for (int r = 0; r < 4; r++) {
                assertThat(all[r]).containsExactly(r, r * 10.5, Double.NaN);
            }
        });
    }

    @Test
    void aWorkerThatLeavesIsNoticed() {
        assertThatThrownBy(() -> onEach(3, (ring, rank) -> {
                    if (rank == 1) {
                        ring.close();
                        return 0;
                    }
                    ring.sum(new float[100], 100, NOTHING);
                    return 0;
                }))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(IOException.class);
    }

    @Test
    void strangersAreTurnedAway() throws Exception {
        List<Ring.Door> doors = List.of(
                new Ring.Door(InetAddress.getLoopbackAddress()), new Ring.Door(InetAddress.getLoopbackAddress()));
        List<String> addresses = List.of(doors.get(0).address(), doors.get(1).address());
        int port = Integer.parseInt(addresses.get(0).replaceAll(".*:", ""));
        try (Socket stranger = new Socket(InetAddress.getLoopbackAddress(), port)) {
            stranger.getOutputStream().write(new byte[12]);
            List<Future<Integer>> joined = new ArrayList<>();
            for (int r = 0; r < 2; r++) {
                int rank = r;
                joined.add(threads.submit(() -> {
                    try (Ring ring = Ring.join(doors.get(rank), rank, addresses, SECRET, 5000)) {
                        return ring.gather(new double[] {rank}).length;
                    }
                }));
            }
            for (Future<Integer> one : joined) {
                assertThat(one.get(20, TimeUnit.SECONDS)).isEqualTo(2);
            }
        }
        for (Ring.Door door : doors) {
            door.close();
        }
    }

    @Test
    void silenceHasAnEnd() throws Exception {
        try (Ring.Door door = new Ring.Door(InetAddress.getLoopbackAddress());
                Ring.Door silent = new Ring.Door(InetAddress.getLoopbackAddress())) {
            List<String> addresses = List.of(door.address(), silent.address());
            assertThatThrownBy(() -> Ring.join(door, 0, addresses, SECRET, 300))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Worker 0 cannot join the ring of 2 workers");
        }
    }
}
