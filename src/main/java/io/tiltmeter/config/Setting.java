package io.tiltmeter.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Documents and bounds one setting; every component of a section of {@link Settings} carries it. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
    /** What it does, one sentence; becomes the comment in {@code conf/tiltmeter.conf}. */
    String value();

    /** Unit of the value; {@code "1"} for pure numbers. */
    String unit();

    /** Where the default comes from. */
    String origin();

    /** Least number allowed. */
    double min() default Double.NEGATIVE_INFINITY;

    /** Greatest number allowed. */
    double max() default Double.POSITIVE_INFINITY;

    /** The texts allowed; any if there are none. */
    String[] choices() default {};
}
