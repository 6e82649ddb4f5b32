// How an answer came about: the constellation, the histogram of offsets, the alignment of hashes.

import { colour, onScheme } from "./colours.js";
import { $, describe } from "./dom.js";
import { Plot } from "./plot.js";
import { drawLevels } from "./spectrogram.js";
import { clock, count, odds, plural } from "./words.js";

const MIN_VOTES_AXIS = 10; // so that three chance votes do not look like a spike

let shown = null; // the explanation on display
let chosen = 0; // which of its songs is laid over the recording

export function installExplanation() {
  for (const box of $("layers").querySelectorAll("input")) box.addEventListener("change", draw);
  for (const radio of $("places").querySelectorAll("input")) {
    radio.addEventListener("change", () => {
      chosen = Number(radio.value);
      draw();
    });
  }
  onScheme(draw);
  new ResizeObserver(draw).observe($("constellation"));
}

export function hideExplanation() {
  shown = null;
  $("explanation").hidden = true;
}

/** Show an explanation as the service's POST /explain gives it in JSON. */
export function showExplanation(explanation) {
  shown = explanation;
  chosen = 0;
  $("explanation").hidden = false;
  $("explanation-title").textContent = explanation.matched ? "How this was found" : "Why there is no match";
  $("explanation-note").textContent = noteOf(explanation);
  $("places").hidden = explanation.places.length < 2;
  $("places").querySelector("input").checked = true;
  explanation.places.forEach((place, i) => { $(`place-${i}`).textContent = place.candidate.song_name; });
  draw();
}

function noteOf({ places, reason, matched, query_s: length, hashes, peaks }) {
  const heard = `${length.toFixed(1)} s of audio gave ${plural(peaks.query_s.length, "peak")} and ${count(hashes)} hashes.`;
  if (!places.length) return `${heard} ${reason.charAt(0).toUpperCase()}${reason.slice(1)}`;
  return matched ? heard : `${heard} Below is the likeliest song; what speaks for it is not enough to be believed.`;
}

function draw() {
  if (!shown) return;
  const place = shown.places[chosen];
  for (const id of ["histogram", "alignment"]) $(id).closest(".pair").hidden = !place;
  $("evidence").hidden = $("evidence-title").hidden = !place;
  drawConstellation(shown, place);
  if (!place) return;
  drawHistogram(place);
  drawAlignment(place, shown.query_s);
  describe($("evidence"), evidenceRows(place));
}

function evidenceRows({ candidate, evidence }) {
  return [
    ["Shared hashes at one offset (votes)", count(evidence.votes)],
    ["Their weight over the chance level", `${evidence.contrast.toFixed(1)} times`],
    ["Song peaks found again, near ones counted in part", `${Math.round(evidence.verified)} of ${evidence.expected}`],
    ["Loudness at the song’s peaks (rank z)", signed(evidence.rank_z)],
    ["Loudness of all frequencies at the same times (broadband z)", signed(evidence.broadband_z)],
    ["How far the recording’s own peaks stand out (spectral crest)", `${Math.round(evidence.crest_db)} dB`],
    ["Hypotheses tried, each one more chance to be wrong", count(evidence.n_hypotheses)],
    ["Probability that follows", odds(candidate.probability)],
  ];
}

const signed = (deviations) => `${deviations < -0.05 ? "−" : "+"}${Math.abs(deviations).toFixed(1)}`;
const shortClock = (seconds) => clock(seconds).replace(/\.0$/, "");
const layer = (name) => $("layers").querySelector(`[name=${name}]`).checked;

function drawConstellation({ query_s: lengthS, band_hz: [lowHz, highHz], peaks, spectrogram }, place) {
  const marginHz = 0.03 * (highHz - lowHz);
  const plot = new Plot($("constellation"), {
    x: { label: "time in the recording [s]", range: [0, Math.max(lengthS, 0.1)], format: (s) => `${+s.toFixed(2)}` },
    y: { label: "frequency [Hz]", range: [lowHz - marginHz, highHz + marginHz], format: (hz) => count(hz) },
  });
  if (layer("spectrogram") && spectrogram?.n_frames) drawBackdrop(plot, spectrogram);
  if (place && layer("pairs")) drawPairs(plot, place.aligned);
  if (place) drawSongPeaks(plot, place.peaks);
  if (layer("query")) {
    plot.discs(peaks.query_s, peaks.frequency_hz, { radius: 1.7, fill: colour("ink"), alpha: 0.75 });
  }
  plot.frame();
  const found = place ? place.peaks.nearness.filter((near) => near > 0).length : 0;
  $("constellation").setAttribute("aria-label", place
    ? `Constellation: ${plural(peaks.query_s.length, "peak")} of the recording; of ${count(place.peaks.nearness.length)} peaks of ${place.candidate.song_name}, ${count(found)} are found again; ${plural(place.aligned.query_s.length, "pair")} vote.`
    : `Constellation: ${plural(peaks.query_s.length, "peak")} of the recording, no song to lay over them.`);
}

