/** Typed, strict settings. */
@NullMarked
package io.tiltmeter.config;

import org.jspecify.annotations.NullMarked;
