/** Small networks and data sets that train in seconds: for the demo, the fault bench, and a first try. */
@NullMarked
package io.tiltmeter.train.programs;

import org.jspecify.annotations.NullMarked;
