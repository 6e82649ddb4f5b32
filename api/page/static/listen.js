// From the microphone or a file to an answer: listens, sends, shows, and says what goes wrong.

import { hideAnswer, showAnswer } from "./answer.js";
import { Problem, postFile } from "./api.js";
import { onScheme } from "./colours.js";
import { $, announce, onDrop, show } from "./dom.js";
import { hideExplanation, showExplanation } from "./explanation.js";
import { bandHz } from "./profile.js";
import { Microphone } from "./recorder.js";
import { LiveSpectrogram, fillWith } from "./spectrogram.js";

const SHORTEST_S = 2; // less than this is not worth asking about
const LOUD_DB = -3;

let opening = false; // whether the microphone is being asked for
let session = null; // the recording that is going on
let last = null; // the file that was asked about last
let pending = null; // stops a request that a newer one has made pointless

export function installListening() {
  $("record").addEventListener("click", () => (session ? session.finish() : listen()));
  $("cancel").addEventListener("click", () => session?.cancel());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") session?.cancel();
  });
  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    if (file) take(file);
    $("file").value = "";
  });
  onDrop($("listen"), ([file]) => { if (!session && !opening) take(file); });
  $("retry").addEventListener("click", () => recognise(last));
  onScheme(() => session?.picture.fit());
  new ResizeObserver(() => session?.picture.fit()).observe($("scope"));
}

/** Say what went wrong, and offer to ask again where that may help. */
export function showProblem(problem) {
  const known = problem instanceof Problem;
  if (!known) console.error(problem);
  $("problem-text").textContent = known ? problem.message : "The page met an error of its own: load it again.";
  $("retry").hidden = !(problem.again && last);
  $("problem").hidden = false;
}

function take(file) {
  fillScope("file", file.name);
  recognise(file);
}

async function listen() {
  if (opening) return;
  clear();
  // A disabled button would lose the focus of the keyboard.
  opening = true;
  show($("progress"), "Waiting for the microphone…");
  try {
    const microphone = await Microphone.open();
    try {
      const file = await recorded(microphone);
      if (file) recognise(file);
    } finally {
      await microphone.close();
    }
  } catch (problem) {
    showProblem(problem);
  } finally {
    opening = false;
    if (!pending) show($("progress"), null);
  }
}

/** Record for the chosen time, drawing; returns a File, or null when it is cancelled. */
async function recorded(microphone) {
  const lengthS = Number(document.querySelector("[name=length]:checked").value);
  const recording = await microphone.record();
  const picture = new LiveSpectrogram($("live"), microphone.analyser, { lengthS, bandHz: bandHz() });
  try {
    const kept = await new Promise((resolve) => {
      session = { picture, finish: () => resolve(recording.elapsedS() >= SHORTEST_S), cancel: () => resolve(false) };
      opening = false;
      fillScope("listening");
      enter("listening");
      announce(`Listening for ${lengthS} seconds.`);
      follow(recording, picture, lengthS, () => resolve(true));
    });
    const heardS = recording.elapsedS();
    const file = await recording.stop();
    if (!kept) announce(heardS < SHORTEST_S ? "Too short to ask about." : "Cancelled.");
    fillScope(kept ? "heard" : "idle");
    if (!kept) $("live").width = 0;
    return kept ? file : null;
  } catch (problem) {
    fillScope("idle");
    throw problem;
  } finally {
    session = null;
    enter("idle");
  }
}

/** Draw, count down and tell the level until the time is over or the session ends. */
function follow(recording, picture, lengthS, onEnd) {
  // Whoever prefers less motion sees a few steps a second instead of a steady flow.
  const pauseMs = matchMedia("(prefers-reduced-motion: reduce)").matches ? 250 : 0;
  let drawn = -Infinity;
  // A page in the background draws nothing, but the time must end there too.
  const clock = setInterval(() => {
    const over = recording.elapsedS() >= lengthS;
    if (over) onEnd();
    if (over || session?.picture !== picture) clearInterval(clock);
  }, 50);
  const step = (now) => {
    if (session?.picture !== picture) return;
    const elapsedS = Math.min(recording.elapsedS(), lengthS);
    if (now - drawn >= pauseMs) {
      drawn = now;
      showLevel(picture.hear(elapsedS));
      $("countdown").textContent = `${Math.ceil(lengthS - elapsedS)} s`;
    }
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

function showLevel(db) {
  const shown = Math.max(-60, Math.min(0, db));
  $("level-bar").style.width = `${100 * (1 + shown / 60)}%`;
  $("level").dataset.loud = db > LOUD_DB;
  $("level").setAttribute("aria-valuenow", shown.toFixed(0));
  const word = db > LOUD_DB ? "too loud" : db < -55 ? "very quiet" : "good";
  $("level").setAttribute("aria-valuetext", `${shown.toFixed(0)} decibels, ${word}`);
}

/** Let the scope show the picture of a recording, the name of a file, or what to do. */
function fillScope(state, name = "") {
  $("scope").dataset.state = state;
  $("hint").hidden = state !== "idle";
  show($("chosen"), name);
  if (name) $("live").width = 0; // wipes what was recorded before
}

/** Put the controls into the state "idle" or "listening". */
function enter(state) {
  const listening = state === "listening";
  $("record").textContent = listening ? "Stop and ask" : "Listen";
  $("cancel").hidden = !listening;
  $("countdown").hidden = !listening;
  $("lengths").disabled = listening;
  $("file").disabled = listening;
  show($("progress"), null);
  if (!listening) showLevel(-Infinity);
}

function clear() {
  pending?.abort();
  pending = null;
  $("problem").hidden = true;
  hideAnswer();
  hideExplanation();
}

/** Ask the service about a file; the answer first, then how it came about. */
async function recognise(file) {
  clear();
  last = file;
  const request = new AbortController();
  pending = request;
  const tell = (text) => {
    show($("progress"), text);
    announce(text);
  };
  tell(`Recognising ${file.name}…`);
  const options = { onWait: tell, signal: request.signal };
  try {
    await showAnswer(await postFile("recognize", file, { top: 5 }, options), file);
    show($("progress"), "Drawing how it was found…");
    const explanation = await postFile("explain", file, { format: "json" }, options);
    showExplanation(explanation);
    if ($("scope").dataset.state === "file" && explanation.spectrogram?.n_frames) {
      fillScope("heard", file.name);
      fillWith($("live"), explanation.spectrogram);
    }
  } catch (problem) {
    if (problem.name !== "AbortError") showProblem(problem);
  } finally {
    if (pending === request) {
      pending = null;
      show($("progress"), null);
    }
  }
}
