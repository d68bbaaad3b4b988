/** Faults planted into real trainings, so that it is known what an analysis should find: the fault bench and the demo. */
@NullMarked
package io.tiltmeter.train.faults;

import org.jspecify.annotations.NullMarked;
