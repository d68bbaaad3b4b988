/** Tables, block scan, digests and the plumbing of the jobs on Spark. */
@NullMarked
package io.tiltmeter.spark;

import org.jspecify.annotations.NullMarked;
