/* The page: buttons, bars, events, and what is drawn. Networks and clips come as scripts beside this one, so that a file
   opened from disk works as well as a server. `kwsListen` stands in front of this text: what the page has. */
"use strict";

const BASE = new URL(".", document.currentScript.src);
const LEVELS = 256; // a probability is a sum of so many levels a decision
const NEVER = 65535; // threshold of a class that is not reported
const SHOWN_S = 3; // of the fingerprint
const BEHIND_S = 1.5; // from here on, a network is too slow for this machine
const QUIETEST_DB = -60; // left end of the level meter
const MOST_EVENTS = 200;
const LOUDEST = 32; // of coefficient 0: codes from -128 to here span the colours
const WIDEST = 40; // of the others: from -40 to 40, small ones spread
const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];

const PAGE = `
  <fieldset data-part="networks"><legend>Network</legend></fieldset>
  <div class="kws-buttons">
    <button type="button" data-part="listen" class="kws-first">Listen to the microphone</button>
    <button type="button" data-part="choose">Choose a sound file</button>
    <button type="button" data-part="clips">Play the test clips</button>
    <button type="button" data-part="stop" disabled>Stop</button>
    <input type="file" accept="audio/*,.wav,.flac,.ogg,.mp3,.aiff" data-part="file" hidden>
  </div>
  <p class="kws-private">Nothing leaves this page. Your browser computes everything, keeps nothing, and sends nothing.
    You can also drop a sound file here.</p>
  <p role="status" data-part="status"></p>
  <p role="alert" data-part="error" hidden></p>
  <div class="kws-live">
    <section>
      <h2>What it hears</h2>
      <div class="kws-meter" role="img" aria-label="Level of the sound"><i data-part="level"></i></div>
      <canvas data-part="fingerprint" height="160" role="img"
        aria-label="The fingerprint of the last seconds: time to the right, a row a coefficient"></canvas>
      <p class="kws-small" data-part="axes"></p>
      <h2>Words</h2>
      <div class="kws-scroll" tabindex="0" role="region" aria-label="Words that were heard"><table data-part="events">
        <thead><tr><th>in the second</th><th>word</th><th class="kws-number">probability</th></tr></thead>
        <tbody aria-live="polite"></tbody></table></div>
    </section>
    <section>
      <h2>What it makes of it</h2>
      <div data-part="bars"></div>
      <label class="kws-control">threshold <input type="range" min="0.05" max="1" step="0.01" data-part="threshold">
        <output data-part="threshold-text"></output></label>
      <label class="kws-control">smoothing <input type="range" min="1" max="16" step="1" data-part="smoothing">
        <output data-part="smoothing-text"></output></label>
      <p class="kws-small">A word is reported when its average reaches the threshold, the mark in its bar.</p>
    </section>
  </div>
  <section data-part="proof" hidden>
    <h2>The test clips</h2>
    <p data-part="equal" role="status"></p>
    <div class="kws-scroll" tabindex="0" role="region" aria-label="Test clips"><table>
      <thead><tr><th></th><th>clip</th><th>this page says</th><th class="kws-number">logits equal</th></tr></thead>
      <tbody data-part="tests"></tbody></table></div>
  </section>
  <section>
    <h2>Where the chip spends its cycles</h2>
    <p class="kws-small" data-part="profile"></p>
    <div data-part="layers"></div>
  </section>`;

const number = (value) => value.toLocaleString("en");
const percent = (share) => `${Math.round(100 * share)} %`;

/* A time as `kws listen` prints it: 0:00:03.12. */
function clock(seconds) {
  const hundredths = Math.round(Math.max(0, seconds) * 100);
  const pad = (value) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(hundredths / 360000), Math.floor(hundredths / 6000) % 60];
  return `${hours}:${pad(minutes)}:${pad(Math.floor((hundredths % 6000) / 100))}.${pad(hundredths % 100)}`;
}

function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/* A name, a bar, a number. */
function barRow(name, text = "") {
  const fill = element("i");
  const mark = element("b", { hidden: true });
  const value = element("span", { className: "kws-number", textContent: text });
  const track = element("span", { className: "kws-track" }, [fill, mark]);
  return { fill, mark, value, row: element("div", { className: "kws-bar" }, [element("span", { textContent: name }), track, value]) };
}

