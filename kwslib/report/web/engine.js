/* The worker: sound goes in at any rate, decisions come out. The arithmetic is the device's own C (firmware/web.c);
   here are the resampler, the last second of the stream, and the messages. */
"use strict";

const RATE_HZ = 16000; // what the networks hear
const SECOND = RATE_HZ; // samples that a decision is made of
const FULL_SCALE = 32768;

/* The nearest integer, halves to even, within 16 bits. */
function rounded(value) {
  let whole = Math.round(value);
  if (whole - value === 0.5 && whole % 2 !== 0) whole -= 1;
  return Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, whole));
}

/* Bessel function of the first kind, order 0, of an imaginary argument: what Kaiser's window is made of. */
function bessel(x) {
  let sum = 1;
  for (let term = 1, k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/* A windowed sinc from any rate to 16 kHz, for a stream in pieces. Sample n of the result lies at n / 16000 s: the
   filter delays nothing, it waits for the samples that it needs. */
class Resampler {
  static CROSSINGS = 64; // zeros of the sinc on either side of its middle
  static CUTOFF = 0.955; // the middle of the slope, as a share of half the lower rate
  static BETA = 9; // Kaiser's window: what lies beyond half the lower rate is 90 dB down

  constructor(rate) {
    this.rate = rate;
    this.scale = Math.min(1, RATE_HZ / rate) * Resampler.CUTOFF;
    this.half = Math.ceil(Resampler.CROSSINGS / this.scale);
    this.filters = new Map(); // by place between two input samples, in 16000ths: few for the usual rates
    this.kept = new Float32Array(this.half); // silence in front of the stream
    this.first = -this.half; // place of kept[0] in the stream
    this.made = 0;
  }

  /* The next samples, and the int16 samples that they allow; `last`: no more will follow. */
  push(samples, last = false) {
    if (this.rate === RATE_HZ) return Int16Array.from(samples, (x) => rounded(x * FULL_SCALE));
    const tail = last ? this.half : 0;
    const known = new Float32Array(this.kept.length + samples.length + tail);
    known.set(this.kept);
    known.set(samples, this.kept.length);
    const end = this.first + known.length; // of what is known
    const made = [];
    for (; ; this.made++) {
      const middle = this.middle();
      if (middle + this.half >= end || (last && middle >= end - tail)) break;
      const filter = this.filter((this.made * this.rate) % RATE_HZ);
      const start = middle - this.half + 1 - this.first;
      let sum = 0;
      for (let tap = 0; tap < filter.length; tap++) sum += known[start + tap] * filter[tap];
      made.push(rounded(FULL_SCALE * sum));
    }
    const used = Math.min(known.length, this.middle() - this.half + 1 - this.first);
    this.kept = known.slice(used);
    this.first += used;
    return Int16Array.from(made);
  }

  /* The input sample at, or in front of, the next sample of the result. */
  middle() {
    return Math.floor((this.made * this.rate) / RATE_HZ);
  }

  filter(place) {
    if (!this.filters.has(place)) {
      const taps = Array.from({ length: 2 * this.half }, (_, i) => this.kernel(i - this.half + 1 - place / RATE_HZ));
      this.filters.set(place, Float64Array.from(taps));
    }
    return this.filters.get(place);
  }

  kernel(x) {
    const inside = 1 - (x / this.half) ** 2;
    const angle = Math.PI * this.scale * x;
    const window = inside > 0 ? bessel(Resampler.BETA * Math.sqrt(inside)) / bessel(Resampler.BETA) : 0;
    return this.scale * window * (angle ? Math.sin(angle) / angle : 1);
  }
}

/* The WebAssembly module of a network. */
class Network {
  static async open(told) {
    const { instance } = await WebAssembly.instantiate(told.wasm, {});
    instance.exports.load();
    return new Network(told, instance.exports);
  }

  constructor(told, code) {
    Object.assign(this, { told, code });
    const { buffer } = code.memory; // the module never lets it grow
    const { classes, frames, coefficients } = told;
    this.sound = new Int16Array(buffer, code.sound(), SECOND);
    this.logits = new Int8Array(buffer, code.logits(), classes);
    this.codes = new Int8Array(buffer, code.codes(), classes);
    this.sums = new Uint16Array(buffer, code.sums(), classes);
    this.thresholds = new Uint16Array(buffer, code.thresholds(), classes);
    this.refractory = new Uint16Array(buffer, code.refractory(), classes);
    this.fingerprint = new Int8Array(buffer, code.fingerprint(), frames * coefficients);
  }

  /* Rules of the events, in integers; a new stream of decisions begins. */
  begin(rules) {
    this.thresholds.set(rules.thresholds);
    this.refractory.set(rules.refractory);
    if (!this.code.begin(rules.smoothing, rules.suppression)) throw new Error("the smoothing is too long");
  }

  decide(samples) {
    this.sound.set(samples);
    this.code.decide();
  }
}

/* A network that listens to a stream: a decision each hop, on the frames that end with it. Silence lies in front. */
class Stream {
  constructor(network, rate) {
    const { hopFrames, strideSamples, windowSamples, frames } = network.told;
    this.network = network;
    this.resampler = new Resampler(rate);
    this.hop = hopFrames * strideSamples;
    this.span = (frames - 1) * strideSamples + windowSamples; // samples that the frames cover
    this.samples = new Int16Array(this.span + this.hop); // the last ones, then those of the next hop
    this.waiting = 0; // of the next hop's samples those that are there
    this.hops = 0;
    this.second = new Int16Array(SECOND);
  }

  push(samples, last = false) {
    return this.hear(this.resampler.push(samples, last));
  }

  hear(samples) {
    const decisions = [];
    for (let taken = 0; taken < samples.length; ) {
      const piece = samples.subarray(taken, taken + this.hop - this.waiting);
      this.samples.set(piece, this.span + this.waiting);
      this.waiting += piece.length;
      taken += piece.length;
      if (this.waiting === this.hop) decisions.push(this.decide());
    }
    return decisions;
  }

  decide() {
    const { network } = this;
    const { hopFrames, coefficients } = network.told;
    this.samples.copyWithin(0, this.hop);
    this.waiting = 0;
    this.second.set(this.samples.subarray(0, this.span));
    const begun = performance.now();
    network.decide(this.second);
    const milliseconds = performance.now() - begun;
    const fired = network.code.event();
    return {
      hop: this.hops++,
      fired,
      sums: network.sums.slice(),
      frames: network.fingerprint.slice(-hopFrames * coefficients),
      milliseconds,
    };
  }
}

/* What the page asks for, and the answer. */
class Desk {
  async load(told) {
    this.network = await Network.open(told);
  }

  begin({ rate, rules }) {
    this.network.begin(rules);
    this.stream = new Stream(this.network, rate);
  }

  rules(rules) {
    this.network.begin(rules);
  }

  sound(samples) {
    return this.stream.push(samples);
  }

  /* The end of a recording: the rest of it, then silence, so that no word is cut off. */
  end({ silence }) {
    return [...this.stream.push(new Float32Array(0), true), ...this.stream.hear(new Int16Array(silence))];
  }

  /* One second by itself. */
  clip(samples) {
    const { network } = this;
    const begun = performance.now();
    network.decide(samples);
    const milliseconds = performance.now() - begun;
    const { logits, codes, fingerprint } = network;
    return { logits: logits.slice(), codes: codes.slice(), frames: fingerprint.slice(), milliseconds };
  }
}

if (typeof WorkerGlobalScope !== "undefined") {
  const desk = new Desk();
  self.onmessage = async ({ data: { number, ask, given } }) => {
    try {
      self.postMessage({ number, answer: await desk[ask](given) });
    } catch (error) {
      self.postMessage({ number, error: String(error.message ?? error) });
    }
  };
}
