// Charts answer the pointer: each picture carries its chart in Vega-Lite, which replaces the still image when it comes
// into view. The libraries (vega.js) are loaded only then. Without scripts the still images stay.
"use strict";

const HERE = document.currentScript ? document.currentScript.src : "";
let libraries = null; // a promise, once they are asked for

function loadLibraries() {
  libraries = libraries || new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("vega.js", HERE).href;
    script.onload = () => resolve(window.kwsEmbed);
    script.onerror = () => reject(new Error("vega.js is missing; the pictures do not answer the pointer"));
    document.head.append(script);
  });
  return libraries;
}

const theme = () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light");

// The players of a page, by what a cell of a matrix says it plays.
function playersOf(name) {
  return [...document.querySelectorAll(".kws-clips audio")].filter((player) => player.getAttribute("aria-label") === name);
}

let tip = null;

function showTip(handler, event, item, value) {
  if (!tip) {
    tip = document.createElement("div");
    tip.className = "kws-tip";
    document.body.append(tip);
  }
  if (value === null || value === undefined || value === "") {
    tip.hidden = true;
    return;
  }
  const plays = item && item.datum && item.datum.plays;
  tip.textContent = String(value) + (plays && playersOf(plays).length ? "\nClick to hear one." : "");
  tip.hidden = false;
  const [width, height] = [tip.offsetWidth, tip.offsetHeight];
  const left = Math.min(event.clientX + 14, document.documentElement.clientWidth - width - 4);
  const top = event.clientY + 18 + height > window.innerHeight ? event.clientY - height - 10 : event.clientY + 18;
  tip.style.left = `${Math.max(4, left) + window.scrollX}px`;
  tip.style.top = `${Math.max(4, top) + window.scrollY}px`;
}

let next = 0; // which of a cell's clips is played next

function play(event, item) {
  const players = item && item.datum && item.datum.plays ? playersOf(item.datum.plays) : [];
  if (!players.length) return;
  document.querySelectorAll("audio").forEach((player) => player.pause());
  const player = players[next++ % players.length];
  player.currentTime = 0;
  player.play();
}

async function draw(picture) {
  const embed = await loadLibraries();
  const spec = JSON.parse(picture.querySelector("script.kws-chart").textContent);
  const place = document.createElement("div");
  place.className = "kws-live";
  const controls = document.createElement("div");
  controls.className = "kws-controls";
  const { view } = await embed(place, spec, {
    config: window.kwsThemes[theme()],
    renderer: "svg",
    actions: false,
    defaultStyle: false,
    tooltip: showTip,
    bind: controls,
    loader: { target: "_self" },
  });
  view.addEventListener("click", play);
  // One alternative text for the whole, not a role for each of its marks.
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", picture.querySelector("img").alt);
  place.querySelector("svg").setAttribute("aria-hidden", "true");
  if (picture.kwsView) picture.kwsView.finalize();
  picture.querySelectorAll(".kws-live, .kws-controls").forEach((old) => old.remove());
  picture.kwsView = view;
  picture.append(place);
  if (controls.children.length) picture.prepend(controls);
  picture.classList.add("drawn");
  letScroll(); // in tables.js: a chart may be wider than its still image
}

document.addEventListener("DOMContentLoaded", () => {
  const pictures = [...document.querySelectorAll(".kws-picture:has(script.kws-chart)")];
  if (!pictures.length) return;
  const seen = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting && !seen.has(one.target))) {
      seen.add(entry.target);
      watcher.unobserve(entry.target);
      draw(entry.target).catch((error) => console.error(error));
    }
  }, { rootMargin: "200px" });
  pictures.forEach((picture) => watcher.observe(picture));
  new MutationObserver(() => seen.forEach((picture) => draw(picture).catch((error) => console.error(error)))).observe(
    document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
});
