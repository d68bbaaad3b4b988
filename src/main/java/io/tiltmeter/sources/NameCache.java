package io.tiltmeter.sources;

import io.tiltmeter.sources.MetricNames.Target;
import java.util.HashMap;
import java.util.Map;

/** Remembers what the names in one file mean, so that a line costs no normalisation. */
final class NameCache {
    private static final int MAX = 10_000;

    private final MetricNames names;
    private final Map<String, Target> known = new HashMap<>();

    NameCache(MetricNames names) {
        this.names = names;
    }

    Target of(String foreign) {
        Target target = known.get(foreign);
        if (target == null) {
            target = names.resolve(foreign);
            if (known.size() < MAX) {
                known.put(foreign, target);
            }
        }
        return target;
    }
}
