package io.tiltmeter.sources;

import com.google.auto.service.AutoService;
import io.tiltmeter.sources.MetricNames.Role;
import io.tiltmeter.sources.MetricNames.Target;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A metric of MLflow's file store: lines {@code timestamp value step} in {@code …/RUN/metrics/NAME}. All metrics of the
 * folder {@code RUN} are one run. A metric whose many points all have one step was logged without steps: its points are
 * numbered in order of time, with a warning.
 */
@AutoService(LogFormat.class)
public final class MlflowFormat implements LogFormat {
    private static final String FOLDER = "metrics";

    @Override
    public String id() {
        return "mlflow";
    }

    @Override
    public String title() {
        return "MLflow file store: timestamp value step lines in RUN/metrics/NAME";
    }

    @Override
    public int recognise(Sample sample) {
        List<String> lines = Samples.lines(sample, 20);
        for (String line : lines) {
            if (point(line) == null) {
                return 0;
            }
        }
        return lines.isEmpty() ? 0 : namedFrom(sample.path()) >= 0 ? 95 : 80;
    }

    @Override
    public Optional<String> runFolder(String path) {
        int name = namedFrom(path);
        return name < 0 ? Optional.empty() : Optional.of(path.substring(0, Math.max(0, name - FOLDER.length() - 2)));
    }

    private record Point(long timeMillis, double value, long step) {}

    @Override
    public void read(LogFile file, RecordSink sink) throws IOException {
        Rejects rejects = new Rejects(file);
        RunAssembler runs = new RunAssembler(file, sink);
        int at = namedFrom(file.path());
        String name = at < 0
                ? Texts.withoutExtension(Texts.fileName(file.path()))
                : file.path().substring(at);
        Target named = file.names().resolve(name);
        // A metric that happens to be called like a role is still a metric.
        boolean metric = named.role() == Role.METRIC || named.role() == Role.OTHER;
        Target target = metric ? named : new Target(Role.OTHER, null, Texts.clean(name, 200), 1);
        Series byTime = new Series(name, target);
        Series steps = new Series(name, target);
        try (BoundedLines lines = new BoundedLines(file, rejects)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                Point point = point(line);
                if (point != null) {
                    if (byTime.size() == Series.MAX_POINTS) {
                        throw new UnreadableFileException("Log '" + file.path() + "' holds more than "
                                + Series.MAX_POINTS + " points of one metric");
                    }
                    byTime.add(point.timeMillis(), point.value());
                    steps.add(point.timeMillis(), point.step());
                } else if (!line.isBlank()) {
                    rejects.reject(lines.number(), "Line must be 'timestamp value step', three numbers");
                }
            }
        }
        byTime.sort();
        steps.sort();
        boolean noSteps = steps.size() > 1;
        for (int i = 1; i < steps.size() && noSteps; i++) {
            noSteps = steps.value(i) == steps.value(0);
        }
        if (noSteps) {
            rejects.warn(
                    0,
                    "All " + steps.size() + " points of metric '" + Texts.clean(name, 60) + "' were logged at step "
                            + (long) steps.value(0) + "; they were numbered in order of time");
        }
        for (int i = 0; i < byTime.size(); i++) {
            Row row = new Row(noSteps ? i : (long) steps.value(i));
            row.timeMicros = byTime.step(i) * 1000;
            runs.add(row.put(name, target, byTime.value(i)));
        }
        runs.finish();
        rejects.handTo(sink);
    }

    /** Where the metric's name begins, behind the last folder {@code metrics}; -1 without one. */
    private static int namedFrom(String path) {
        int at = path.lastIndexOf('/' + FOLDER + '/');
        return at >= 0 ? at + FOLDER.length() + 2 : path.startsWith(FOLDER + '/') ? FOLDER.length() + 1 : -1;
    }

    private static @Nullable Point point(String line) {
        int first = line.indexOf(' ');
        int second = first < 0 ? -1 : line.indexOf(' ', first + 1);
        if (first < 12 || first > 16 || second < 0 || line.length() - second > 20) {
            return null;
        }
        try {
            long step = Long.parseLong(line.substring(second + 1).strip());
            return step < 0
                    ? null
                    : new Point(
                            Long.parseLong(line.substring(0, first)),
                            Texts.number(line.substring(first, second)),
                            step);
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