/* Another file of the page, as a script: that works from disk too. */
function loadScript(name) {
  return new Promise((resolve, reject) => {
    const script = element("script", { src: new URL(name, BASE), onload: resolve });
    script.onerror = () => reject(new Told(`${name} is missing beside this page: copy the whole folder.`));
    document.head.append(script);
  });
}

/* The fingerprint of the last seconds, a column a frame, drawn as it scrolls. */
class Picture {
  constructor(canvas, told) {
    const columns = Math.round((SHOWN_S * 1000) / told.strideMs);
    Object.assign(this, { canvas, coefficients: told.coefficients });
    this.pixels = element("canvas", { width: columns, height: told.coefficients });
    this.context = this.pixels.getContext("2d", { willReadFrequently: true });
    this.clear();
  }

  clear() {
    this.context.fillStyle = CIVIDIS[0];
    this.context.fillRect(0, 0, this.pixels.width, this.pixels.height);
    this.show();
  }

  add(codes) {
    const { context, pixels, coefficients } = this;
    const count = codes.length / coefficients;
    context.drawImage(pixels, -count, 0);
    const image = context.createImageData(count, coefficients);
    for (let frame = 0; frame < count; frame++)
      for (let k = 0; k < coefficients; k++) {
        const at = 4 * ((coefficients - 1 - k) * count + frame);
        image.data.set([...Picture.colour(codes[frame * coefficients + k], k), 255], at);
      }
    context.putImageData(image, pixels.width - count, 0);
    this.show();
  }

  static colour(code, coefficient) {
    const spread = 0.5 + 0.5 * Math.sign(code) * Math.sqrt(Math.abs(code) / WIDEST);
    const share = coefficient ? spread : (code + LEVELS / 2) / (LOUDEST + LEVELS / 2);
    const place = Math.max(0, Math.min(1, share)) * (CIVIDIS.length - 1);
    const low = Math.min(CIVIDIS.length - 2, Math.floor(place));
    const part = (text, at) => parseInt(text.slice(at, at + 2), 16);
    return [1, 3, 5].map((at) => {
      const [from, to] = [part(CIVIDIS[low], at), part(CIVIDIS[low + 1], at)];
      return from + (place - low) * (to - from);
    });
  }

  show() {
    const { canvas } = this;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * (window.devicePixelRatio || 1)));
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(this.pixels, 0, 0, canvas.width, canvas.height);
  }
}

/* The worker with the network; `ask` returns its answer. */
class Engine {
  constructor() {
    this.worker = new Worker(urlOf(kwsListen.sources.engine));
    this.waiting = new Map();
    this.asked = 0;
    this.worker.onmessage = ({ data: { number: which, answer, error } }) => {
      const { resolve, reject } = this.waiting.get(which);
      this.waiting.delete(which);
      if (error === undefined) resolve(answer);
      else reject(new Told(`The network cannot run: ${error}.`));
    };
  }

  ask(ask, given, transfer = []) {
    return new Promise((resolve, reject) => {
      this.waiting.set(++this.asked, { resolve, reject });
      this.worker.postMessage({ number: this.asked, ask, given }, transfer);
    });
  }
}

class App {
  constructor(root) {
    root.innerHTML = PAGE;
    this.root = root;
    this.part = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
    this.engine = new Engine();
    this.round = 0; // counts what was begun, so that what was stopped says nothing more
    this.stopping = () => {};
    this.putNetworks();
    this.connect();
  }

  putNetworks() {
    for (const { name, kilobytes } of kwsListen.networks) {
      const input = element("input", { type: "radio", name: "kws-network", value: name });
      input.onchange = () => this.attempt(() => this.load(name));
      const text = kwsListen.networks.length > 1 ? `${name} (${number(kilobytes)} KB)` : name;
      this.part.networks.append(element("label", {}, [input, ` ${text}`]));
    }
    const [first] = this.part.networks.querySelectorAll("input");
    first.checked = true;
    this.attempt(() => this.load(first.value));
  }

