// The API key: asked for when the server says that it needs one, and kept as long as the tab.

import { $ } from "./dom.js";

const NAME = "fpapi-key";
let key = read();

export const currentKey = () => key;

/** Ask for a key; true when one was given. */
export function askKey({ refused }) {
  const dialog = $("key-dialog");
  $("key-text").textContent = refused
    ? "The server did not accept this key: check it and try again."
    : "Changing the index needs the server’s API key. It is kept until this tab is closed.";
  if (refused) keep("");
  $("key").value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const given = dialog.returnValue === "use" ? $("key").value.trim() : "";
      $("key").value = "";
      if (given) keep(given);
      resolve(Boolean(given));
    }, { once: true });
  });
}

export function installAccess() {
  $("key-cancel").addEventListener("click", () => $("key-dialog").close("cancel"));
  $("key-forget").addEventListener("click", () => {
    keep("");
    $("search").focus();
  });
  keep(key);
}

function keep(given) {
  key = given;
  $("key-kept").hidden = !key;
  try {
    if (key) sessionStorage.setItem(NAME, key);
    else sessionStorage.removeItem(NAME);
  } catch { /* A browser that stores nothing keeps the key in memory only. */ }
}

function read() {
  try {
    return sessionStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}
