/** What incidents have in common beyond one axis: combinations, archetypes, orders of symptoms, risk. Pure. */
@NullMarked
package io.tiltmeter.correlate.mining;

import org.jspecify.annotations.NullMarked;
