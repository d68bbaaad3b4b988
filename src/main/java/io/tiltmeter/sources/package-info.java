/** Readers of foreign log formats: bytes in, records out. */
@NullMarked
package io.tiltmeter.sources;

import org.jspecify.annotations.NullMarked;
