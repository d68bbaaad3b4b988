/** Robust statistics on plain arrays. JDK only. */
@NullMarked
package io.tiltmeter.stats;

import org.jspecify.annotations.NullMarked;
