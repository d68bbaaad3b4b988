package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.WorkerMap;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class WorkerMapViewsTest {
    /** Three workers over four columns: worker 7 at 3 times its peers from the third column on, worker 9 silent at first. */
    static WorkerMap sample(WorkerMap.Unit unit) {
        double high = unit == WorkerMap.Unit.LOG_RATIO ? Math.log(3) : unit.isShare() ? 1 : -0.6;
        return new WorkerMap(
                "run/0/4812",
                "grad_norm",
                "worker-outlier",
                unit,
                0,
                3,
                new int[] {5, 7, 9},
                new boolean[] {false, true, false},
                new long[] {0, 16, 32, 48},
                new long[] {15, 31, 47, 63},
                new double[] {0, 0, 0, 0, 0, 0, high, high, Double.NaN, 0, 0, 0},
                new boolean[] {false, false, false, true, false, false, false, false, false, false, false, false},
                35);
    }

    private static String path(WorkerMapView view, String colour) {
        return view.shades().stream()
                .filter(shade -> shade.colour().equals(colour))
                .map(WorkerMapView.Shade::path)
                .collect(Collectors.joining());
    }

    @Test
    void cellsOfOneColourAreOneStroke() {
        WorkerMapView view = WorkerMapViews.view(sample(WorkerMap.Unit.LOG_RATIO));

        // 3 lies between 2 and 4, the third edge.
        assertThat(path(view, "up3")).isEqualTo("M2 1.5h2");
        assertThat(path(view, "zero")).isEqualTo("M0 0.5h3M0 1.5h2M1 2.5h3");
        assertThat(path(view, "bad")).isEqualTo("M3 0.5h1");
        assertThat(view.shades()).hasSize(3);
        assertThat(view.mark()).isEqualTo("2");
    }

    @Test
    void saysInWordsWhatItShows() {
        WorkerMapView view = WorkerMapViews.view(sample(WorkerMap.Unit.LOG_RATIO));

        assertThat(view.readout())
                .isEqualTo("worker 5 logged NaN or infinity; farthest: worker 7, 3 times its peers' median at steps"
                        + " 32–47");
        assertThat(view.label())
                .isEqualTo("Workers against their peers (grad_norm), 3 workers, steps 0–63. " + view.readout());
        assertThat(view.rows().get(1).title())
                .isEqualTo("worker 7: before step 35 1 times its peers' median; from then on up to 3 times its peers'"
                        + " median");
        assertThat(view.rows().get(1).named()).isTrue();
        assertThat(view.legend().stream().map(WorkerMapView.Key::text))
                .contains(
                        "below 1/4",
                        "within 1.1 times",
                        "above 4 times the peers' median",
                        "NaN or infinite",
                        "nothing logged");
    }

    @Test
    void differencesAreDrawnAgainstTheLargest() {
        WorkerMapView view = WorkerMapViews.view(sample(WorkerMap.Unit.DIFFERENCE));

        assertThat(path(view, "down4")).isEqualTo("M2 1.5h2");
        assertThat(view.readout()).contains("worker 7, 0.6 below its peers' median at steps 32–47");
    }

    @Test
    void sharesGoOneWay() {
        WorkerMapView view = WorkerMapViews.view(sample(WorkerMap.Unit.SHARE_APART));

        assertThat(path(view, "up4")).isEqualTo("M2 1.5h2");
        assertThat(view.legend().stream().map(WorkerMapView.Key::colour)).noneMatch(c -> c.startsWith("down"));
        assertThat(view.readout()).contains("worker 7, 100 % of the steps at steps 32–47");
    }

    @Test
    void theLargestMapCostsLittle() {
        int rows = 32;
        int columns = 64;
        double[] value = new double[rows * columns];
        for (int i = 0; i < value.length; i++) {
            value[i] = (i % 2 == 0 ? 1 : -1) * (i % 5) / 3.0;
        }
        int[] worker = new int[rows];
        Arrays.setAll(worker, i -> 10_000 + i);
        long[] from = new long[columns];
        Arrays.setAll(from, i -> 1_000_000L * i);
        WorkerMap map = new WorkerMap(
                "i",
                "grad_norm",
                "worker-outlier",
                WorkerMap.Unit.LOG_RATIO,
                0,
                10_032,
                worker,
                new boolean[rows],
                from,
                from,
                value,
                new boolean[value.length],
                5);

        int length = WorkerMapViews.view(map).shades().stream()
                .mapToInt(shade -> shade.path().length())
                .sum();

        assertThat(length).isLessThan(24_000);
    }
}
