package io.tiltmeter.validate;

import java.util.List;

/**
 * What a simple model, trained across folds, makes of the labels.
 *
 * @param columns what it was trained on
 * @param rows rows it was trained on, drawn at random
 * @param of rows with content and a label
 * @param classes how many classes they have
 * @param folds parts of the rows; each is judged by a model of the others
 * @param accuracy share of rows whose label the model finds most probable
 * @param majority share of the most frequent class: the accuracy of one who always says it
 * @param suspects how many labels are likely wrong
 * @param listed the most suspect ones
 * @param obstacle why no model was trained, {@code ""} if one was
 */
public record LabelProbe(
        String columns,
        long rows,
        long of,
        int classes,
        int folds,
        double accuracy,
        double majority,
        long suspects,
        List<Suspect> listed,
        String obstacle)
        implements Dataset.Fact {
    public LabelProbe {
        listed = List.copyOf(listed);
    }

    /**
     * A row whose label is likely wrong.
     *
     * @param likely the class the model takes it for
     */
    public record Suspect(RowPlace place, String label, String likely, double ofLabel, double ofLikely) {}

    /** A probe that was not possible. */
    public static LabelProbe impossible(String columns, long of, String obstacle) {
        return new LabelProbe(columns, 0, of, 0, 0, 0, 0, 0, List.of(), obstacle);
    }
}
