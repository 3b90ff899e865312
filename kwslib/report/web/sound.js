/* Where sound comes from: the microphone, a file, the clips that travel with the page. */
"use strict";

const NAMED = {
  NotAllowedError: "The browser was not allowed to use the microphone: allow it in the address bar, then try again.",
  SecurityError: "This browser forbids pages to use the microphone: change that in its settings, or choose a file.",
  NotFoundError: "No microphone was found: plug one in, or choose a sound file.",
  NotReadableError: "The microphone is busy: another program uses it. Close that, then try again.",
  AbortError: "The microphone stopped before it began: try again.",
};
const NO_MICROPHONE =
  "The browser gives a page the microphone only over https, from localhost or from a file. Choose a sound file instead.";
const NOT_STARTED =
  "The browser's sound does not start; some browsers need a loudspeaker or headphones for that. Connect one, or choose a sound file.";
const START_LIMIT_MS = 10000; // a browser that plays sound starts in a tenth of that
const MOST_BYTES = 200e6;
const USUAL_RATE_HZ = 48000; // for files that do not say theirs
const DECODED_HZ = [8000, 96000]; // rates at which every browser decodes

/* An error whose text is for the reader. */
class Told extends Error {}

/* The promise, or an error if the browser's sound has not started after a while. */
function started(promise) {
  return Promise.race([promise, new Promise((_, reject) => setTimeout(() => reject(new Told(NOT_STARTED)), START_LIMIT_MS))]);
}

function urlOf(source) {
  return URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
}

/* A module for the audio thread, as an address that holds it: Chromium takes no Blob's from a page opened from disk. */
async function addModule(worklet, source) {
  try {
    await worklet.addModule(`data:text/javascript,${encodeURIComponent(source)}`);
  } catch {
    await worklet.addModule(urlOf(source));
  }
}

/* The content of a text of base64 and deflate. */
async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/* Samples from the differences between them: all lower bytes, then all upper ones. */
function samplesOf(bytes) {
  const count = bytes.length / 2;
  const samples = new Int16Array(count);
  for (let i = 0, last = 0; i < count; i++) samples[i] = last += bytes[i] | (bytes[count + i] << 8);
  return samples;
}

/* A microphone at its own rate; `heard` gets pieces of samples, `ended` is called when it goes away. */
class Microphone {
  static async open(source, heard, ended) {
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) throw new Told(NO_MICROPHONE);
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const found = new Microphone();
    try {
      found.media = await navigator.mediaDevices.getUserMedia({ audio: plain });
      const [track] = found.media.getAudioTracks();
      track.onended = ended;
      const { sampleRate } = track.getSettings();
      found.context = new AudioContext(sampleRate ? { sampleRate } : {});
      await started(addModule(found.context.audioWorklet, source));
      const node = new AudioWorkletNode(found.context, "capture");
      node.port.onmessage = ({ data }) => heard(data);
      found.begin = () => {
        found.context.createMediaStreamSource(found.media).connect(node).connect(found.context.destination); // silent
        return started(found.context.resume());
      };
    } catch (error) {
      found.close();
      if (error instanceof Told) throw error;
      throw new Told(NAMED[error.name] ?? `The microphone cannot be used: ${error.message || error.name}.`);
    }
    return found;
  }

  get rate() {
    return this.context.sampleRate;
  }

  close() {
    for (const track of this.media?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    if (this.context?.state !== "closed") this.context?.close();
  }
}

/* The rate that a WAV file names; undefined for other files. */
function rateOfWav(buffer) {
  const view = new DataView(buffer);
  const tag = (at) => String.fromCharCode(...new Uint8Array(buffer, at, 4));
  if (view.byteLength < 12 || tag(0) !== "RIFF" || tag(8) !== "WAVE") return undefined;
  for (let at = 12; at + 24 <= view.byteLength; at += 8 + view.getUint32(at + 4, true) + (view.getUint32(at + 4, true) % 2))
    if (tag(at) === "fmt ") return view.getUint32(at + 12, true);
  return undefined;
}

/* A sound file as samples of one channel, at its own rate if it is a WAV file. */
async function decoded(file) {
  if (file.size > MOST_BYTES) throw new Told(`${file.name} is larger than ${MOST_BYTES / 1e6} MB: cut it into parts.`);
  const buffer = await file.arrayBuffer();
  const own = rateOfWav(buffer) ?? USUAL_RATE_HZ;
  const rate = own >= DECODED_HZ[0] && own <= DECODED_HZ[1] ? own : USUAL_RATE_HZ;
  let sound;
  try {
    sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(buffer);
  } catch {
    throw new Told(`${file.name} is no sound that this browser can decode: choose a WAV, MP3, OGG or FLAC file.`);
  }
  const channels = Array.from({ length: sound.numberOfChannels }, (_, index) => sound.getChannelData(index));
  if (channels.length === 1) return { rate, samples: channels[0] };
  const mean = (_, at) => channels.reduce((sum, channel) => sum + channel[at], 0) / channels.length;
  return { rate, samples: Float32Array.from({ length: sound.length }, mean) };
}

/* Plays samples at 16 kHz; the promise ends with them, or when `stop` is called. */
class Player {
  constructor() {
    this.context = new AudioContext();
  }

  play(samples) {
    const buffer = this.context.createBuffer(1, samples.length, 16000);
    buffer.copyToChannel(Float32Array.from(samples, (value) => value / 32768), 0);
    this.node = this.context.createBufferSource();
    this.node.buffer = buffer;
    this.node.connect(this.context.destination);
    this.node.start();
    const end = new Promise((resolve) => setTimeout(resolve, (1000 * samples.length) / 16000)); // also without a speaker
    return Promise.race([end, new Promise((resolve) => (this.ended = resolve))]);
  }

  stop() {
    this.node?.stop();
    this.ended?.();
    this.context.close();
  }
}
