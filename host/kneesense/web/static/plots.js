// SPDX-License-Identifier: MIT
// The last minutes of each number, a line for each leg; what was heard later are hollow points, the band is shaded.
"use strict";

const SHOWN_S = 300;
const HEIGHT = 130;
const KINDS = [
  { name: "cadence", metrics: ["cadence_spm"], title: "Cadence, steps/min", least: 10, scale: 1 },
  { name: "lean", metrics: ["lean_mid_deg", "lean_cue_deg"], title: "Lean, degrees", least: 2, scale: 1 },
  { name: "contact", metrics: ["contact_s"], title: "Contact time, ms", least: 20, scale: 1000 },
  { name: "impact", metrics: ["pta_axial_g"], title: "Peak acceleration of the shank, g", least: 1, scale: 1 },
];

class Plots {
  constructor(box) {
    this.box = box;
    this.legs = [];
    this.plots = [];
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.make());
    new ResizeObserver(() => this.resize()).observe(box);
  }

  show(legs) {
    const same = legs.map((leg) => leg.side).join() === this.legs.map((leg) => leg.side).join();
    this.legs = legs;
    if (!same || !this.plots.length) this.make();
    KINDS.forEach((kind, i) => this.plots[i].setData(this.data(kind)));
  }

  data(kind) {
    const tables = this.legs.map(({ history }) => {
      const of = (late) => history[kind.name].map((value, i) =>
        value === null || history.late[i] !== late ? null : value * kind.scale);
      return [history.ago_s, of(false), of(true)];
    });
    return uPlot.join(tables);
  }

  make() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue("--" + name).trim();
    this.box.replaceChildren();
    const figures = KINDS.map((kind) => this.figure(kind));
    this.plots = KINDS.map((kind, i) => {
      const figure = figures[i];
      const axis = { stroke: colour("faint"), font: "13px system-ui, sans-serif",
        grid: { stroke: colour("line"), width: 0.3 }, ticks: { show: false } };
      return new uPlot({
        width: figure.clientWidth || 300,
        height: HEIGHT,
        cursor: { show: false },
        legend: { show: false },
        scales: {
          x: { time: false, range: [-SHOWN_S, 0] },
          y: { range: (plot, low, high) => this.range(kind, low, high) },
        },
        axes: [
          { ...axis, size: 28, incrs: [60], values: (plot, at) => at.map((s) => (s ? `−${-s / 60} min` : "now")) },
          { ...axis, size: 44, space: 28 },
        ],
        series: [{}, ...this.legs.flatMap((leg) => this.series(colour(leg.side === "right" ? "right" : "left"), leg.side))],
        hooks: { drawClear: [(plot) => this.band(plot, kind, colour("band"))] },
      }, this.data(kind), figure);
    });
  }

  figure(kind) {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = kind.title + (this.legs.length > 1 ? " (left solid, right dashed)" : "");
    figure.append(caption);
    this.box.append(figure);
    return figure;
  }

  series(stroke, side) {
    const dash = side === "right" && this.legs.length > 1 ? [6, 4] : undefined;
    return [
      { stroke, width: 2, dash, points: { show: false } },
      { stroke, width: 0, paths: () => null, points: { show: true, size: 5, width: 1, stroke, fill: "transparent" } },
    ];
  }

  range(kind, low, high) {
    const aims = this.aims(kind);
    const known = [low, high, ...aims.flatMap((aim) => [aim.target - aim.band, aim.target + aim.band])]
      .filter((value) => value !== null && value !== undefined);
    if (!known.length) return [0, kind.least];
    const from = Math.min(...known), to = Math.max(...known);
    const margin = Math.max(0.1 * (to - from), (kind.least - (to - from)) / 2);
    return [from - margin, to + margin];
  }

  aims(kind) {
    return this.legs.map((leg) => leg.aim).filter((aim) => aim && kind.metrics.includes(aim.metric));
  }

  band(plot, kind, fill) {
    const aim = this.aims(kind)[0];
    if (!aim || this.legs.length > 1) return;  // each leg has a band of its own
    const { left, top, width, height } = plot.bbox;
    const place = (value) => Math.min(top + height, Math.max(top, plot.valToPos(value, "y", true)));
    const high = place(aim.target + aim.band), low = place(aim.target - aim.band);
    plot.ctx.save();
    plot.ctx.globalAlpha = 0.5;
    plot.ctx.fillStyle = fill;
    plot.ctx.fillRect(left, high, width, Math.max(low - high, 2));
    plot.ctx.restore();
  }

  resize() {
    for (const plot of this.plots) {
      const width = plot.root.parentElement.clientWidth;
      if (width && width !== plot.width) plot.setSize({ width, height: HEIGHT });
    }
  }
}
