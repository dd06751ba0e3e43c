// The console's charts: each element with data-chart draws the JSON inside it, beside a table of
// the same figures. Colours come from console.css, so that light and dark pages differ there alone.
"use strict";

const CHARTS = { distribution, intervals, trend, bars };

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Large on a wall, where nothing may be small.
const textSize = () => parseInt(token("--chart-text"), 10) || 12;

const percent = (share) => `${(100 * share).toFixed(1)}%`;
const round = (share) => `${Math.round(100 * share)}%`;

function shares() {
  return { ...axis("value"), min: 0, max: 1, axisLabel: { formatter: round, color: token("--text-2") } };
}

function base() {
  const text = { color: token("--ink"), fontSize: textSize(), fontFamily: getComputedStyle(document.body).fontFamily };
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: text,
    grid: { left: 8, right: 24, top: 40, bottom: 8, containLabel: true },
    // Rich text is drawn on the canvas: the page's policy allows no inline styles.
    tooltip: { trigger: "axis", renderMode: "richText", confine: true },
  };
}

function axis(kind, name) {
  const colour = token("--text-2");
  return {
    type: kind,
    name,
    nameTextStyle: { color: colour, fontSize: textSize() },
    axisLabel: { color: colour, fontSize: textSize(), hideOverlap: true },
    axisLine: { lineStyle: { color: token("--line") } },
    splitLine: { lineStyle: { color: token("--line") } },
  };
}

// How many gave each level: [{ title, n }].
function distribution({ rows, unit = "份" }) {
  const total = rows.reduce((sum, row) => sum + row.n, 0);
  return {
    ...base(),
    xAxis: { ...axis("category"), data: rows.map((row) => row.title) },
    yAxis: { ...axis("value", unit), minInterval: 1 },
    series: [{
      type: "bar",
      barMaxWidth: 48,
      itemStyle: { color: token("--accent") },
      label: {
        show: true,
        position: "top",
        color: token("--ink"),
        formatter: ({ value }) => (total ? `${value}(${percent(value / total)})` : "0"),
      },
      data: rows.map((row) => row.n),
    }],
  };
}

// Plain counts: [{ title, n }], several series: { names, rows: [{ title, values }] }.
function bars({ rows, names, unit }) {
  const colours = [token("--accent"), token("--primary"), token("--warn")];
  return {
    ...base(),
    legend: names.length > 1 ? { data: names, textStyle: { color: token("--ink") } } : undefined,
    xAxis: { ...axis("category"), data: rows.map((row) => row.title) },
    yAxis: { ...axis("value", unit), minInterval: 1 },
    series: names.map((name, index) => ({
      name,
      type: "bar",
      barMaxWidth: 32,
      itemStyle: { color: colours[index] },
      data: rows.map((row) => row.values[index]),
    })),
  };
}

function hint({ dataIndex }, rows) {
  const row = rows[dataIndex];
  const few = row.small ? "\n评价太少,仅供参考" : "";
  return `${row.title}\n${percent(row.value)}(95% 区间 ${percent(row.low)}–${percent(row.high)})\n${row.n} 份评价${few}`;
}

// A range as a line with a dot at its value; hollow where there are too few answers.
function range(rows, upright) {
  return {
    type: "custom",
    data: rows.map((row, index) => (upright ? [index, row.low, row.high] : [row.low, index, row.high])),
    encode: upright ? { x: 0, y: [1, 2] } : { x: [0, 2], y: 1 },
    renderItem(_, api) {
      const at = upright ? api.value(0) : api.value(1);
      const row = rows[at];
      const point = (value) => api.coord(upright ? [at, value] : [value, at]);
      const [low, high, middle] = [point(row.low), point(row.high), point(row.value)];
      const colour = token(row.small ? "--text-3" : "--accent");
      return {
        type: "group",
        children: [
          { type: "line", shape: { x1: low[0], y1: low[1], x2: high[0], y2: high[1] }, style: { stroke: colour, lineWidth: 3 } },
          { type: "circle", shape: { cx: middle[0], cy: middle[1], r: 6 }, style: { fill: row.small ? token("--card") : colour, stroke: colour, lineWidth: 2 } },
        ],
      };
    },
  };
}

function goal(target, upright) {
  if (target === undefined) return undefined;
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: token("--primary"), type: "dashed" },
    label: { formatter: `目标 ${round(target)}`, color: token("--primary"), position: upright ? "end" : "start" },
    data: [upright ? { yAxis: target } : { xAxis: target }],
  };
}

// Satisfied shares with their intervals, one line each: [{ title, value, low, high, n, small }].
function intervals({ rows, target }) {
  return {
    ...base(),
    tooltip: { ...base().tooltip, trigger: "item", formatter: (at) => hint(at, rows) },
    xAxis: { ...shares(), name: "满意率", nameLocation: "middle", nameGap: 28 },
    grid: { ...base().grid, bottom: 28 },
    yAxis: { ...axis("category"), inverse: true, data: rows.map((row) => `${row.title}(${row.n} 份)`) },
    series: [{ ...range(rows, false), markLine: goal(target, false) }],
  };
}

// The same over time, from left to right.
function trend({ rows, target }) {
  return {
    ...base(),
    tooltip: { ...base().tooltip, trigger: "item", formatter: (at) => hint(at, rows) },
    xAxis: { ...axis("category"), data: rows.map((row) => row.title) },
    yAxis: { ...shares(), name: "满意率" },
    series: [{ ...range(rows, true), markLine: goal(target, true) }],
  };
}

const drawn = new WeakMap();
const options = (element) => CHARTS[element.dataset.chart](JSON.parse(element.querySelector("script").textContent));

function draw(element) {
  const canvas = document.createElement("div");
  canvas.className = "chart-canvas";
  element.append(canvas);
  const chart = echarts.init(canvas, null, { renderer: "canvas" });
  chart.setOption(options(element));
  drawn.set(element, chart);
  new ResizeObserver(() => chart.resize()).observe(canvas);
  window.addEventListener("beforeprint", () => chart.resize());
}

function drawAll(root) {
  for (const element of root.querySelectorAll("[data-chart]:not([data-drawn])")) {
    element.dataset.drawn = "yes";
    draw(element);
  }
}
drawAll(document);
// A page that refreshes by itself has put other figures into a chart.
document.addEventListener("chart:changed", ({ target }) => drawn.get(target)?.setOption(options(target), true));
document.addEventListener("htmx:load", (event) => drawAll(event.target));
