package io.tiltmeter.train.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.detect.Detectors;
import io.tiltmeter.train.NetworkFactory;
import io.tiltmeter.train.StepInterceptor;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FaultRecipeTest {
    @ParameterizedTest
    @EnumSource(FaultRecipe.class)
    void canBePlantedIntoAllItsPrograms(FaultRecipe recipe) throws ReflectiveOperationException {
        assertThat(recipe.meaning()).isNotBlank();
        assertThat(recipe.programs()).isNotEmpty();
        assertThat(recipe.detectors().isEmpty()).isEqualTo(recipe == FaultRecipe.HEALTHY);
        for (Program program : recipe.programs()) {
            FaultRecipe.Plan plan = recipe.plan("r", 4, 200, 3);
            Model model = ((NetworkFactory)
                            Class.forName(program.factory()).getConstructor().newInstance())
                    .create(plan.arguments(), 1);
            model.init();
            assertThat(model.numParams()).isPositive();
            if (plan.interceptor() != null) {
                assertThat(Class.forName(plan.interceptor())
                                .getConstructor(Map.class)
                                .newInstance(plan.interceptorArguments()))
                        .isInstanceOf(StepInterceptor.class);
            }
        }
    }

    @Test
    void truthOfAWorkersFaultIsTheWorkerAndStepItsInterceptorIsTold() {
        Set<Integer> workers = new HashSet<>();
        for (long seed = 0; seed < 40; seed++) {
            FaultRecipe.Plan plan = FaultRecipe.NAN_INPUTS.plan("r", 4, 200, seed);
            assertThat(plan.interceptorArguments())
                    .containsEntry("worker", Integer.toString(plan.worker()))
                    .containsEntry("from", Long.toString(plan.firstStep()));
            assertThat(plan.firstStep()).isBetween(80L, 119L);
            workers.add(plan.worker());
        }
        assertThat(workers).containsExactlyInAnyOrder(1, 2, 3);
    }

    @Test
    void faultsOfAllWorkersAndOfSettingsBlameNobody() {
        assertThat(FaultRecipe.HALF_PRECISION_OVERFLOW.plan("r", 4, 200, 1).worker())
                .isEqualTo(-1);
        assertThat(FaultRecipe.WRONG_LOSS.plan("r", 4, 200, 1).worker()).isEqualTo(-1);
        assertThat(FaultRecipe.WRONG_LOSS.plan("r", 4, 200, 1).firstStep()).isZero();
    }

    @Test
    void everyDetectorOfARunsFateIsExpectedSomewhere() {
        Set<String> expected = new HashSet<>();
        for (FaultRecipe recipe : FaultRecipe.values()) {
            expected.addAll(recipe.detectors());
        }
        Set<String> known = new HashSet<>();
        Detectors.infos().forEach(info -> known.add(info.id()));

        assertThat(expected).contains("divergence", "non-finite", "no-learning", "grad-explosion", "step-stall");
        assertThat(known).containsAll(expected);
    }
}
