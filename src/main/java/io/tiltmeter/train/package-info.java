/** Distributed data-parallel training with Deeplearning4j on Spark: every step recorded and watched. Alone imports DL4J. */
@NullMarked
package io.tiltmeter.train;

import org.jspecify.annotations.NullMarked;
