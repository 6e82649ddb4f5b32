// Numbers and times as text.

/** Return seconds as minutes and seconds to a tenth, such as "1:23.4". */
export function clock(seconds) {
  const tenths = Math.round(Math.abs(seconds) * 10);
  const sign = seconds < 0 && tenths ? "−" : "";
  return `${sign}${Math.floor(tenths / 600)}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

/** Return seconds as whole minutes and seconds, with hours where there are any. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Return a probability in three decimals, never rounded to a certainty. */
export function odds(probability) {
  if (probability > 0 && probability < 0.001) return "< 0.001";
  if (probability > 0.999 && probability < 1) return "> 0.999";
  return probability.toFixed(3);
}

export const count = (n) => Math.round(n).toLocaleString("en");
export const plural = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
export const percent = (share) => `${(100 * share).toFixed(1)}%`;
export const ms = (seconds) => `${Math.round(1000 * seconds)} ms`;

/** Return bytes in the largest unit that leaves at least one. */
export function bytes(n) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; n >= 1000 && unit < units.length - 1; unit += 1) n /= 1000;
  return `${unit ? n.toFixed(1) : n} ${units[unit]}`;
}

/** Return a message as a sentence: a capital at its start unless that is a file name. */
export function sentence(message) {
  const first = message.split(" ", 1)[0];
  const named = first.endsWith(":") || first.includes(".");
  const text = named ? message : message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** Return how a recording was played against how the song was learned; "" when alike. */
export function played({ pitch, tempo }) {
  const change = (factor, more, less) =>
    factor === 1 ? "" : `${Math.abs(100 * (factor - 1)).toFixed(1)}% ${factor > 1 ? more : less}`;
  if (pitch === tempo) return change(tempo, "faster", "slower");
  const semitones = 12 * Math.log2(pitch);
  const shift = pitch === 1 ? "" : `${Math.abs(semitones).toFixed(1)} semitones ${semitones > 0 ? "higher" : "lower"}`;
  const rate = tempo === 1 ? "" : `in a tempo ${change(tempo, "faster", "slower")}`;
  return [shift, rate].filter(Boolean).join(", ");
}
