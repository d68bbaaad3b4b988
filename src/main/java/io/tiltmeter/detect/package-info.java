/** Detectors, one file each, by symptom. Pure: they see step points and answer with findings. */
@NullMarked
package io.tiltmeter.detect;

import org.jspecify.annotations.NullMarked;
