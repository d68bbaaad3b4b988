package io.tiltmeter.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NgramIndexTest {
    private static Document document(long place, long... units) {
        return new Document(place, units, "");
    }

    @Test
    void coverageIsTheShareOfUnitsInCommonRuns() {
        NgramIndex index = NgramIndex.of(List.of(document(100, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), 3);
        NgramIndex.Hits hits = new NgramIndex.Hits();

        // 2 3 4 5 is in it (four units, two 3-grams), and 8 9 10 (three units).
        index.look(document(5, 90, 2, 3, 4, 5, 91), hits);
        index.look(document(6, 8, 9, 10), hits);

        assertThat(index.covered(0, hits)).isCloseTo(0.7, within(1e-12));
        assertThat(hits.bestPlace(0)).isEqualTo(5);
        assertThat(index.place(0)).isEqualTo(100);
    }

    @Test
    void paddingAndShortDocumentsSayNothing() {
        NgramIndex index = NgramIndex.of(
                List.of(document(1, 0, 0, 0, 0), document(2), document(3, 4, 5), document(4, 7, 8, 9)), 3);
        NgramIndex.Hits hits = new NgramIndex.Hits();

        index.look(document(9, 0, 0, 0, 0, 0, 7, 8, 9), hits);

        assertThat(IntStream.range(0, 4).mapToObj(index::isLongEnough)).containsExactly(false, false, false, true);
        assertThat(IntStream.range(0, 4).mapToObj(d -> index.covered(d, hits))).containsExactly(0.0, 0.0, 0.0, 1.0);
        assertThat(hits.bestPlace(3)).isEqualTo(9);
    }

    @Test
    void hitsOfPartsMergeInAnyOrderIntoThatOfAll() {
        SplittableRandom random = new SplittableRandom(3);
        List<Document> evaluation = new ArrayList<>();
        List<Document> training = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            evaluation.add(new Document(1000 + i, random.longs(20, 0, 4).toArray(), ""));
            training.add(new Document(i, random.longs(40, 0, 4).toArray(), ""));
        }
        NgramIndex index = NgramIndex.of(evaluation, 4);
        NgramIndex.Hits all = new NgramIndex.Hits();
        training.forEach(each -> index.look(each, all));
        NgramIndex.Hits first = new NgramIndex.Hits();
        NgramIndex.Hits second = new NgramIndex.Hits();
        training.subList(0, 20).forEach(each -> index.look(each, first));
        training.subList(20, 50).forEach(each -> index.look(each, second));
        NgramIndex.Hits merged = second.merge(first);

        for (int document = 0; document < 50; document++) {
            assertThat(index.covered(document, merged)).isEqualTo(index.covered(document, all));
            assertThat(merged.bestPlace(document)).isEqualTo(all.bestPlace(document));
        }
        assertThat(index.covered(0, all)).isGreaterThan(0);
    }

    @Test
    void theLengthIsTheFivePercentQuantileWithinBounds() {
        // Of 100 documents of 1 to 100 units, 5 % are of at most 5 units.
        List<Document> documents = IntStream.rangeClosed(1, 100)
                .mapToObj(length -> new Document(length, new long[length], ""))
                .toList();

        assertThat(NgramIndex.length(documents, 1, 13)).isEqualTo(5);
        assertThat(NgramIndex.length(documents, 8, 13)).isEqualTo(8);
        assertThat(NgramIndex.length(documents.subList(50, 100), 8, 13)).isEqualTo(13);
        assertThat(NgramIndex.length(List.of(), 8, 13)).isEqualTo(13);
    }
}
