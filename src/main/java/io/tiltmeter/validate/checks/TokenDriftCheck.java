package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.stats.Estimate;
import io.tiltmeter.stats.JensenShannon;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.Tokens;
import java.util.List;
import java.util.Optional;

/** Tokens are used in other proportions than in the reference. */
@AutoService(Check.class)
public final class TokenDriftCheck extends DriftCheck {
    private static final String ORIGIN =
            "starting effect sizes of data validation (a Jensen-Shannon divergence of 0.005"
                    + " and 0.02 nats is that of moving some 10 % and 20 % of the text to another language or domain that shares"
                    + " half the words)";
    private static final CheckInfo INFO = new CheckInfo(
            "token-drift",
            "Token distribution",
            "Tokens occur in other proportions than in the baseline, or in one shard than in the dataset, by the"
                    + " Jensen-Shannon divergence without its bias; frequent tokens one by one, the others lumped by rank.",
            Level.ERROR,
            List.of(
                    new Parameter("fail", 0.02, "nats", "Divergence that closes the gate", new Published(ORIGIN)),
                    new Parameter("warn", 0.005, "nats", "Divergence that is reported", new Published(ORIGIN))),
            "Look at the mix of sources and at the tokenizer. Where the mix is meant to change, make a new baseline; where"
                    + " shards are meant to differ, loosen the bounds or disable the check.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Drift> drift(ColumnProfile column, ColumnProfile reference, Dataset data) {
        if (column.tokens().isEmpty() || reference.tokens().isEmpty()) {
            return Optional.empty();
        }
        Tokens tokens = column.tokens().get();
        Tokens other = reference.tokens().get();
        double[] counts = other.total();
        int[] to = Lumping.of(counts, Math.min(tokens.count(), other.count()));
        int size = Lumping.size(to);
        // In a single cell nothing can differ: any divergence there is, up to the largest, would look like that.
        Estimate effect = size < 2
                ? new Estimate(0, Math.log(2), Double.POSITIVE_INFINITY)
                : JensenShannon.ofGroups(Lumping.groups(tokens, to, size), Lumping.groups(other, to, size));
        String text = "The divergence of " + Results.number(tokens.count()) + " tokens in " + size + " cells is "
                + Results.number(effect.effect()) + " ± " + Results.number(effect.error()) + " nats";
        return Optional.of(new Drift(effect, "nats", text));
    }
}
