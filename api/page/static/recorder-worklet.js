// Runs beside the page: sends the microphone's samples to it, mixed to mono.

class Recorder extends AudioWorkletProcessor {
  process([channels]) {
    if (channels.length) {
      const mono = Float32Array.from(channels[0]);
      for (const channel of channels.slice(1)) channel.forEach((sample, i) => { mono[i] += sample; });
      if (channels.length > 1) mono.forEach((sample, i) => { mono[i] = sample / channels.length; });
      this.port.postMessage(mono, [mono.buffer]);
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
