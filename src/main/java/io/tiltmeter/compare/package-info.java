/** Compares runs with one another: twins, seeds of one configuration, and configurations along a scale. Pure. */
@NullMarked
package io.tiltmeter.compare;

import org.jspecify.annotations.NullMarked;
