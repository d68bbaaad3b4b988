package io.tiltmeter.train;

import io.tiltmeter.spark.InputException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes interceptors of the names of their classes. */
final class Interceptors {
    private Interceptors() {}

    /**
     * A new interceptor; empty without a name.
     *
     * @throws InputException if there is no such class, or it cannot be made
     */
    static Optional<StepInterceptor> of(@Nullable String name, Map<String, String> arguments) {
        if (name == null) {
            return Optional.empty();
        }
        try {
            ClassLoader loader = Thread.currentThread().getContextClassLoader();
            return Optional.of(Class.forName(name, true, loader)
                    .asSubclass(StepInterceptor.class)
                    .getConstructor(Map.class)
                    .newInstance(arguments));
        } catch (ClassNotFoundException e) {
            throw new InputException("There is no class '" + name
                    + "' of training.interceptor on the class path; name one that implements StepInterceptor");
        } catch (ReflectiveOperationException | ClassCastException e) {
            throw new InputException("Cannot make '" + name + "' of training.interceptor (" + e
                    + "); expected a StepInterceptor with a public constructor of one Map<String, String>");
        }
    }
}
