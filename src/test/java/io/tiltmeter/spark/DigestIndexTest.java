package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.spark.DigestIndex.Segment;
import java.util.List;
import org.junit.jupiter.api.Test;

class DigestIndexTest {
    private static final AttemptId A = new AttemptId("a", 0);
    private static final AttemptId B = new AttemptId("b", 0);

    private static WindowRange range(AttemptId id, long first, long last) {
        return new WindowRange(id, 100, first, last);
    }

    @Test
    void isEmptyAtFirst() {
        DigestIndex index = new DigestIndex();

        assertThat(index.all()).isEmpty();
        assertThat(index.width(A)).isEmpty();
        assertThat(index.generations()).isEmpty();
    }

    @Test
    void windowsReadAnewLeaveTheirOldGeneration() {
        DigestIndex index = new DigestIndex(List.of(new Segment(range(A, 0, 9), 1)));

        DigestIndex next = index.after(List.of(A), List.of(range(A, 3, 4), range(A, 9, 11)), 2);

        assertThat(next.all())
                .containsExactlyInAnyOrder(
                        new Segment(range(A, 0, 2), 1),
                        new Segment(range(A, 5, 8), 1),
                        new Segment(range(A, 3, 4), 2),
                        new Segment(range(A, 9, 11), 2));
        assertThat(next.generations()).containsExactly(1L, 2L);
        assertThat(next.width(A)).contains(100L);
    }

    @Test
    void rangesThatEndWhereTheReadOnesBeginStay() {
        DigestIndex index = new DigestIndex(List.of(new Segment(range(A, 0, 4), 1), new Segment(range(A, 7, 9), 2)));

        DigestIndex next = index.after(List.of(A), List.of(range(A, 5, 6)), 3);

        assertThat(next.all())
                .containsExactlyInAnyOrder(
                        new Segment(range(A, 0, 4), 1), new Segment(range(A, 7, 9), 2), new Segment(range(A, 5, 6), 3));
    }

    @Test
    void aGenerationWithoutValidWindowsIsNoneAnyMore() {
        DigestIndex index = new DigestIndex(List.of(new Segment(range(A, 2, 3), 1), new Segment(range(B, 0, 0), 2)));

        DigestIndex next = index.after(List.of(A, B), List.of(range(A, 0, 5)), 3);

        assertThat(next.generations()).containsExactly(2L, 3L);
    }

    @Test
    void attemptsWithoutRowsGo() {
        DigestIndex index = new DigestIndex(List.of(new Segment(range(A, 0, 4), 1), new Segment(range(B, 0, 4), 1)));

        DigestIndex next = index.after(List.of(B), List.of(), 2);

        assertThat(next.all()).containsExactly(new Segment(range(B, 0, 4), 1));
        assertThat(next.width(A)).isEmpty();
    }

    @Test
    void anotherWidthReplacesAllWindowsOfTheAttemptAndOfNoOther() {
        DigestIndex index = new DigestIndex(List.of(
                new Segment(range(A, 0, 4), 1), new Segment(range(A, 8, 9), 2), new Segment(range(B, 0, 4), 1)));
        WindowRange narrow = new WindowRange(A, 10, 0, 99);

        DigestIndex next = index.after(List.of(A, B), List.of(narrow), 3);

        assertThat(next.all()).containsExactlyInAnyOrder(new Segment(narrow, 3), new Segment(range(B, 0, 4), 1));
        assertThat(next.width(A)).contains(10L);
        assertThat(next.width(B)).contains(100L);
    }

    @Test
    void attemptsOfOneRunAreApart() {
        AttemptId second = new AttemptId("a", 1);
        DigestIndex index = new DigestIndex(List.of(new Segment(range(A, 0, 4), 1)));

        DigestIndex next = index.after(List.of(A, second), List.of(range(second, 2, 6)), 2);

        assertThat(next.all()).containsExactly(new Segment(range(A, 0, 4), 1), new Segment(range(second, 2, 6), 2));
    }

    @Test
    void allWindowsMoveIntoOneGeneration() {
        DigestIndex index = new DigestIndex(List.of(new Segment(range(A, 0, 4), 1), new Segment(range(B, 2, 3), 7)));

        assertThat(index.movedTo(9).all())
                .containsExactly(new Segment(range(A, 0, 4), 9), new Segment(range(B, 2, 3), 9));
    }
}
