/** Seeded simulator of training fleets with planted faults. */
@NullMarked
package io.tiltmeter.simulate;

import org.jspecify.annotations.NullMarked;
