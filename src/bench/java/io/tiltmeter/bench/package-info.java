/** Benchmarks: run by hand with the Maven profile {@code bench}, never as tests. */
@NullMarked
package io.tiltmeter.bench;

import org.jspecify.annotations.NullMarked;