  connect() {
    const { part, root } = this;
    part.listen.onclick = () => this.attempt(() => this.listen());
    part.choose.onclick = () => part.file.click();
    part.file.onchange = async () => {
      const [file] = part.file.files;
      if (file) await this.attempt(() => this.score(file));
      part.file.value = ""; // so that the same file can be chosen again
    };
    part.clips.onclick = () => this.attempt(() => this.prove());
    part.stop.onclick = () => this.stop("stopped");
    for (const name of ["threshold", "smoothing"]) part[name].oninput = () => this.attempt(() => this.changeRules());
    root.ondragover = (event) => {
      event.preventDefault();
      root.classList.add("kws-over");
    };
    root.ondragleave = () => root.classList.remove("kws-over");
    root.ondrop = (event) => {
      event.preventDefault();
      root.classList.remove("kws-over");
      const [file] = event.dataTransfer.files;
      if (file) this.attempt(() => this.score(file));
    };
    new ResizeObserver(() => this.picture?.show()).observe(part.fingerprint);
  }

  /* Do what the reader asks for; the last error has been read. */
  attempt(action) {
    this.part.error.hidden = true;
    return this.guard(action);
  }

  /* Do something; an error becomes a sentence on the page. */
  async guard(action) {
    try {
      await action();
    } catch (error) {
      this.stop("");
      this.say("");
      this.part.error.textContent = error instanceof Told ? error.message : `This page failed: ${error.message}`;
      this.part.error.hidden = false;
      if (!(error instanceof Told)) throw error;
    }
  }

  say(text) {
    this.part.status.textContent = text;
  }

  stop(text) {
    this.round++;
    this.stopping();
    this.stopping = () => {};
    this.part.stop.disabled = true;
    this.part.level.style.width = 0;
    if (text) this.say(text);
  }

  /* Begin something that can be stopped; returns whether it still goes on. */
  start(stopping = () => {}) {
    this.stop("");
    const { round } = this;
    this.stopping = stopping;
    this.part.stop.disabled = false;
    return () => this.round === round;
  }

  async load(name) {
    this.stop("");
    const { file, kilobytes } = kwsListen.networks.find((one) => one.name === name);
    this.say(`loading ${name}, ${number(kilobytes)} KB`);
    this.ready = (async () => {
      if (!kwsListen.loaded[name]) await loadScript(file);
      const { wasm, ...told } = kwsListen.loaded[name];
      await this.engine.ask("load", { ...told, classes: told.labels.length, wasm: await inflated(wasm) });
      return told;
    })();
    const told = await this.ready;
    this.told = { ...told, name };
    this.putNetwork();
    this.say(`${told.source} is ready`);
  }

  putNetwork() {
    const { part, told } = this;
    this.picture = new Picture(part.fingerprint, told);
    part.axes.textContent =
      `The last ${SHOWN_S} s, a column every ${told.strideMs} ms; ${told.coefficients} coefficients, the lowest one ` +
      "below, bright where a code is high. The network reads these codes and nothing else.";
    part.threshold.value = told.threshold;
    part.smoothing.value = told.smoothing;
    this.bars = told.labels.map((label) => barRow(label));
    part.bars.replaceChildren(...this.bars.map(({ row }) => row));
    const total = told.layers.reduce((sum, { cycles }) => sum + cycles, 0);
    const most = Math.max(...told.layers.map(({ cycles }) => cycles));
    const rows = told.layers.map(({ name, cycles }) => {
      const bar = barRow(name, `${number(cycles)} · ${percent(cycles / total)}`);
      bar.fill.style.width = `${(100 * cycles) / most}%`;
      return bar.row;
    });
    part.profile.textContent = `${number(total)} cycles from sound to label, ${told.profile}.`;
    part.layers.replaceChildren(...rows);
    part.proof.hidden = true;
    this.showRules();
    this.forget();
  }

  /* The rules of the events, in integers: what kwslib/integer/events.py makes of them. */
  rules() {
    const { told, part } = this;
    const smoothing = Number(part.smoothing.value);
    const least = Math.max(1, Math.ceil(Number(part.threshold.value) * LEVELS * smoothing));
    const hops = (milliseconds) => Math.ceil(milliseconds / told.hopMs);
    return {
      smoothing,
      suppression: hops(told.suppressionMs),
      thresholds: told.reported.map((is) => (is ? least : NEVER)),
      refractory: told.labels.map(() => hops(told.refractoryMs)),
    };
  }

