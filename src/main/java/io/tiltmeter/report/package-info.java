/** View models, templates and writers of the report. Pure: values in, text out. */
@NullMarked
package io.tiltmeter.report;

import org.jspecify.annotations.NullMarked;
