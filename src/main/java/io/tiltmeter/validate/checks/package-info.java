/** The checks of the gate, one file each, registered by themselves. */
@NullMarked
package io.tiltmeter.validate.checks;

import org.jspecify.annotations.NullMarked;