  showRules() {
    const { part, told } = this;
    const threshold = Number(part.threshold.value);
    const smoothing = Number(part.smoothing.value);
    part["threshold-text"].textContent = percent(threshold);
    part["smoothing-text"].textContent = `${smoothing} × ${told.hopMs} ms`;
    for (const [index, { mark }] of this.bars.entries()) {
      mark.hidden = !told.reported[index];
      mark.style.left = `${100 * threshold}%`;
    }
  }

  async changeRules() {
    this.showRules();
    if (this.streaming) await this.engine.ask("rules", this.rules());
  }

  /* Empty the events and the picture. */
  forget() {
    this.part.events.tBodies[0].replaceChildren();
    this.picture.clear();
    this.putShares(this.told.labels.map(() => 0));
    this.times = [];
  }

  async begin(rate) {
    this.forget();
    await this.engine.ask("begin", { rate, rules: this.rules() });
    this.streaming = true;
  }

  putShares(shares) {
    for (const [index, { fill, value }] of this.bars.entries()) {
      fill.style.width = `${100 * shares[index]}%`;
      value.textContent = percent(shares[index]);
    }
  }

  /* Show decisions of a stream. Those of the silence behind a file come with its length: they are not drawn, and no
     word ends behind the file. */
  show(decisions, soundS = Infinity) {
    const { told, part } = this;
    const whole = LEVELS * Number(part.smoothing.value);
    for (const { hop, fired, sums, frames, milliseconds } of decisions) {
      this.times.push(milliseconds);
      if (soundS === Infinity) this.picture.add(frames);
      this.putShares(Array.from(sums, (sum) => sum / whole));
      if (fired < 0) continue;
      const end = ((hop + 1) * told.hopMs) / 1000;
      const span = [end - 1, end].map((time) => clock(Math.min(time, soundS))).join(" – ");
      const cells = [span, told.labels[fired], percent(sums[fired] / whole)];
      const row = element("tr", {}, cells.map((textContent) => element("td", { textContent })));
      row.lastChild.className = "kws-number";
      part.events.tBodies[0].prepend(row);
      if (part.events.tBodies[0].rows.length > MOST_EVENTS) part.events.tBodies[0].lastChild.remove();
      this.flash(fired);
    }
  }

  flash(index) {
    const { row } = this.bars[index];
    row.classList.add("kws-fired");
    setTimeout(() => row.classList.remove("kws-fired"), 1000);
  }

  showLevel(samples) {
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    const level = 1 - (10 * Math.log10(power + 1e-12)) / QUIETEST_DB;
    this.part.level.style.width = `${100 * Math.max(0, Math.min(1, level))}%`;
  }

  /* How long a decision takes: the middle one of the last decisions. */
  speed() {
    const sorted = this.times.slice(-99).sort((a, b) => a - b);
    return sorted.length ? `a decision takes ${sorted[sorted.length >> 1].toFixed(1)} ms here` : "";
  }

  async listen() {
    await this.ready;
    const going = this.start();
    this.say("asking for the microphone");
    let [given, done] = [0, 0];
    const microphone = await Microphone.open(
      kwsListen.sources.capture,
      (samples) => this.guard(async () => {
        if (!going()) return;
        given += samples.length;
        this.showLevel(samples);
        const { length } = samples;
        const decisions = await this.engine.ask("sound", samples, [samples.buffer]);
        done += length;
        if (!going()) return;
        this.show(decisions);
        const behind = (given - done) / microphone.rate;
        const slow = behind > BEHIND_S ? `; this machine is ${behind.toFixed(1)} s behind: choose a smaller network` : "";
        this.say(`listening at ${number(microphone.rate)} Hz; ${this.speed()}, one every ${this.told.hopMs} ms${slow}`);
      }),
      () => this.guard(() => Promise.reject(new Told("The microphone was taken away: plug it in and listen again."))),
    );
    if (!going()) return microphone.close();
    this.stopping = () => microphone.close();
    await this.begin(microphone.rate);
    await microphone.begin();
    this.say(`listening at ${number(microphone.rate)} Hz`);
  }

