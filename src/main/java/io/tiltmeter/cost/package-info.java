/** What runs cost, and how much of it was lost to what. */
@NullMarked
package io.tiltmeter.cost;

import org.jspecify.annotations.NullMarked;
