// The console's charts: each element with data-chart draws the JSON inside it, beside a table of
// the same figures. Colours come from console.css, so that light and dark pages differ there alone.
"use strict";

const CHARTS = { distribution, intervals, trend, bars, lines };

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Large on a wall, where nothing may be small.
const textSize = () => parseInt(token("--chart-text"), 10) || 12;

const percent = (share) => `${(100 * share).toFixed(1)}%`;
const round = (share) => `${Math.round(100 * share)}%`;

function shares() {
  const own = axis("value");
  return { ...own, min: 0, max: 1, axisLabel: { ...own.axisLabel, formatter: round } };
}

function base() {
  const text = { color: token("--ink"), fontSize: textSize(), fontFamily: getComputedStyle(document.body).fontFamily };
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: text,
    grid: { left: 8, right: 2 * textSize(), top: 3 * textSize() + 4, bottom: 8, containLabel: true },
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
        fontSize: textSize(),
        formatter: ({ value }) => (total ? `${value}（${percent(value / total)}）` : "0"),
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
    legend: names.length > 1 ? { data: names, textStyle: { color: token("--ink"), fontSize: textSize() } } : undefined,
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

// Counts of many kinds, one line each, so that their names have room: [{ title, n }].
function lines({ rows }) {
  return {
    ...base(),
    grid: { ...base().grid, top: 8, right: 5 * textSize() },
    // Each bar says its number: an axis would say it again.
    xAxis: { ...axis("value"), axisLabel: { show: false }, splitLine: { show: false } },
    yAxis: { ...axis("category"), inverse: true, data: rows.map((row) => row.title) },
    series: [{
      type: "bar",
      barMaxWidth: 1.5 * textSize(),
      itemStyle: { color: token("--accent") },
      label: {
        show: true,
        position: "right",
        color: token("--ink"),
        fontSize: textSize(),
        formatter: ({ value }) => value.toLocaleString("zh-CN"),
      },
      data: rows.map((row) => row.n),
    }],
  };
}

function hint({ dataIndex }, rows) {
  const row = rows[dataIndex];
  if (row.value === null) return `${row.title}\n${row.n} 份评价${row.small ? "，评价太少" : ""}`;
  const few = row.small ? "\n评价太少，仅供参考" : "";
  return `${row.title}\n${percent(row.value)}(95% 区间 ${percent(row.low)}–${percent(row.high)})\n${row.n} 份评价${few}`;
}

// That there are too few answers to say a figure, where it would be.
function tooFew([x, y], upright) {
  return {
    type: "text",
    style: {
      x,
      y,
      text: upright ? "评价\n太少" : "评价太少",
      align: upright ? "center" : "left",
      verticalAlign: upright ? "bottom" : "middle",
      fill: token("--text-2"),
      fontSize: textSize(),
    },
  };
}

// A range as a line with a dot at its value; hollow where there are too few answers, and without
// a figure (`value` null) none at all.
function range(rows, upright) {
  return {
    type: "custom",
    data: rows.map((row, index) => {
      const [low, high] = row.value === null ? [0, 0] : [row.low, row.high];
      return upright ? [index, low, high] : [low, index, high];
    }),
    encode: upright ? { x: 0, y: [1, 2] } : { x: [0, 2], y: 1 },
    renderItem(_, api) {
      const at = upright ? api.value(0) : api.value(1);
      const row = rows[at];
      const point = (value) => api.coord(upright ? [at, value] : [value, at]);
      if (row.value === null) return row.small ? tooFew(point(0), upright) : undefined;
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
    lineStyle: { color: token("--goal"), type: "dashed" },
    label: { show: !upright, formatter: `目标 ${round(target)}`, color: token("--goal"), fontSize: textSize(), position: "start" },
    data: [upright ? { yAxis: target } : { xAxis: target }],
  };
}

// Satisfied shares with their intervals, one line each: [{ title, value, low, high, n, small }].
function intervals({ rows, target }) {
  return {
    ...base(),
    tooltip: { ...base().tooltip, trigger: "item", formatter: (at) => hint(at, rows) },
    xAxis: { ...shares(), name: "满意率", nameLocation: "middle", nameGap: 2.4 * textSize() },
    grid: { ...base().grid, bottom: 2.4 * textSize() },
    yAxis: { ...axis("category"), inverse: true, data: rows.map((row) => `${row.title}（${row.n} 份）`) },
    series: [{ ...range(rows, false), markLine: goal(target, false) }],
  };
}

// The goal is named above the axis: along its line it would stand in the way of the points.
function upwards(target) {
  const own = shares();
  const name = target === undefined ? "满意率" : `满意率，虚线是目标 ${round(target)}`;
  return { ...own, name, nameTextStyle: { ...own.nameTextStyle, align: "left" } };
}

// The same over time, from left to right.
function trend({ rows, target }) {
  return {
    ...base(),
    tooltip: { ...base().tooltip, trigger: "item", formatter: (at) => hint(at, rows) },
    xAxis: { ...axis("category"), data: rows.map((row) => row.title) },
    yAxis: upwards(target),
    series: [{ ...range(rows, true), markLine: goal(target, true) }],
  };
}

const drawn = new WeakMap();
const figures = (element) => JSON.parse(element.querySelector("script").textContent);
const options = (element) => CHARTS[element.dataset.chart](figures(element));

function draw(element) {
  const canvas = document.createElement("div");
  canvas.className = "chart-canvas";
  element.append(canvas);
  // What is not on the screen yet is drawn when it comes there: before, it has no size.
  new ResizeObserver(() => {
    if (!canvas.clientWidth) return;
    if (drawn.has(element)) drawn.get(element).resize();
    else drawn.set(element, begin(element, canvas));
  }).observe(canvas);
  window.addEventListener("beforeprint", () => drawn.get(element)?.resize());
}

function begin(element, canvas) {
  const chart = echarts.init(canvas, null, { renderer: "canvas" });
  chart.setOption(options(element));
  // A point opens the list that it is counted from, as its line in the table does.
  chart.on("click", ({ dataIndex }) => {
    const { url } = figures(element).rows[dataIndex] || {};
    if (url) window.location.assign(url);
  });
  return chart;
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
