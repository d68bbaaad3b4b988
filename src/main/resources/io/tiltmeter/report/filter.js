// Filters the tables and the sections of runs by text, by verdict, and by the runs of one pattern.
(function () {
  "use strict";
  const form = document.getElementById("filter");
  const query = document.getElementById("query");
  const clear = document.getElementById("clear");
  const shown = document.getElementById("shown");
  const quiet = document.getElementById("quiet");
  const toggles = [...form.querySelectorAll("input[name=verdict]")];
  const elements = [...document.querySelectorAll("[data-run]")];
  const rows = elements.filter((e) => e.tagName === "TR");
  const texts = new Map(rows.map((row) => [row.dataset.run, row.textContent.toLowerCase()]));
  let only = null;

  function apply() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = new Set(toggles.filter((t) => t.checked).map((t) => t.value));
    const visible = new Set();
    for (const row of rows) {
      const run = row.dataset.run;
      const fits = verdicts.has(row.dataset.verdict) && (!only || only.has(run)) &&
        words.every((word) => texts.get(run).includes(word));
      if (fits) {
        visible.add(run);
      }
    }
    for (const element of elements) {
      element.hidden = !visible.has(element.dataset.run);
    }
    const filtered = visible.size < rows.length;
    shown.textContent = filtered ? visible.size.toLocaleString("en") + " of " + rows.length.toLocaleString("en") + " runs" : "";
    clear.hidden = !filtered;
    if (quiet && (words.length || only)) {
      quiet.open = [...quiet.querySelectorAll("tr[data-run]")].some((row) => !row.hidden);
    }
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", apply);
  toggles.forEach((toggle) => toggle.addEventListener("change", apply));
  clear.addEventListener("click", () => {
    only = null;
    query.value = "";
    toggles.forEach((toggle) => { toggle.checked = true; });
    apply();
  });
  document.querySelectorAll("button[data-only]").forEach((button) =>
    button.addEventListener("click", () => {
      only = new Set(button.dataset.only.split(" "));
      apply();
      document.getElementById("attention").scrollIntoView();
    }));
})();
