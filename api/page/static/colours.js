// The colours of the style sheet, for canvases: they follow the light or dark scheme.

/** Return a colour of the style sheet, such as colour("accent"). */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Return 256 colours from quiet to loud, as [red, green, blue]. */
export function ramp() {
  const stops = [0, 1, 2, 3].map((i) => channels(colour(`ramp-${i}`)));
  return Array.from({ length: 256 }, (_, level) => {
    const at = (level / 255) * (stops.length - 1);
    const i = Math.min(Math.floor(at), stops.length - 2);
    return stops[i].map((low, c) => Math.round(low + (at - i) * (stops[i + 1][c] - low)));
  });
}

function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** Call `redraw` whenever the scheme changes. */
export function onScheme(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
