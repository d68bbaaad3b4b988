package io.tiltmeter.train;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sums vectors over all workers: each sends to its right neighbour and receives from its left one. Of n values a worker
 * sends and receives 2 n (w − 1) / w, whatever the number of workers w, and every worker ends with the same bits. Source:
 * Patarasuk and Yuan, Bandwidth optimal all-reduce algorithms for clusters of workstations (2009).
 *
 * <p>A neighbour that dies or stays silent for longer than the timeout makes every call throw. Not thread-safe.
 */
final class Ring implements Closeable {
    /** Bytes handed to a socket at once; a piece in flight stays in the processor's cache. */
    private static final int PIECE = 1 << 18;

    private static final int HELLO_BYTES = Long.BYTES + Integer.BYTES;
    private static final int HELLO_MILLIS = 5000;

    private final int rank;
    private final int size;
    private final long timeoutMillis;
    private final SocketChannel right;
    private final SocketChannel left;
    private final Selector selector;
    private final SelectionKey writable;
    private final SelectionKey readable;
    private final ByteBuffer sending = buffer();
    private final ByteBuffer receiving = buffer();
    private float[] arriving = new float[0];

    private static ByteBuffer buffer() {
        return ByteBuffer.allocateDirect(PIECE + Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A worker's ear, open before the ring is closed, so that neighbours can be told where it is. */
    static final class Door implements Closeable {
        private final ServerSocketChannel server;

        /** Listens on a free port of one address only. */
        Door(InetAddress address) throws IOException {
            server = ServerSocketChannel.open();
            server.bind(new InetSocketAddress(address, 0), 16);
        }

        /** {@code host:port} to tell the others. */
        String address() throws IOException {
            InetSocketAddress local = (InetSocketAddress) server.getLocalAddress();
            return local.getAddress().getHostAddress() + ":" + local.getPort();
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }

    private Ring(int rank, int size, long timeoutMillis, SocketChannel right, SocketChannel left) throws IOException {
        this.rank = rank;
        this.size = size;
        this.timeoutMillis = timeoutMillis;
        this.right = right;
        this.left = left;
        selector = Selector.open();
        for (SocketChannel channel : List.of(right, left)) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
        }
        writable = right.register(selector, 0);
        readable = left.register(selector, 0);
    }

    /**
     * Closes the ring. Every worker calls this at the same time.
     *
     * @param door this worker's own, closed by the caller afterwards
     * @param addresses of the doors of all workers, by rank
     * @param secret known to the workers of this ring only; who cannot say it is turned away
     * @throws IOException if a neighbour cannot be reached or does not come within the timeout
     */
    static Ring join(Door door, int rank, List<String> addresses, long secret, long timeoutMillis) throws IOException {
        int size = addresses.size();
        String next = addresses.get((rank + 1) % size);
        int colon = next.lastIndexOf(':');
        SocketChannel right = SocketChannel.open();
        try {
            right.socket()
                    .connect(
                            new InetSocketAddress(
                                    next.substring(0, colon), Integer.parseInt(next.substring(colon + 1))),
                            (int) Math.min(Integer.MAX_VALUE, timeoutMillis));
            ByteBuffer hello = ByteBuffer.allocate(HELLO_BYTES)
                    .putLong(secret)
                    .putInt(rank)
                    .flip();
            while (hello.hasRemaining()) {
                right.write(hello);
            }
            SocketChannel left = accept(door, (rank + size - 1) % size, secret, timeoutMillis);
            try {
                return new Ring(rank, size, timeoutMillis, right, left);
            } catch (IOException e) {
                left.close();
                throw e;
            }
        } catch (IOException e) {
            right.close();
            throw new IOException(
                    "Worker " + rank + " cannot join the ring of " + size + " workers (" + next + "): "
                            + e.getMessage(),
                    e);
        }
    }

    private static SocketChannel accept(Door door, int from, long secret, long timeoutMillis) throws IOException {
        long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
        while (true) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0 || Thread.interrupted()) {
                throw new SocketTimeoutException("worker " + from + " did not come within " + timeoutMillis + " ms");
            }
            // In short turns, so that an interrupted task does not sit here.
            door.server.socket().setSoTimeout((int) Math.min(1000, left));
            SocketChannel guest;
            try {
                guest = door.server.socket().accept().getChannel();
            } catch (SocketTimeoutException e) {
                continue;
            }
            if (isNeighbour(guest, from, secret)) {
                return guest;
            }
            guest.close();
        }
    }

    /** Whether a guest says the right words soon enough. */
    private static boolean isNeighbour(SocketChannel guest, int from, long secret) {
        long deadline = System.nanoTime() + HELLO_MILLIS * 1_000_000L;
        byte[] hello = new byte[HELLO_BYTES];
        int read = 0;
        try {
            while (read < hello.length) {
                int left = (int) ((deadline - System.nanoTime()) / 1_000_000);
                if (left <= 0) {
                    return false;
                }
                guest.socket().setSoTimeout(left);
                int n = guest.socket().getInputStream().read(hello, read, hello.length - read);
                if (n < 0) {
                    return false;
                }
                read += n;
            }
        } catch (IOException e) {
            return false;
        }
        ByteBuffer said = ByteBuffer.wrap(hello);
        return said.getLong() == secret && said.getInt() == from;
    }

