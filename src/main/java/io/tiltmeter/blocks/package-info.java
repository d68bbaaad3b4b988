/**
 * Blocks and digests: the unit of the scan. A slice is what one worker logged in a window of steps, a block all slices of
 * a window, a digest what remains of a block. Pure: plain arrays, no Spark.
 */
@NullMarked
package io.tiltmeter.blocks;

import org.jspecify.annotations.NullMarked;
