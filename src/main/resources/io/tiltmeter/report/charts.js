// Draws the curves of a run when its section comes near the viewport, and lets them go when it is far away.
(function () {
  "use strict";
  const HEIGHT = 190;
  const MARGIN = 1200; // px beyond the viewport within which curves are kept drawn
  const root = document.documentElement;
  const count = new Intl.NumberFormat("en");
  const four = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
  const live = new Map(); // element of class "charts" -> its plots
  let drawn = 0;

  function number(v) {
    const size = Math.abs(v);
    return v !== 0 && (size < 1e-3 || size >= 1e6) ? v.toExponential(3).replace(/\.?0+e/, "e").replace("+", "") : four.format(v);
  }

  function palette() {
    const style = getComputedStyle(root);
    const colour = (name) => style.getPropertyValue("--" + name).trim();
    return {
      text: colour("dim"), grid: colour("line"), font: "11px " + colour("font"),
      ages: [0, 1, 2, 3].map((age) => colour("age-" + age)),
      bands: [0, 1, 2, 3].map((age) => colour("band-" + age)),
      severity: { error: colour("error"), warning: colour("warning"), info: colour("info") },
      shade: { error: colour("error-shade"), warning: colour("warning-shade"), info: colour("info-shade") },
    };
  }

  /** Values a plot can place: null (a gap) for what is not finite, or not positive on a logarithmic axis. */
  function placeable(values, log) {
    return values.map((v) => (typeof v === "number" && (!log || v > 0) ? v : null));
  }

  /** One table a start of the run, aligned on steps; a later start may step back and run over earlier steps again. */
  function aligned(chart, log) {
    return uPlot.join(chart.parts.map((part) => [
      part.x,
      placeable(part.last, log),
      placeable(part.low || part.last, log),
      placeable(part.high || part.last, log),
    ]));
  }

  function series(chart, ages, colours) {
    const all = [{}];
    const bands = [];
    chart.parts.forEach((part) => {
      const age = ages.get(part.attempt);
      const points = { show: part.x.length < 3, size: 5, fill: colours.ages[age] };
      all.push({ stroke: colours.ages[age], width: 1.4, points });
      const edge = { stroke: colours.bands[age], width: 1, points: { show: false } };
      all.push(edge, edge);
      bands.push({ series: [all.length - 1, all.length - 2], fill: colours.bands[age] });
    });
    return { all, bands };
  }

  function shadeIncidents(u, incidents, colours) {
    const { left, top, width, height } = u.bbox;
    const c = u.ctx;
    const px = devicePixelRatio;
    c.save();
    c.beginPath();
    c.rect(left, top, width, height);
    c.clip();
    c.font = "600 " + 10 * px + "px " + colours.font.replace(/^\S+ /, "");
    c.textAlign = "left";
    c.textBaseline = "top";
    let free = -Infinity;
    incidents.forEach((incident, i) => {
      const from = Math.round(u.valToPos(incident.from, "x", true));
      const to = u.valToPos(incident.to, "x", true);
      c.fillStyle = colours.shade[incident.severity];
      c.fillRect(from, top, Math.max(3 * px, to - from), height);
      c.fillStyle = colours.severity[incident.severity];
      c.globalAlpha = 0.5;
      c.fillRect(from, top, px, height);
      c.globalAlpha = 1;
      const label = String(i + 1);
      if (from >= free) {
        c.fillText(label, from + 3 * px, top + 8 * px);
        free = from + 6 * px + c.measureText(label).width;
      }
    });
    c.restore();
  }

  function markRestarts(u, chart, colours) {
    const { top, height, left, width } = u.bbox;
    const c = u.ctx;
    c.save();
    c.strokeStyle = colours.text;
    c.lineWidth = devicePixelRatio;
    c.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    chart.parts.slice(1).forEach((part) => {
      const x = Math.round(u.valToPos(part.x[0], "x", true));
      if (x >= left && x <= left + width) {
        c.beginPath();
        c.moveTo(x, top);
        c.lineTo(x, top + height);
        c.stroke();
      }
    });
    c.restore();
  }

  function markNonFinite(u, chart, colours) {
    const c = u.ctx;
    const size = 4 * devicePixelRatio;
    const { top, left, width } = u.bbox;
    c.save();
    c.fillStyle = colours.severity.error;
    chart.parts.forEach((part) => part.x.forEach((step, i) => {
      const values = [part.last[i], part.low && part.low[i], part.high && part.high[i]];
      const x = u.valToPos(step, "x", true);
      if (values.some((v) => typeof v === "string") && x >= left && x <= left + width) {
        c.beginPath();
        c.moveTo(x - size, top);
        c.lineTo(x + size, top);
        c.lineTo(x, top + 1.6 * size);
        c.fill();
      }
    }));
    c.restore();
  }

  /** What the readout says of the step under the pointer: the last start that logged it. */
  function describe(chart, step) {
    for (let p = chart.parts.length - 1; p >= 0; p--) {
      const part = chart.parts[p];
      const i = part.x.indexOf(step);
      if (i >= 0) {
        const show = (v) => (typeof v === "number" ? number(v) : v.replace("Infinity", "∞"));
        const range = part.low && (part.low[i] !== part.last[i] || part.high[i] !== part.last[i])
          ? " (" + show(part.low[i]) + "–" + show(part.high[i]) + ")" : "";
        return "step " + count.format(step) + " · " + show(part.last[i]) + range;
      }
    }
    return "";
  }

  /** On a logarithmic axis that spans little, every round value gets a label, else only powers of ten. */
  function logLabels(u, splits) {
    const wide = u.scales.y.max / u.scales.y.min > 100;
    return splits.map((v) => {
      const mantissa = Math.round(v / Math.pow(10, Math.floor(Math.log10(v) + 1e-9)));
      return mantissa === 1 || (!wide && (mantissa === 2 || mantissa === 5)) ? v : null;
    });
  }

  function plot(figure, chart, shared) {
    const host = figure.querySelector(".plot");
    const readout = figure.querySelector(".readout");
    const log = figure.dataset.log === "true";
    const { ages, incidents, key, colours } = shared;
    const { all, bands } = series(chart, ages, colours);
    const axis = { stroke: colours.text, font: colours.font, grid: { stroke: colours.grid, width: 1 }, ticks: { show: false } };
    const u = new uPlot({
      width: host.clientWidth,
      height: HEIGHT,
      padding: [6, 8, 0, 0],
      legend: { show: false },
      cursor: { sync: { key }, points: { show: false } },
      scales: {
        x: { time: false },
        y: log ? { distr: 3, range: (_, min, max) => (min > 0 ? [min / 1.2, max * 1.2] : [0.1, 10]) } : {},
      },
      axes: [
        { ...axis, size: 26, gap: 4, space: 84, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1e8, 1e9],
          values: (_, splits) => splits.map((v) => count.format(v)) },
        { ...axis, size: 58, gap: 6, space: 26, ...(log ? { filter: logLabels, grid: { ...axis.grid, filter: logLabels } } : {}),
          values: (_, splits) => splits.map((v) => (v === null ? "" : number(v))) },
      ],
      series: all,
      bands,
      hooks: {
        drawClear: [(self) => shadeIncidents(self, incidents, colours)],
        draw: [(self) => { markRestarts(self, chart, colours); markNonFinite(self, chart, colours); }],
        setCursor: [(self) => {
          const i = self.cursor.idx;
          readout.textContent = i == null ? readout.dataset.default : describe(chart, self.data[0][i]);
        }],
      },
    }, aligned(chart, log), (self, init) => { host.replaceChildren(self.root); init(); });
    return u;
  }

  function draw(box) {
    if (live.has(box)) {
      return;
    }
    const data = JSON.parse(box.querySelector("script").textContent);
    const attempts = [...new Set(data.charts.flatMap((c) => c.parts.map((p) => p.attempt)))].sort((a, b) => b - a);
    const shared = {
      ages: new Map(attempts.map((attempt, age) => [attempt, Math.min(3, age)])),
      incidents: data.incidents,
      key: box.dataset.charts,
      colours: palette(),
    };
    const figures = [...box.querySelectorAll("figure")];
    const fallbacks = figures.map((figure) => figure.querySelector(".plot").firstElementChild);
    const show = (i) => plot(figures[i], data.charts[i], shared);
    const plots = figures.map((_, i) => (data.charts[i].parts.length ? show(i) : null));
    drawn += plots.filter(Boolean).length;
    figures.forEach((figure, i) => {
      figure.querySelector("button.scale").onclick = (event) => {
        const log = figure.dataset.log !== "true";
        figure.dataset.log = log;
        event.currentTarget.setAttribute("aria-pressed", log);
        if (plots[i]) {
          plots[i].destroy();
          plots[i] = show(i);
        }
      };
    });
    live.set(box, { plots, fallbacks, figures });
    box.dataset.drawn = plots.filter(Boolean).length;
    root.dataset.drawn = drawn;
  }

  function release(box) {
    const state = live.get(box);
    if (!state) {
      return;
    }
    live.delete(box);
    state.plots.forEach((u, i) => {
      if (u) {
        u.destroy();
        state.figures[i].querySelector(".plot").replaceChildren(state.fallbacks[i]);
      }
    });
    box.removeAttribute("data-drawn");
  }

  const near = new IntersectionObserver((entries) => entries.forEach((entry) =>
    (entry.isIntersecting ? draw : release)(entry.target)), { rootMargin: MARGIN + "px 0px" });
  const resized = new ResizeObserver((entries) => entries.forEach((entry) => {
    const state = live.get(entry.target);
    if (state) {
      state.plots.forEach((u) => u && u.setSize({ width: u.root.parentElement.clientWidth, height: HEIGHT }));
    }
  }));
  const boxes = [...document.querySelectorAll(".charts")];
  // What the reader sees first is drawn with the first frame: the observer reports only after one.
  boxes.filter((box) => {
    const { top, bottom } = box.getBoundingClientRect();
    return bottom > -MARGIN && top < innerHeight + MARGIN;
  }).forEach(draw);
  boxes.forEach((box) => {
    near.observe(box);
    resized.observe(box);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    [...live.keys()].forEach((box) => { release(box); draw(box); }));
  addEventListener("beforeprint", () => document.querySelectorAll("article.run details").forEach((d) => { d.open = true; }));
})();