function drawBackdrop(plot, spectrogram) {
  const { n_frames: frames, n_bins: bins, first_frame: frame, first_bin: bin, hop_s: hopS, bin_hz: binHz } = spectrogram;
  const [left, right] = [plot.x(frame * hopS), plot.x((frame + frames) * hopS)];
  const [top, bottom] = [plot.y((bin + bins - 0.5) * binHz), plot.y((bin - 0.5) * binHz)];
  plot.clipped((pen) => {
    pen.globalAlpha = 0.6;
    pen.drawImage(drawLevels(spectrogram), left, top, right - left, bottom - top);
  });
}

function drawPairs(plot, pairs) {
  const rows = pairs.query_s.map((at, i) => [at, pairs.anchor_hz[i], at + pairs.delta_s[i], pairs.target_hz[i]]);
  const alpha = Math.max(0.14, Math.min(0.6, 40 / Math.max(rows.length, 1)));
  plot.lines(rows, { stroke: colour("accent"), alpha });
}

function drawSongPeaks(plot, { query_s: at, frequency_hz: hz, nearness }) {
  const pick = (column, isFound) => column.filter((_, i) => nearness[i] > 0 === isFound);
  if (layer("found")) {
    plot.discs(pick(at, true), pick(hz, true), { radius: 4.5, fill: colour("orange"), edge: colour("ink"), width: 0.8 });
  }
  if (layer("missed")) {
    plot.discs(pick(at, false), pick(hz, false), { radius: 4, edge: colour("vermillion"), width: 1.5 });
  }
}

function drawHistogram({ candidate, histogram }) {
  const { offset_s: offsets, votes, tolerance_s: toleranceS, highest_elsewhere: elsewhere } = histogram;
  const [low, high] = [offsets[0], offsets.at(-1)];
  const margin = Math.max(0.04 * (high - low), 1);
  const isNear = (s) => Math.abs(s - candidate.offset_s) <= 2 * toleranceS;
  const peak = Math.max(0, ...votes.filter((_, i) => isNear(offsets[i])));
  const top = 1.3 * Math.max(peak, elsewhere, MIN_VOTES_AXIS);
  const plot = new Plot($("histogram"), {
    x: { label: "offset: song time − recording time", range: [low - margin, high + margin], format: shortClock, clock: true },
    y: { label: "votes (shared hashes)", range: [0, top], format: count },
  });
  const bars = offsets.map((s, i) => [s, 0, s, votes[i]]).filter(([, , , n]) => n);
  plot.lines(bars.filter(([s]) => !isNear(s)), { stroke: colour("edge"), width: 1 });
  plot.lines(bars.filter(([s]) => isNear(s)), { stroke: colour("accent"), width: 2.5 });
  plot.lines([[low - margin, elsewhere, high + margin, elsewhere]], { stroke: colour("vermillion"), dash: [4, 4] });
  labelPeak(plot, `${count(peak)} at ${clock(candidate.offset_s)}`, candidate.offset_s, peak);
  labelElsewhere(plot, `highest elsewhere: ${count(elsewhere)}`, elsewhere, candidate.offset_s);
  plot.frame();
  $("histogram").setAttribute("aria-label",
    `Offset histogram of ${candidate.song_name}: ${count(peak)} votes at ${clock(candidate.offset_s)}, at most ${count(elsewhere)} at any other offset.`);
}

function labelPeak(plot, text, at, votes) {
  const { pen, box } = plot;
  pen.font = "600 13px system-ui, 'DejaVu Sans', sans-serif";
  const half = pen.measureText(text).width / 2;
  const x = Math.max(box.left + half + 4, Math.min(box.right - half, plot.x(at)));
  pen.fillStyle = colour("accent");
  pen.textAlign = "center";
  pen.textBaseline = "bottom";
  pen.fillText(text, x, plot.y(votes) - 8);
  pen.font = "12px system-ui, 'DejaVu Sans', sans-serif";
}

function labelElsewhere(plot, text, votes, offsetS) {
  const { pen, box } = plot;
  const onLeft = plot.x(offsetS) > (box.left + box.right) / 2;
  pen.fillStyle = colour("danger-text");
  pen.textAlign = onLeft ? "left" : "right";
  pen.textBaseline = "bottom";
  pen.fillText(text, onLeft ? box.left + 6 : box.right, plot.y(votes) - 4);
}

function drawAlignment({ candidate, aligned, scattered }, lengthS) {
  const offset = candidate.offset_s;
  const margin = Math.max(0.35 * lengthS, 0.5);
  const plot = new Plot($("alignment"), {
    x: { label: "time in the recording [s]", range: [0, lengthS], format: (s) => `${+s.toFixed(2)}` },
    y: { label: "time in the song", range: [offset - margin, offset + lengthS + margin], format: shortClock, clock: true },
  });
  plot.lines([[0, offset, lengthS, offset + lengthS]], { stroke: colour("orange"), width: 6, alpha: 0.4 });
  plot.discs(scattered.query_s, scattered.song_s, { radius: 1.8, fill: colour("edge"), alpha: 0.7 });
  plot.discs(aligned.query_s, aligned.song_s, { radius: 2.2, fill: colour("accent") });
  plot.frame();
  $("alignment").setAttribute("aria-label",
    `Alignment: ${plural(aligned.query_s.length, "hit")} on the diagonal that begins at ${clock(offset)} in the song, ${count(scattered.query_s.length)} elsewhere in it.`);
}
