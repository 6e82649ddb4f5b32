// Spectrograms: a live one that fills the canvas while it listens, and one from the server.

import { colour, ramp } from "./colours.js";

const RANGE_DB = 52;
const QUIETEST_DB = -75;
const ROWS = 192;

/** Draws what an analyser hears, from left to right over `lengthS` seconds. */
export class LiveSpectrogram {
  /** `bandHz` is [low, high] that the profile uses; a little more is shown. */
  constructor(canvas, analyser, { lengthS, bandHz }) {
    this.canvas = canvas;
    this.analyser = analyser;
    this.lengthS = lengthS;
    this.bandHz = bandHz;
    this.topHz = Math.min(1.12 * bandHz[1], analyser.context.sampleRate / 2);
    this.columns = []; // [seconds, levels in dB by row]
    this.maxDb = QUIETEST_DB;
    this.spectrum = new Float32Array(analyser.frequencyBinCount);
    this.fit();
  }

  /** Take the canvas's size and colours anew and draw all again. */
  fit() {
    const { canvas } = this;
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
    this.pen = canvas.getContext("2d");
    this.ramp = ramp();
    this.#redraw();
  }

  /** Add what is heard now; returns the level of the waveform in dB of full scale. */
  hear(elapsedS) {
    this.analyser.getFloatFrequencyData(this.spectrum);
    const perRow = (this.topHz / ROWS) / (this.analyser.context.sampleRate / this.analyser.fftSize);
    const levels = Float32Array.from({ length: ROWS }, (_, row) => {
      let highest = -200;
      const from = Math.floor(row * perRow);
      for (let bin = from; bin <= from + perRow; bin += 1) highest = Math.max(highest, this.spectrum[bin]);
      return highest;
    });
    const before = this.columns.at(-1)?.[0] ?? 0;
    this.columns.push([elapsedS, levels]);
    const loudest = Math.max(...levels);
    if (loudest > this.maxDb + 3) {
      this.maxDb = loudest;
      this.#redraw();
    } else {
      this.#column(before, elapsedS, levels);
      this.#band();
    }
    return this.#levelDb();
  }

  #redraw() {
    this.pen.fillStyle = colour("ramp-0");
    this.pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    let before = 0;
    for (const [at, levels] of this.columns) {
      this.#column(before, at, levels);
      before = at;
    }
    this.#band();
  }

  #column(fromS, toS, levels) {
    const { width, height } = this.canvas;
    const from = Math.floor((fromS / this.lengthS) * width);
    const to = Math.ceil((toS / this.lengthS) * width);
    levels.forEach((db, row) => {
      const level = Math.round(255 * Math.max(0, Math.min(1, 1 + (db - this.maxDb) / RANGE_DB)));
      this.pen.fillStyle = `rgb(${this.ramp[level].join(" ")})`;
      const top = Math.floor(height * (1 - (row + 1) / ROWS));
      this.pen.fillRect(from, top, Math.max(1, to - from), Math.ceil(height / ROWS) + 1);
    });
  }

  #band() {
    const { pen, canvas } = this;
    const scale = devicePixelRatio;
    pen.font = `${11 * scale}px system-ui, 'DejaVu Sans', sans-serif`;
    this.bandHz.forEach((hz, i) => {
      const y = canvas.height * (1 - hz / this.topHz);
      pen.strokeStyle = colour("edge");
      pen.lineWidth = scale;
      pen.setLineDash([4 * scale, 5 * scale]);
      pen.beginPath();
      pen.moveTo(0, y);
      pen.lineTo(canvas.width, y);
      pen.stroke();
      pen.lineWidth = 3 * scale;
      pen.setLineDash([]);
      pen.strokeStyle = colour("ramp-0");
      pen.fillStyle = colour("muted");
      pen.textBaseline = "bottom";
      const text = `${Math.round(hz).toLocaleString("en")} Hz`;
      pen.strokeText(text, 8 * scale, y - 2 * scale);
      pen.fillText(text, 8 * scale, y - 2 * scale);
    });
  }

  #levelDb() {
    const wave = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(wave);
    const power = wave.reduce((sum, sample) => sum + sample * sample, 0) / wave.length;
    return 10 * Math.log10(power + 1e-12);
  }
}

/** Let the server's spectrogram fill a canvas. */
export function fillWith(canvas, spectrogram) {
  canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
  canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
  canvas.getContext("2d").drawImage(drawLevels(spectrogram), 0, 0, canvas.width, canvas.height);
}

/** Return the server's spectrogram as a canvas, one pixel for each frame and bin. */
export function drawLevels({ n_frames: width, n_bins: height, levels }) {
  const bytes = Uint8Array.from(atob(levels), (char) => char.charCodeAt(0));
  const shades = ramp();
  const image = new ImageData(width, height);
  bytes.forEach((level, i) => {
    const [frame, bin] = [Math.floor(i / height), i % height];
    image.data.set([...shades[level], 255], 4 * ((height - 1 - bin) * width + frame));
  });
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
