// What the service recognised, in words and figures.

import { $, announce, make, show } from "./dom.js";
import { clock, count, duration, ms, odds, played } from "./words.js";
import { get, postFile } from "./api.js";
import { profileServed } from "./profile.js";

let asked = null; // the file of the answer on display
let playing = null; // its address for the player

export function installAnswer({ onProblem }) {
  $("scan-start").addEventListener("click", () => scan(asked).catch(onProblem));
}

export function hideAnswer() {
  $("answer").hidden = true;
}

/** Show an answer of POST /recognize to a file, and let a screen reader say it. */
export async function showAnswer(found, file) {
  asked = file;
  const best = found.candidates[0] ?? null;
  const { threshold, calibration } = profileServed().decision;
  const section = $("answer");
  section.dataset.matched = found.matched;
  section.hidden = false;
  $("verdict").textContent = found.matched ? "Match" : "No match";
  $("answer-title").textContent = found.matched ? found.song_name : "Not one of the songs here";
  const why = found.matched ? whereOf(found) : whyNot(best, threshold);
  $("sentence").textContent = found.warning ? `${why} A note on the recording: ${found.warning}.` : why;
  showGauge(found.matched ? found.confidence : best?.probability ?? 0, found.matched, { threshold, calibration });
  showFigures(found);
  showCandidates(found);
  showRecording(file);
  offerScan(found);
  await showStrip(found);
  announce(found.matched
    ? `Match: ${found.song_name}, ${[placeOf(found), played(found)].filter(Boolean).join(", ")}, confidence ${odds(found.confidence)}.`
    : `No match. ${$("sentence").textContent}`);
}

/** Whether one window of a longer recording gave the answer. */
function isHeardInPart({ start_s: start, end_s: end, query_s: used }) {
  return end !== null && end - start < used - 0.5;
}

function whereOf(found) {
  const { offset_s: offset, start_s: start, end_s: end, song_offset_s: songStart } = found;
  const how = played(found);
  const also = how ? ` It is played ${how}.` : "";
  if (isHeardInPart(found)) return `It is heard from ${clock(start)} to ${clock(end)} of the recording, where the song is at ${clock(songStart)}.${also}`;
  const place = offset < 0 ? `${clock(-offset)} before the song does` : `${clock(offset)} into the song`;
  return `The recording begins ${place}.${also}`;
}

/** Return the same in a few words. */
function placeOf(found) {
  if (isHeardInPart(found)) return `heard from ${clock(found.start_s)} to ${clock(found.end_s)}`;
  return `${clock(found.offset_s)} into the song`;
}

function whyNot(best, threshold) {
  if (!best) return "Nothing in the recording is found in any song of the index.";
  return `The likeliest song is “${best.song_name}” with a probability of ${odds(best.probability)}; an answer needs ${odds(threshold)}.`;
}

function showGauge(probability, matched, { threshold, calibration }) {
  $("confidence-label").textContent = matched ? "Confidence" : "Probability of the likeliest";
  $("confidence").textContent = odds(probability);
  $("gauge-bar").style.width = `${100 * probability}%`;
  $("gauge-mark").style.left = `${100 * threshold}%`;
  const needed = `an answer needs ${odds(threshold)}`;
  $("threshold").textContent = calibration === null ? `${needed}; never calibrated: it puts songs in order, but is no probability` : needed;
}

function showFigures({ matched, matches, offset_s: offset, hashes, times }) {
  $("offset").textContent = matched ? clock(offset) : "–";
  $("votes").textContent = matched ? count(matches) : "–";
  $("hashes").textContent = hashes === null ? "" : `of ${count(hashes)} in the recording`;
  $("time").textContent = ms(times.total_s);
  $("stages").textContent = `decode ${ms(times.decode_s)}, fingerprint ${ms(times.fingerprint_s)}, look up ${ms(times.lookup_s)}, align ${ms(times.align_s)}`;
}

function showCandidates({ candidates, matched }) {
  $("candidates").hidden = !candidates.length;
  $("candidates-title").textContent = matched ? "Candidates" : "Closest songs, none of them accepted";
  $("candidate-rows").replaceChildren(...candidates.map((one) => make("tr", {},
    make("th", { scope: "row", text: one.song_name }),
    make("td", { class: "number", text: clock(one.offset_s) }),
    make("td", { class: "number", text: count(one.matches) }),
    make("td", { class: "number", text: odds(one.probability) }))));
}

function showRecording(file) {
  if (playing) URL.revokeObjectURL(playing);
  playing = URL.createObjectURL(file);
  $("playback").src = playing;
  $("save").href = playing;
  $("save").download = file.name;
}

async function showStrip(found) {
  const { matched, song_id: id, tempo } = found;
  // The song may have been removed since: then there is no strip, and no other harm.
  const song = matched ? await get(`songs/${id}`).catch(() => null) : null;
  $("strip").hidden = $("strip-ends").hidden = !song;
  if (!song) return;
  const isInPart = isHeardInPart(found);
  const offset = isInPart ? found.song_offset_s : found.offset_s;
  const length = (isInPart ? found.end_s - found.start_s : found.query_s) * tempo;
  const share = (s) => 100 * Math.max(0, Math.min(1, s / song.duration_s));
  $("strip-part").style.left = `${share(offset)}%`;
  $("strip-part").style.width = `${share(offset + length) - share(offset)}%`;
  $("strip-end").textContent = duration(song.duration_s);
  $("strip").setAttribute("aria-label", `${isInPart ? "What is heard" : "The recording"} is ${clock(offset)} to ${clock(offset + length)} of ${duration(song.duration_s)}`);
}

function offerScan({ query_s: used }) {
  const longest = profileServed().query.max_query_s;
  $("scan").hidden = used < longest - 0.5;
  $("scan-start").hidden = false;
  $("scan-note").textContent = `Only the first ${Math.round(used)} s were used.`;
  $("appearances").replaceChildren();
}

async function scan(file) {
  $("scan-start").disabled = true;
  show($("scan-note"), "Listening through all of it…");
  try {
    const { appearances } = await postFile("recognize", file, { scan: true });
    const text = appearances.length ? "" : "None of the songs here is heard in it.";
    $("scan-note").textContent = text || "Heard in it:";
    $("appearances").replaceChildren(...appearances.map((one) => make("li", {
      text: `${clock(one.start_s)} to ${clock(one.end_s)}: ${one.song_name}, from ${clock(one.song_offset_s)} of the song`,
    })));
    announce(text || `${appearances.length} found in the recording.`);
    $("scan-start").hidden = true;
    $("appearances").focus();
  } catch (problem) {
    $("scan-note").textContent = "";
    throw problem;
  } finally {
    $("scan-start").disabled = false;
  }
}
