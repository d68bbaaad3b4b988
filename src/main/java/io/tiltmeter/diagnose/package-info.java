/** Findings of one run to incidents. */
@NullMarked
package io.tiltmeter.diagnose;

import org.jspecify.annotations.NullMarked;
