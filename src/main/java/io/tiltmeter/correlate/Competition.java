package io.tiltmeter.correlate;

import io.tiltmeter.model.Pattern.Confounder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Lets claims on the same kind of incident compete: is it the host, or the dataset that this host always gets?
 *
 * <p>Claims come in order of their p-values. One stands beside those that stand already if what is left of it, once each
 * of them is taken into account, is still significant. If it is not, and the other one is still clear when the new one is
 * taken into account, it is rejected: the other explains it. If neither is, the data cannot tell the two apart, and the
 * one that stands says so. One that stood is rejected in turn if the new one explains it.
 */
final class Competition {
    /** Up to this probability something is left of a claim beside another one. */
    private static final double LEFT = 0.05;

    private final List<Standing> standing = new ArrayList<>();

    /** A claim that stands, with those that it explains or that cannot be told from it. */
    record Standing(Claim claim, List<Confounder> confounders) {}

    private Competition() {}

    /** Who stands in the end, in order of their p-values. */
    static List<Standing> among(List<? extends Claim> claims) {
        Competition competition = new Competition();
        claims.stream()
                .sorted(Comparator.comparingDouble(Claim::pValue)
                        .thenComparing(Claim::axis)
                        .thenComparing(Claim::value))
                .forEach(competition::enter);
        return competition.standing;
    }

    private void enter(Claim claim) {
        for (Standing other : standing) {
            double left = claim.given(other.claim);
            if (!isSignificant(claim, left)) {
                boolean explained = other.claim.given(claim) <= LEFT;
                other.confounders.add(confounder(claim, left, explained));
                return;
            }
        }
        Standing entered = new Standing(claim, new ArrayList<>());
        standing.removeIf(other -> {
            double left = other.claim.given(claim);
            if (left > LEFT) {
                entered.confounders.add(confounder(other.claim, left, true));
                entered.confounders.addAll(other.confounders);
            }
            return left > LEFT;
        });
        standing.add(entered);
    }

    private static Confounder confounder(Claim claim, double left, boolean rejected) {
        return new Confounder(claim.axis().text(), claim.value(), claim.qValue(), left, rejected);
    }

    /** Whether what is left passes the limit that the claim's p-value had to pass; q-values grow in step with p-values. */
    private static boolean isSignificant(Claim claim, double left) {
        return claim.qValue() * (left / Math.max(claim.pValue(), Double.MIN_NORMAL)) <= FalseDiscoveries.RATE;
    }
}
