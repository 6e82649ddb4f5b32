// Recorder of the page, in the place of that of Flet's package record_web.
//
// That one sends as many channels as the microphone has, at the microphone's own rate, and its
// messages tell neither. This one sends one channel, the mean of all, and the rate first.

const MARK = [0x66, 0x70, 0x6d, 0x72]; // "fpmr"
const BLOCK = 4096;

class Recorder extends AudioWorkletProcessor {
  constructor(options) {
    super(options);
    const told = new DataView(new ArrayBuffer(8));
    MARK.forEach((byte, place) => told.setUint8(place, byte));
    told.setUint32(4, sampleRate, true);
    this.port.postMessage(new Int16Array(told.buffer));
    this.block = new Int16Array(BLOCK);
    this.filled = 0;
  }

  process([channels]) {
    const length = channels.length ? channels[0].length : 0;
    for (let place = 0; place < length; place++) {
      let sum = 0;
      for (const channel of channels) {
        sum += channel[place];
      }
      const sample = Math.max(-1, Math.min(1, sum / channels.length));
      this.block[this.filled++] = Math.round(sample * 0x7fff);
      if (this.filled === BLOCK) {
        this.port.postMessage(this.block.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("recorder.worklet", Recorder);