    int size() {
        return size;
    }

    /**
     * What every worker says: row r is the vector of worker r.
     *
     * @param mine as long on every worker, at most {@value #PIECE} bytes
     */
    double[][] gather(double[] mine) throws IOException {
        double[][] all = new double[size][];
        all[rank] = mine.clone();
        for (int k = 0; k < size - 1; k++) {
            double[] out = all[Math.floorMod(rank - k, size)];
            sending.clear();
            sending.asDoubleBuffer().put(out);
            sending.limit(out.length * Double.BYTES);
            receiving.clear().limit(out.length * Double.BYTES);
            exchange();
            double[] in = new double[out.length];
            receiving.flip();
            receiving.asDoubleBuffer().get(in);
            all[Math.floorMod(rank - k - 1, size)] = in;
        }
        return all;
    }

    /** A number that belongs to a part of a vector. */
    interface PartMeasure {
        double of(int from, int to);
    }

    /**
     * Replaces the values by their sums over all workers; on every worker by the same bits. Each worker measures the part
     * that is finished first with it, and what it measured goes along with the part.
     *
     * @return what was measured, summed over the parts; on every worker the same bits
     */
    double sum(float[] values, int n, PartMeasure measure) throws IOException {
        // A worker adds what arrives to its own part and passes it on; after w - 1 turns each holds one finished part.
        for (int k = 0; k < size - 1; k++) {
            int out = Math.floorMod(rank - k, size);
            int in = Math.floorMod(rank - k - 1, size);
            int length = end(in, n) - start(in, n);
            if (arriving.length < length) {
                arriving = new float[length];
            }
            transfer(values, start(out, n), end(out, n), arriving, 0, length, null);
            add(values, start(in, n), arriving, length);
        }
        double[] measured = new double[size];
        int finished = Math.floorMod(rank + 1, size);
        measured[finished] = measure.of(start(finished, n), end(finished, n));
        for (int k = 0; k < size - 1; k++) {
            int out = Math.floorMod(rank + 1 - k, size);
            int in = Math.floorMod(rank - k, size);
            measured[in] =
                    transfer(values, start(out, n), end(out, n), values, start(in, n), end(in, n), measured[out]);
        }
        double total = 0;
        for (double one : measured) {
            total += one;
        }
        return total;
    }

    private int start(int part, int n) {
        return (int) ((long) n * part / size);
    }

    private int end(int part, int n) {
        return start(part + 1, n);
    }

    private static void add(float[] values, int at, float[] more, int n) {
        for (int i = 0; i < n; i++) {
            values[at + i] += more[i];
        }
    }

    /**
     * Sends one stretch of values while another arrives, in pieces.
     *
     * @param last a number that goes after the values, as one comes after those that arrive; null for none
     * @return the number that came; NaN if none was asked for
     */
    private double transfer(float[] out, int from, int to, float[] in, int inFrom, int inTo, @Nullable Double last)
            throws IOException {
        int most = PIECE / Float.BYTES;
        int sent = from;
        int got = inFrom;
        boolean toSend = last != null;
        boolean toGet = last != null;
        double came = Double.NaN;
        while (sent < to || got < inTo || toSend || toGet) {
            int o = Math.min(most, to - sent);
            int i = Math.min(most, inTo - got);
            sending.clear();
            sending.asFloatBuffer().put(out, sent, o);
            sent += o;
            int bytes = o * Float.BYTES;
            if (last != null && toSend && sent == to) {
                sending.putDouble(bytes, last);
                bytes += Double.BYTES;
                toSend = false;
            }
            sending.limit(bytes);
            boolean ends = toGet && got + i == inTo;
            receiving.clear().limit(i * Float.BYTES + (ends ? Double.BYTES : 0));
            exchange();
            receiving.flip();
            receiving.asFloatBuffer().get(in, got, i);
            got += i;
            if (ends) {
                came = receiving.getDouble(i * Float.BYTES);
                toGet = false;
            }
        }
        return came;
    }

    /** Writes all of one buffer and fills the other, whichever can go on. */
    private void exchange() throws IOException {
        long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
        while (sending.hasRemaining() || receiving.hasRemaining()) {
            int moved = sending.hasRemaining() ? right.write(sending) : 0;
            if (receiving.hasRemaining()) {
                int n = left.read(receiving);
                if (n < 0) {
                    throw new EOFException("Worker " + Math.floorMod(rank - 1, size) + " left the ring");
                }
                moved += n;
            }
            if (moved == 0) {
                await(deadline);
            }
        }
    }

    private void await(long deadline) throws IOException {
        writable.interestOps(sending.hasRemaining() ? SelectionKey.OP_WRITE : 0);
        readable.interestOps(receiving.hasRemaining() ? SelectionKey.OP_READ : 0);
        // In short turns, so that an interrupted task does not sit here.
        selector.select(1000);
        selector.selectedKeys().clear();
        if (Thread.interrupted()) {
            throw new IOException("Worker " + rank + " was interrupted in the ring");
        }
        if (System.nanoTime() > deadline) {
            throw new SocketTimeoutException("Worker " + rank + " heard nothing from worker "
                    + Math.floorMod(rank - 1, size) + " for " + timeoutMillis + " ms");
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        right.close();
        left.close();
    }
}
