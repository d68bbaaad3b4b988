package io.tiltmeter.validate;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** The registry of checks. */
public final class Checks {
    private Checks() {}

    /** All checks, ordered by id. */
    public static List<Check> all() {
        return ServiceLoader.load(Check.class, Check.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(check -> check.info().id()))
                .toList();
    }

    /** Descriptions of all checks, ordered by id. */
    public static List<CheckInfo> infos() {
        return all().stream().map(Check::info).toList();
    }
}
