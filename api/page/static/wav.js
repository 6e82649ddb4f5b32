// Mono samples as a WAV file, 16 bits each.

const HEADER_BYTES = 44;

/** Return float samples in [-1, 1] as a WAV `Blob`. */
export function encodeWav(samples, sampleRateHz) {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + 2 * samples.length));
  const text = (at, word) => [...word].forEach((char, i) => view.setUint8(at + i, char.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, HEADER_BYTES - 8 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // integer PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, 2 * sampleRateHz, true); // bytes a second
  view.setUint16(32, 2, true); // bytes a frame
  view.setUint16(34, 16, true); // bits a sample
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => {
    const level = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
    view.setInt16(HEADER_BYTES + 2 * i, level, true);
  });
  return new Blob([view], { type: "audio/wav" });
}
