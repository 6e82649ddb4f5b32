// A canvas with two axes: maps seconds, hertz or counts to pixels, and draws frame and ticks.

import { colour } from "./colours.js";

const MARGIN = { left: 48, right: 12, top: 26, bottom: 40 };
const CLOCK_STEPS_S = [15, 30, 60, 120, 300, 600, 1200, 1800, 3600];
const FONT = "12px system-ui, 'DejaVu Sans', sans-serif";

export class Plot {
  /** `x` and `y` are { label, range: [low, high], format }; `clock` where seconds read as minutes. */
  constructor(canvas, { x, y }) {
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    this.pen = canvas.getContext("2d");
    this.pen.scale(scale, scale);
    this.pen.font = FONT;
    this.box = {
      left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom,
    };
    this.axes = { x, y };
    this.x = between(x.range, [this.box.left, this.box.right]);
    this.y = between(y.range, [this.box.bottom, this.box.top]);
  }

  /** Draw inside the axes only. */
  clipped(draw) {
    const { pen, box } = this;
    pen.save();
    pen.beginPath();
    pen.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    pen.clip();
    draw(pen);
    pen.restore();
  }

  /** Draw frame, ticks and labels; last, so that they stay readable. */
  frame() {
    const { pen, box, axes } = this;
    pen.strokeStyle = colour("edge");
    pen.fillStyle = colour("muted");
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(box.left, box.top);
    pen.lineTo(box.left, box.bottom);
    pen.lineTo(box.right, box.bottom);
    pen.stroke();
    pen.textBaseline = "top";
    for (const at of ticks(axes.x, (box.right - box.left) / 90)) {
      pen.textAlign = "center";
      pen.fillText(axes.x.format(at), this.x(at), box.bottom + 6);
    }
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (const at of ticks(axes.y, (box.bottom - box.top) / 36)) {
      pen.fillText(axes.y.format(at), box.left - 6, this.y(at));
    }
    pen.textAlign = "right";
    pen.textBaseline = "bottom";
    pen.fillText(axes.x.label, box.right, box.bottom + MARGIN.bottom);
    pen.textAlign = "left";
    pen.textBaseline = "top";
    pen.fillText(axes.y.label, 2, 2);
  }

  /** Draw filled or hollow discs at `xs`, `ys`. */
  discs(xs, ys, { radius, fill, edge, width = 1, alpha = 1 }) {
    this.clipped((pen) => {
      Object.assign(pen, { globalAlpha: alpha, fillStyle: fill, strokeStyle: edge, lineWidth: width });
      xs.forEach((at, i) => {
        pen.beginPath();
        pen.arc(this.x(at), this.y(ys[i]), radius, 0, 2 * Math.PI);
        if (fill) pen.fill();
        if (edge) pen.stroke();
      });
    });
  }

  /** Draw lines, each [x0, y0, x1, y1]. */
  lines(rows, { stroke, width = 1, alpha = 1, dash = [] }) {
    this.clipped((pen) => {
      Object.assign(pen, { globalAlpha: alpha, strokeStyle: stroke, lineWidth: width, lineCap: "round" });
      pen.setLineDash(dash);
      for (const [x0, y0, x1, y1] of rows) {
        pen.beginPath();
        pen.moveTo(this.x(x0), this.y(y0));
        pen.lineTo(this.x(x1), this.y(y1));
        pen.stroke();
      }
    });
  }
}

function between([low, high], [from, to]) {
  const scale = (to - from) / (high - low || 1);
  return (value) => from + (value - low) * scale;
}

/** Return round numbers within an axis's range, about `n` of them. */
function ticks({ range: [low, high], clock = false }, n) {
  const raw = (high - low) / Math.max(n, 2);
  const power = 10 ** Math.floor(Math.log10(raw));
  const steps = clock && raw > 10 ? CLOCK_STEPS_S : [1, 2, 5, 10].map((factor) => factor * power);
  const step = steps.find((one) => one >= raw) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}
