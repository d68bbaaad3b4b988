package io.tiltmeter.validate.checks;

import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.EvalData;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;

/** A check that compares the evaluation data with the dataset, as a check of drift compares the dataset with a baseline. */
abstract class EvalDriftCheck implements Check {
    private final DriftCheck drift;
    private final CheckInfo info;

    EvalDriftCheck(DriftCheck drift, String id, String title, String meaning) {
        this.drift = drift;
        this.info = new CheckInfo(
                id,
                title,
                meaning + " Judged where --eval names evaluation data.",
                Level.WARNING,
                drift.info().parameters(),
                "Draw both from one source by one rule; where evaluation is meant to differ, read its results as those of"
                        + " another distribution.");
    }

    @Override
    public CheckInfo info() {
        return info;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(EvalData.class).ifPresent(eval -> {
            for (ColumnProfile column : eval.profile().all().columns()) {
                data.all()
                        .column(column.spec().name())
                        .filter(training ->
                                training.spec().kind() == column.spec().kind())
                        .flatMap(training -> drift.drift(column, training, data))
                        .ifPresent(found -> results.estimate(
                                this,
                                settings,
                                column.spec().name(),
                                "",
                                found.effect(),
                                found.unit(),
                                found.text() + ", evaluation data against the dataset"));
            }
        });
    }
}
