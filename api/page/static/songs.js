// The songs of the index: listed, searched, learned, removed.

import { get, postFile, remove } from "./api.js";
import { $, announce, make, onDrop, show } from "./dom.js";
import { refreshIndex } from "./profile.js";
import { count, duration, plural } from "./words.js";

const PAGE = 25;
const TYPING_MS = 200;

let shown = 0; // songs on display
let asked = 0; // numbers the requests, so that a late answer to an old search is not shown
let typing = 0;
let queue = []; // { file, input, state } of the songs to learn

export function installSongs() {
  $("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => list().catch(showProblem), TYPING_MS);
  });
  $("more").addEventListener("click", () => list({ more: true }).catch(showProblem));
  $("new-songs").addEventListener("change", () => {
    enqueue([...$("new-songs").files]);
    $("new-songs").value = "";
  });
  onDrop($("library"), enqueue);
  $("queue").addEventListener("submit", (event) => {
    event.preventDefault();
    learnAll().catch(showProblem);
  });
  $("queue-clear").addEventListener("click", () => {
    queue = [];
    showQueue();
    $("new-songs").focus();
  });
}

/** List the songs whose name holds what is searched, the last learned first; `more` adds a page. */
export async function list({ more = false } = {}) {
  asked += 1;
  const request = asked;
  const name = $("search").value.trim();
  const query = new URLSearchParams({ limit: PAGE, offset: more ? shown : 0, order: "newest", ...(name && { name }) });
  const page = await get(`songs?${query}`);
  if (request !== asked) return;
  // What others learned since the last page pushed songs that are on display onto this one.
  const known = new Set(more ? [...$("songs").children].map(({ dataset }) => dataset.id) : []);
  const rows = page.songs.filter((song) => !known.has(String(song.song_id))).map(row);
  if (more) $("songs").append(...rows);
  else $("songs").replaceChildren(...rows);
  shown = $("songs").children.length;
  $("more").hidden = shown >= page.total;
  $("total").textContent = name ? `${count(page.total)} found` : plural(page.total, "song");
  show($("no-songs"), page.total ? null : name ? "No song has a name like that." : "No songs yet: add some, or drop audio files here.");
  if (more) rows[0]?.querySelector("button").focus();
}

function row(song) {
  const button = make("button", { type: "button", "aria-label": `Remove ${song.song_name}`, text: "Remove" });
  const item = make("li", { "data-id": song.song_id },
    make("div", {},
      make("div", { class: "name", text: song.song_name }),
      make("div", { class: "quiet", text: `${duration(song.duration_s)} · ${plural(song.fingerprints, "fingerprint")}${cutOff(song)}` })),
    button);
  button.addEventListener("click", () => forget(song, item).catch(showProblem));
  return item;
}

/** Return what to say of a song whose recording was cut off; nothing of any other. */
function cutOff({ complete, duration_s, stated_s }) {
  if (complete) return "";
  return ` · cut off${stated_s === null ? "" : `, ${duration_s.toFixed(1)} of ${stated_s.toFixed(1)} s`}`;
}

async function forget(song, item) {
  if (!(await confirmed(song))) return;
  $("library-problem").hidden = true;
  const next = item.nextElementSibling ?? item.previousElementSibling;
  await remove(`songs/${song.song_id}`);
  const position = next && [...$("songs").children].filter((one) => one !== item).indexOf(next);
  announce(`${song.song_name} was removed.`);
  await Promise.all([list(), refreshIndex()]);
  ($("songs").children[position]?.querySelector("button") ?? $("search")).focus();
}

function confirmed(song) {
  const dialog = $("confirm");
  $("confirm-title").textContent = `Remove “${song.song_name}”?`;
  $("confirm-text").textContent = `Its ${plural(song.fingerprints, "fingerprint")} leave the index; to have it back, its file must be learned again.`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "remove"), { once: true });
  });
}

function enqueue(files) {
  queue = queue.filter(({ state }) => state.dataset.state !== "learned");
  for (const file of files) {
    const placeholder = `As in its tags, or “${file.name.replace(/\.[^.]+$/, "") || file.name}”`;
    const input = make("input", { placeholder, maxlength: "300", autocomplete: "off" });
    queue.push({ file, input, state: make("span", { class: "state" }) });
  }
  showQueue();
  queue.find(({ state }) => !state.dataset.state)?.input.focus();
}

function showQueue() {
  $("queue").hidden = !queue.length;
  $("queue-rows").replaceChildren(...queue.map(({ file, input, state }) => make("li", {},
    make("label", {}, `Name of ${file.name}`, input), state)));
  const waiting = queue.filter(({ state }) => state.dataset.state !== "learned").length;
  $("learn").hidden = !waiting;
  $("learn").textContent = `Learn ${plural(waiting, "song")}`;
}

async function learnAll() {
  $("library-problem").hidden = true;
  $("learn").disabled = $("queue-clear").disabled = true;
  try {
    for (const entry of queue.filter(({ state }) => state.dataset.state !== "learned")) await learn(entry);
  } finally {
    $("learn").disabled = $("queue-clear").disabled = false;
    showQueue();
    ($("learn").hidden ? $("queue-clear") : $("learn")).focus();
  }
  const failed = queue.filter(({ state }) => state.dataset.state === "failed").length;
  announce(`${plural(queue.length - failed, "song")} learned${failed ? `, ${failed} not` : ""}.`);
  $("search").value = ""; // what was learned is on top of all songs, not of those searched
  await Promise.all([list(), refreshIndex()]);
  $("songs").firstElementChild?.scrollIntoView({ block: "nearest" });
}

async function learn({ file, input, state }) {
  const tell = (kind, text) => {
    state.dataset.state = kind;
    state.textContent = text;
  };
  tell("learning", "Learning…");
  try {
    const options = { write: true, onWait: (text) => tell("learning", text) };
    const fields = input.value.trim() ? { song_name: input.value } : {};
    const song = await postFile("learn", file, fields, options);
    const note = song.warning && song.complete ? `; ${song.warning}` : "";
    const why = { audio: ": same audio", whole: ": there it is whole" }[song.known_by] ?? "";
    tell("learned", song.created
      ? `Learned: ${plural(song.fingerprints, "fingerprint")}${cutOff(song)}${note}`
      : `Known already, as “${song.song_name}”${why}`);
    input.value = song.song_name;
    input.disabled = true;
  } catch (problem) {
    tell("failed", problem.message);
  }
}

function showProblem(problem) {
  show($("library-problem"), problem.message);
}
