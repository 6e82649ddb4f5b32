// Requests to the service, and what goes wrong with them as one clear sentence.

import { sentence } from "./words.js";
import { askKey, currentKey } from "./access.js";

const TRIES = 4;

const BY_STATUS = {
  413: "The file is too large for this server.",
  502: "The server behind this address does not answer: try again in a moment.",
  504: "The server took too long to answer: try again.",
};

/** A request that failed; `message` is fit for people, `again` says whether to offer a retry. */
export class Problem extends Error {
  constructor(message, { status = 0, code = "", again = false, retryAfterS = 1 } = {}) {
    super(message);
    Object.assign(this, { status, code, again, retryAfterS });
  }
}

/** Return the JSON that a path answers. */
export async function get(path) {
  return (await send(path)).json();
}

/** Post a file with form fields; `onWait` is told when the server is busy and it is tried again. */
export async function postFile(path, file, fields = {}, { onWait, signal, write = false } = {}) {
  const request = () => {
    const body = new FormData();
    body.append("file", file, file.name);
    for (const [name, value] of Object.entries(fields)) body.append(name, String(value));
    return { method: "POST", body, signal };
  };
  return (await patiently(() => (write ? sendAsWriter(path, request) : send(path, request())), onWait)).json();
}

/** Delete what a path names. */
export async function remove(path) {
  await patiently(() => sendAsWriter(path, () => ({ method: "DELETE" })));
}

async function patiently(attempt, onWait) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (problem) {
      if (problem.status !== 503 || tried === TRIES) throw problem;
      onWait?.(`The server is busy. Trying again in ${problem.retryAfterS} s…`);
      await new Promise((resolve) => { setTimeout(resolve, 1000 * problem.retryAfterS); });
    }
  }
}

/** Send with the API key, and ask for one as long as the server says that it needs another. */
async function sendAsWriter(path, request) {
  for (;;) {
    const key = currentKey();
    try {
      const options = request();
      return await send(path, key ? { ...options, headers: { "X-API-Key": key } } : options);
    } catch (problem) {
      if (problem.status !== 401 || !(await askKey({ refused: Boolean(key) }))) throw problem;
    }
  }
}

async function send(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The server cannot be reached: check that it is running and that you are connected.", { again: true });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response) {
  const { status } = response;
  const body = await response.json().catch(() => ({}));
  const fallback = BY_STATUS[status] ?? `The server refused with status ${status}.`;
  return new Problem(body.message ? sentence(body.message) : fallback, {
    status,
    code: body.code,
    again: status >= 500 || status === 408,
    retryAfterS: Number(response.headers.get("Retry-After")) || 1,
  });
}
