package io.tiltmeter.sources;

import com.google.auto.service.AutoService;
import io.tiltmeter.sources.MetricNames.Role;
import io.tiltmeter.sources.MetricNames.Target;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Console lines of words {@code key:value} that begin with the step: {@code step:5/1530 train_loss:6.6 train_time:123ms}
 * or {@code s:5 trl:9.97 lr:0.0001 norm:4.6}. Values may carry a unit of time. {@code train_time} is cumulative and
 * becomes the step time; where it is set back (after warm-up) that one step has none. {@code step_avg} repeats it as a
 * running mean and is not taken. Lines {@code trial:2/25 seed:1} begin a run. Other lines, such as the program's source
 * at the head of the log, are no part of the format.
 */
@AutoService(LogFormat.class)
public final class StepLineFormat implements LogFormat {
    private record Unit(String name, double seconds) {}

    /** Units of time as they stand behind a number; the one that ends like the others comes last. */
    private static final List<Unit> UNITS =
            List.of(new Unit("ms", 1e-3), new Unit("us", 1e-6), new Unit("ns", 1e-9), new Unit("s", 1));

    private static final List<String> STEP_KEYS = List.of("step", "s", "iter", "iteration");

    @Override
    public String id() {
        return "step-lines";
    }

    @Override
    public String title() {
        return "Console lines step:N/M train_loss:… val_loss:… train_time:… and s:N trl:… lr:… norm:…";
    }

    @Override
    public boolean beginsAnywhere() {
        return true;
    }

    @Override
    public int recognise(Sample sample) {
        int found = 0;
        for (String line : Samples.text(sample).lines().toList()) {
            if (stepAt(line) > 0 && line.indexOf(':', stepAt(line)) > 0 && ++found == 2) {
                return 90;
            }
        }
        return found * 70;
    }

    @Override
    public void read(LogFile file, RecordSink sink) throws IOException {
        Rejects rejects = new Rejects(file);
        RunAssembler runs = new RunAssembler(file, sink);
        NameCache names = new NameCache(file.names());
        long trials = 0;
        try (BoundedLines lines = new BoundedLines(file, rejects)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                if (line.startsWith("trial:")) {
                    trials++;
                    String[] words = line.strip().split("\\s+", 10);
                    Long number = whole(words[0].substring("trial:".length()));
                    Long seed = words.length > 1 && words[1].startsWith("seed:")
                            ? whole(words[1].substring("seed:".length()))
                            : null;
                    runs.trial(number == null ? trials : number, seed);
                } else if (stepAt(line) > 0) {
                    Row row = row(line.replace('\t', ' '), names, runs, rejects, lines.number());
                    if (row != null) {
                        runs.add(row);
                    }
                }
            }
        }
        runs.finish();
        rejects.handTo(sink);
    }

    /** Where the step's number begins, or -1 if the line does not begin with a step. */
    private static int stepAt(String line) {
        int colon = line.indexOf(':');
        boolean step = colon > 0
                && colon < 10
                && colon + 1 < line.length()
                && Character.isDigit(line.charAt(colon + 1))
                && STEP_KEYS.contains(line.substring(0, colon));
        return step ? colon + 1 : -1;
    }

    private static @Nullable Row row(
            String line, NameCache names, RunAssembler runs, Rejects rejects, long lineNumber) {
        int space = line.indexOf(' ');
        String place = line.substring(stepAt(line), space < 0 ? line.length() : space);
        int slash = place.indexOf('/');
        Long step = whole(slash < 0 ? place : place.substring(0, slash));
        if (step == null) {
            rejects.reject(lineNumber, "Step is '" + Texts.clean(place, 40) + "' but must be a whole number");
            return null;
        }
        Long planned = slash < 0 ? null : whole(place.substring(slash + 1));
        if (planned != null) {
            runs.planned(planned);
        }
        Row row = new Row(step);
        int from = space < 0 ? line.length() : space;
        while (from < line.length()) {
            int end = line.indexOf(' ', from);
            end = end < 0 ? line.length() : end;
            int colon = line.indexOf(':', from);
            if (colon > from && colon < end) {
                String name = line.substring(from, colon);
                String word = line.substring(colon + 1, end);
                Target target = names.of(name);
                if (target.role() != Role.IGNORED) {
                    value(name, word, target, row, rejects, lineNumber);
                }
            }
            from = end + 1;
        }
        return row;
    }

    /** Stores the number of a word, whose own unit of time goes before the one that its name means. */
    private static void value(String name, String word, Target target, Row row, Rejects rejects, long lineNumber) {
        String number = word;
        Target stored = target;
        for (Unit unit : UNITS) {
            if (word.endsWith(unit.name())) {
                number = word.substring(0, word.length() - unit.name().length());
                stored = new Target(target.role(), target.metric(), target.name(), unit.seconds());
                break;
            }
        }
        if (Texts.isNumber(number)) {
            row.put(name, stored, Texts.number(number));
        } else {
            rejects.warn(
                    lineNumber,
                    "Value of '" + Texts.clean(name, 60) + "' is '" + Texts.clean(word, 40)
                            + "' but must be a number; the rest of the line was read");
        }
    }

    private static @Nullable Long whole(String word) {
        int slash = word.indexOf('/');
        String number = slash < 0 ? word : word.substring(0, slash);
        boolean digits =
                !number.isEmpty() && number.length() <= 18 && number.chars().allMatch(Character::isDigit);
        return digits ? (Long) Long.parseLong(number) : null;
    }
}