  async score(file) {
    await this.ready;
    const going = this.start();
    this.say(`decoding ${file.name}`);
    const { rate, samples } = await decoded(file);
    if (!going()) return;
    await this.begin(rate);
    const seconds = samples.length / rate;
    for (let at = 0; at < samples.length; at += rate) {
      const piece = samples.slice(at, at + rate);
      this.showLevel(piece);
      const decisions = await this.engine.ask("sound", piece, [piece.buffer]);
      if (!going()) return;
      this.show(decisions);
      this.say(`${file.name}: ${Math.round(at / rate)} of ${Math.round(seconds)} s`);
    }
    const silence = 16000 + (this.rules().smoothing + 1) * this.told.hopMs * 16;
    const last = await this.engine.ask("end", { silence });
    if (!going()) return;
    this.show(last, seconds);
    const words = this.part.events.tBodies[0].rows.length;
    this.stop(`${file.name}: ${words} word${words === 1 ? "" : "s"} in ${seconds.toFixed(1)} s; ${this.speed()}`);
  }

  /* Run every clip and compare its logits, then play them. */
  async prove() {
    await this.ready;
    const player = new Player();
    const going = this.start(() => player.stop());
    if (!kwsListen.clips.list) await loadScript(kwsListen.clips.file);
    this.forget();
    this.streaming = false;
    const clips = await Promise.all(kwsListen.clips.list.map((clip) => this.proved(clip)));
    if (!going()) return;
    const logits = clips.reduce((sum, { wanted }) => sum + wanted.length, 0);
    const equal = clips.reduce((sum, clip) => sum + clip.equal, 0);
    this.part.equal.textContent =
      `${equal} of ${logits} logits equal the recorded reference, on ${clips.length} clips; ${this.speed()}. ` +
      kwsListen.clips.source;
    this.part.equal.className = equal === logits ? "kws-good" : "kws-bad";
    this.part.tests.replaceChildren(...clips.map((clip) => this.clipRow(clip)));
    this.part.proof.hidden = false;
    for (const [index, clip] of clips.entries()) {
      this.say(`playing clip ${index + 1} of ${clips.length}: ${clip.name}`);
      await this.playClip(clip, player, going);
      if (!going()) return;
    }
    this.stop("all test clips were played");
  }

  async proved({ name, sound, reference }) {
    const samples = samplesOf(await inflated(sound));
    const { logits, codes, frames, milliseconds } = await this.engine.ask("clip", samples);
    this.times.push(milliseconds);
    const wanted = reference[this.told.name];
    const equal = wanted.filter((value, index) => value === logits[index]).length;
    const shares = Array.from(codes, (code) => (code + LEVELS / 2) / LEVELS);
    return { name, samples, frames, shares, wanted, equal, winner: logits.indexOf(Math.max(...logits)) };
  }

  clipRow(clip) {
    const { name, equal, wanted, winner, shares } = clip;
    const button = element("button", { type: "button", textContent: "▶", ariaLabel: `play ${name}` });
    button.onclick = () => this.attempt(async () => {
      const player = new Player();
      const going = this.start(() => player.stop());
      await this.playClip(clip, player, going);
      if (going()) this.stop("");
    });
    const said = `${this.told.labels[winner]}, ${percent(shares[winner])}`;
    const cells = [name, said, `${equal} of ${wanted.length}`].map((textContent) => element("td", { textContent }));
    cells.at(-1).className = "kws-number";
    clip.row = element("tr", {}, [element("td", {}, [button]), ...cells]);
    return clip.row;
  }

  async playClip(clip, player, going) {
    this.picture.add(clip.frames);
    this.putShares(clip.shares);
    this.flash(clip.winner);
    clip.row.classList.add("kws-fired");
    await player.play(clip.samples);
    clip.row.classList.remove("kws-fired");
    if (going()) this.part.level.style.width = 0;
  }
}

for (const root of document.querySelectorAll(".kws-listen")) root.app = new App(root);
