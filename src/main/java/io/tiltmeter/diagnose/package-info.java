/** Findings of one run → incidents with a first cause. Pure. */
@NullMarked
package io.tiltmeter.diagnose;

import org.jspecify.annotations.NullMarked;
