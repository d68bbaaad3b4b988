package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What runs cost, as each writer of a report tells it. */
class CostReportTest {
    /** One run of 100 worker-hours, 4 of them lost; of the other one nothing is known. */
    private static FleetReport small(double price) {
        return SampleCost.add(SampleReports.small(), price, "EUR", "step_seconds", "ana", "bo");
    }

    @Test
    void findingsTellHoursOfRunsOwnersAndProjects() throws IOException {
        JsonNode document = json(small(2.5));

        assertThat(document.at("/runs/0/cost")).hasToString("""
                {"reason":"","basis":"step_seconds","workers":4,"steps":1000,"replayed_steps":30,\
                "healthy_step_seconds":1.5,"idle_hours":2,"goodput":0.96,\
                "worker_hours":{"allocated":100,"lost":4,"productive":96,"replay":3,"restart":1,"stall":0,\
                "straggler":0,"checkpoint":0,"divergence":0,"unaccounted":0},\
                "money":{"allocated":250,"lost":10}}""");
        assertThat(document.at("/runs/1/cost")).hasToString("{\"reason\":\"step_seconds\"}");
        assertThat(document.at("/cost/owners")).hasSize(1);
        assertThat(document.at("/cost/owners/0")).hasToString("""
                {"owner":"ana","runs":1,"goodput":0.96,\
                "worker_hours":{"allocated":100,"lost":4,"productive":96,"replay":3,"restart":1,"stall":0,\
                "straggler":0,"checkpoint":0,"divergence":0,"unaccounted":0},\
                "money":{"allocated":250,"lost":10}}""");
        assertThat(document.at("/cost/projects/0/project").asText()).isEqualTo("llm");
        assertThat(document.at("/cost/not_observed").asInt()).isEqualTo(1);
    }

    @Test
    void followsTheSchemaWithAndWithoutAPrice() throws IOException {
        JsonNode schema = new ObjectMapper().readTree(FindingsJson.class.getResourceAsStream("findings.schema.json"));
        for (double price : new double[] {0, 2.5}) {
            assertThat(SchemaCheck.violations(schema, json(small(price)))).isEmpty();
        }
    }

    @Test
    void withoutAPriceNobodySpeaksOfMoney() throws IOException {
        FleetReport free = small(0);

        assertThat(json(free).toString()).doesNotContain("money", "price", "EUR");
        assertThat(HtmlReport.render(free)).contains("What it cost").doesNotContain("EUR");
        assertThat(TerminalSummary.render(free, 120, false)).doesNotContain("EUR");
    }

    @Test
    void theTerminalTellsHoursUsesAndOwners() {
        assertThat(TerminalSummary.render(small(2.5), 120, false)).contains("""

                What it cost, without 1 run of unknown time
                  100 worker-hours · goodput 96.0 % · 4.00 lost (10.0 EUR): replay 3.00 · restart 1.00
                  by owner: ana lost 4.00 (10.0 EUR) of 100

                """);
    }

    @Test
    void thePageHasARowForEachUseAndBoundsItsTables() {
        FleetReport many = SampleReports.many(60);
        String[] owners = new String[25];
        for (int i = 0; i < owners.length; i++) {
            owners[i] = "owner-%02d".formatted(i);
        }
        String page = HtmlReport.render(SampleCost.add(many, 2, "EUR", "step_seconds", owners));
        String section = page.substring(page.indexOf("id=\"cost-title\""), page.indexOf("id=\"details-title\""));

        assertThat(section)
                .contains("and 5 more lines", "and 39 more runs", "<th scope=\"col\" class=\"num\">Lost EUR</th>");
        assertThat(section.split("owner-[0-9]{2}</bdi></th>", -1)).hasSize(21);
        assertThat(section).contains("steps that are part of the result, at the healthy step time");
    }

    @Test
    void ownersWithoutANameMakeNoTable() {
        String page = HtmlReport.render(SampleCost.add(SampleReports.small(), 0, "", "", new String[] {null}));

        assertThat(page).contains("What it cost", "Projects").doesNotContain("Owners");
    }

    @Test
    void amountsHaveTheDigitsThatMatter() {
        assertThat(List.of(0.0, 0.00123, 0.0996, 1.234, 12.34, 99.96, 1234.4, 12345678.0))
                .map(CostTexts::amount)
                .containsExactly("0", "0.0012", "0.1", "1.23", "12.3", "100.0", "1,234", "12,345,678");
        assertThat(CostTexts.part(0.0004, 1)).isEqualTo("0");
        assertThat(CostTexts.part(0.0006, 1)).isEqualTo("0.0006");
    }

    private static JsonNode json(FleetReport report) throws IOException {
        StringBuilder out = new StringBuilder();
        FindingsJson.write(report, out);
        return new ObjectMapper().readTree(out.toString());
    }
}
