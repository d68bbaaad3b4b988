package io.tiltmeter.detect;

/** A cumulative sum on its way. */
final class Pursuit {
    double sum;
    double distance;
    int chunks;
    int steps;
    long from;
    long last;
    Trail trail = Trail.EMPTY;

    void clear() {
        sum = 0;
        distance = 0;
        chunks = 0;
        steps = 0;
        trail = Trail.EMPTY;
    }
}
