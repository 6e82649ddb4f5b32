// The microphone: opened without the processing that is meant for speech, recorded as WAV by an
// AudioWorklet, or by MediaRecorder in whatever the browser encodes where there is no worklet.

import { Problem } from "./api.js";
import { encodeWav } from "./wav.js";

const WORKLET = new URL("recorder-worklet.js", import.meta.url);

const REFUSALS = {
  NotAllowedError: "The microphone is not allowed here: allow it in the browser’s settings for this page, or choose a file.",
  NotFoundError: "No microphone was found: connect one, or choose a file.",
  NotReadableError: "The microphone is in use by another program: close that, or choose a file.",
};

/** An open microphone with an analyser on it. */
export class Microphone {
  /** Ask for the microphone; raises `Problem` with the reason when it is not to be had. */
  static async open() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Problem("The browser gives the microphone to pages over HTTPS or on this machine only: choose a file.");
    }
    // Noise suppression takes music for noise, and gain control makes its level wander.
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const context = new AudioContext();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      await context.resume();
      return new Microphone(stream, context);
    } catch (error) {
      await context.close();
      throw new Problem(REFUSALS[error.name] ?? "The microphone cannot be opened: choose a file.");
    }
  }

  constructor(stream, context) {
    this.stream = stream;
    this.context = context;
    this.source = context.createMediaStreamSource(stream);
    this.analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
    this.source.connect(this.analyser);
  }

  /** Start recording; returns an object with `elapsedS()` and `async stop()`, which gives a File. */
  async record() {
    try {
      await this.context.audioWorklet.addModule(WORKLET);
    } catch {
      return recordEncoded(this.stream);
    }
    return this.#recordSamples();
  }

  #recordSamples() {
    const chunks = [];
    let n = 0;
    const node = new AudioWorkletNode(this.context, "recorder");
    node.port.onmessage = ({ data }) => {
      chunks.push(data);
      n += data.length;
    };
    this.source.connect(node);
    // It puts out silence: without a way to the output some browsers would not run it.
    node.connect(this.context.destination);
    const rateHz = this.context.sampleRate;
    return {
      elapsedS: () => n / rateHz,
      stop: async () => {
        node.disconnect();
        node.port.onmessage = null;
        const samples = new Float32Array(n);
        let at = 0;
        for (const chunk of chunks) {
          samples.set(chunk, at);
          at += chunk.length;
        }
        if (samples.every((sample) => sample === 0)) {
          throw new Problem("The microphone gave nothing but silence: check that it is not muted.");
        }
        return new File([encodeWav(samples, rateHz)], "recording.wav", { type: "audio/wav" });
      },
    };
  }

  async close() {
    this.stream.getTracks().forEach((track) => track.stop());
    await this.context.close();
  }
}

const ENCODINGS = [["audio/webm", "webm"], ["audio/mp4", "m4a"], ["audio/ogg", "ogg"]];

function recordEncoded(stream) {
  const [type, suffix] = ENCODINGS.find(([kind]) => MediaRecorder.isTypeSupported(kind)) ?? ["", "webm"];
  const recorder = new MediaRecorder(stream, { ...(type && { mimeType: type }), audioBitsPerSecond: 128_000 });
  const pieces = [];
  recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
  const ended = new Promise((resolve) => { recorder.addEventListener("stop", resolve); });
  recorder.start();
  const started = performance.now();
  return {
    elapsedS: () => (performance.now() - started) / 1000,
    stop: async () => {
      recorder.stop();
      await ended;
      return new File(pieces, `recording.${suffix}`, { type });
    },
  };
}
