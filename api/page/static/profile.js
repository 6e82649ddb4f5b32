// The served profile, its model card (how it was measured), and the size of the index.

import { get } from "./api.js";
import { $, describe, make } from "./dom.js";
import { bytes, count, duration, percent, plural } from "./words.js";

const MEASURED = {
  accepted_right: "Accepted, and right",
  top1: "Right song first, accepted or not",
  within_50ms: "Right song and place, within 50 ms",
  wrong_name: "Accepted under a wrong name",
  false_accept: "Given a name, although not indexed",
};

let served = null;

export const profileServed = () => served;

/** Return the lowest and highest frequency that the profile uses, in hertz. */
export function bandHz() {
  const { sample_rate_hz: rateHz, spectrogram } = served.fingerprint;
  return [spectrogram.min_hz, spectrogram.max_hz ?? rateHz / 2];
}

/** Load and show the profile and the index. */
export async function loadProfile() {
  served = await get("profile");
  $("profile-name").textContent = served.name;
  $("profile-description").textContent = served.description;
  describe($("parameters"), parameterRows(served));
  showAccuracy(served);
  await refreshIndex();
}

/** Show the size of the index anew. */
export async function refreshIndex() {
  const stats = await get("stats");
  $("served").textContent = `${plural(stats.songs, "song")} · profile ${served.name}`;
  describe($("index"), [
    ["Songs", `${count(stats.songs)}, ${duration(stats.duration_s)}`],
    ["Postings", count(stats.postings)],
    ["On disk", bytes(stats.file_bytes)],
    ["Last check", stats.health === null ? "not done yet" : stats.health.ok ? "sound" : stats.health.problems.join("; ")],
  ]);
}

function parameterRows({ digest, fingerprint, query }) {
  const { sample_rate_hz: rateHz, spectrogram, whitening, peaks, pairs } = fingerprint;
  const span = (n) => `${count(n)} samples, ${Math.round((1000 * n) / rateHz)} ms`;
  const [lowHz, highHz] = bandHz();
  const cap = (perS) => (perS === null ? "no cap" : `${perS} /s`);
  const reach = pairs.max_delta_hz === null ? "" : `, ${count(pairs.max_delta_hz)} Hz`;
  const short = make("code", { text: `${digest.slice(0, 12)}…`, title: digest });
  return [
    ["Window", span(spectrogram.n_fft)],
    ["Hop", span(spectrogram.hop_length)],
    ["Band", `${count(lowHz)} to ${count(highHz)} Hz`],
    ["Whitening", whitening.kind === "none" ? "none" : `${count(whitening.width_hz)} Hz × ${whitening.width_s} s`],
    ["Peaks paired: song, recording", `${cap(peaks.max_peaks_per_s)}, ${cap(query.max_peaks_per_s ?? peaks.max_peaks_per_s)}`],
    ["Fan-out: song, recording", `${pairs.fan_out}, ${query.fan_out ?? pairs.fan_out}`],
    ["Pairs reach", `${pairs.max_delta_s} s${reach}`],
    ["Digest", short],
  ];
}

function showAccuracy({ provenance, decision }) {
  const overall = provenance?.overall ?? {};
  const known = Object.entries(MEASURED).filter(([metric]) => typeof overall[metric]?.share === "number");
  $("accuracy-note").textContent = known.length ? measuredOn(provenance) : "Never measured, so no accuracy can be stated; fpbench accuracy --keep measures it.";
  $("accuracy-note").classList.toggle("warning", !known.length);
  $("accuracy").replaceChildren(...known.map(([metric, name]) => accuracyRow(name, overall[metric])));
  showConditions(provenance?.metrics ?? []);
  const calibrated = decision.calibration !== null;
  $("calibration").textContent = calibrated
    ? `Its confidence is ${decision.calibration}.`
    : "Never calibrated: a confidence of this profile puts songs in order, but is no probability.";
  $("calibration").classList.toggle("warning", !calibrated);
}

function measuredOn({ corpus, n_queries: n, run, date, stated_false_alarm_rate: rate }) {
  const parts = [
    n && `on ${count(n)} queries`,
    corpus?.name && `of ${corpus.name}`,
    (run || date) && `(${[run && `run ${run}`, date?.slice(0, 10)].filter(Boolean).join(", ")})`,
    typeof rate === "number" && `for ${percent(rate)} false alarms`,
  ].filter(Boolean);
  return `Measured ${parts.join(" ")}; bars are 95% intervals.`;
}

function accuracyRow(name, { share, low, high }) {
  const range = make("span");
  range.style.left = `${100 * low}%`;
  range.style.width = `${100 * (high - low)}%`;
  const point = make("b");
  point.style.left = `calc(${100 * share}% - 1px)`;
  return make("li", {},
    make("span", { class: "share", text: percent(share) }),
    name,
    make("span", { class: "quiet", text: ` ${percent(low)} to ${percent(high)}` }),
    make("span", { class: "interval", "aria-hidden": "true" }, range, point));
}

function showConditions(metrics) {
  const rows = metrics.filter(({ metric, share }) => metric === "accepted_right" && typeof share === "number");
  $("conditions").hidden = !rows.length;
  $("condition-rows").replaceChildren(...rows.map((row) => make("tr", {},
    make("th", { scope: "row", text: row.condition }),
    make("td", { class: "number", text: `${row.clip_s} s` }),
    make("td", { class: "number", text: `${percent(row.share)} (${percent(row.low)} to ${percent(row.high)})` }))));
}
