// Puts the parts of the page together.

import { installAccess } from "./access.js";
import { installAnswer } from "./answer.js";
import { $ } from "./dom.js";
import { installExplanation } from "./explanation.js";
import { installListening, showProblem } from "./listen.js";
import { loadProfile } from "./profile.js";
import { installSongs, list } from "./songs.js";

installAccess();
installAnswer({ onProblem: showProblem });
installExplanation();
installSongs();

try {
  await loadProfile();
  installListening();
  await list();
} catch (problem) {
  $("served").textContent = "Not connected";
  showProblem(problem);
  $("retry").hidden = false;
  $("retry").addEventListener("click", () => location.reload());
}
document.documentElement.dataset.ready = "true";
