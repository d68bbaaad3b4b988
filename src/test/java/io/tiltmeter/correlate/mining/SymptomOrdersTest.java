package io.tiltmeter.correlate.mining;

import static io.tiltmeter.correlate.mining.MadeUpRuns.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.SymptomOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SymptomOrdersTest {
    private static List<MinedRun> fleet(int before, int after, int together) {
        List<MinedRun> fleet = new ArrayList<>();
        for (int i = 0; i < before + after + together; i++) {
            long explosion = i < before ? 100 - i : i < before + after ? 120 : 110;
            fleet.add(MadeUpRuns.run(
                    "r" + i, "p", Map.of(), error("non-finite", 110), error("grad-explosion", explosion)));
        }
        return fleet;
    }

    @Test
    void oneThatComesFirstTenTimesOfTenIsFound() {
        List<SymptomOrder> orders = SymptomOrders.find(fleet(10, 0, 3), 0.05);

        assertThat(orders).hasSize(1);
        SymptomOrder order = orders.get(0);
        assertThat(order.first()).isEqualTo("grad-explosion");
        assertThat(order.then()).isEqualTo("non-finite");
        assertThat(order.before()).isEqualTo(10);
        assertThat(order.together()).isEqualTo(3);
        assertThat(order.runs()).isEqualTo(13);
        assertThat(order.medianLead()).isEqualTo(14.5);
        assertThat(order.qValue()).isEqualTo(2 / 1024.0, within(1e-12));
    }

    @Test
    void coinsAreNoOrder() {
        assertThat(SymptomOrders.find(fleet(6, 4, 0), 0.05)).isEmpty();
        assertThat(SymptomOrders.find(fleet(0, 0, 30), 0.05)).isEmpty();
        assertThat(SymptomOrders.find(fleet(5, 0, 0), 0.05)).isEmpty();
    }
}
