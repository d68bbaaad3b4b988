/** The gate: mergeable profiles of datasets, and the checks that judge them. Knows neither Spark nor files. */
@NullMarked
package io.tiltmeter.validate;

import org.jspecify.annotations.NullMarked;
