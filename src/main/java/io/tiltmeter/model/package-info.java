/** Records of the domain. JDK only: no Spark, no files, no clocks. */
@NullMarked
package io.tiltmeter.model;

import org.jspecify.annotations.NullMarked;
