/** Incidents of many runs to patterns (pure part). */
@NullMarked
package io.tiltmeter.correlate;

import org.jspecify.annotations.NullMarked;
