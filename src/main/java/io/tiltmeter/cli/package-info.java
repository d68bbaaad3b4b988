/** Commands and exit codes. */
@NullMarked
package io.tiltmeter.cli;

import org.jspecify.annotations.NullMarked;
