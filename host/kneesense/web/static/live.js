// SPDX-License-Identifier: MIT
// Shows the states that the program streams, and asks it for marks.  What is shown as live came within LOST_MS.
"use strict";

const LOST_MS = 3000;      // the program speaks every second
const AGAIN_MS = 8000;     // silent so long: open the stream anew
const REST_MS = 1000;      // a second tap on a button is none
const SAID_MS = 5000;      // between two sentences for a screen reader

const byId = (id) => document.getElementById(id);
const plots = new Plots(byId("plots"));
let stream = null;
let heard = performance.now();
let openedAt = 0;
let ended = false;
let state = null;
let said = "";
let saidAt = -SAID_MS;
const restUntil = {};

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function show(element, text) {
  element.hidden = !text;
  put(element, text || "");
}

function number(value, digits, unit = "", sign = false) {
  if (value === null || value === undefined) return "–";
  return (sign && value > 0 ? "+" : "") + value.toFixed(digits).replace("-", "−") + unit;
}

function clock(seconds) {
  if (seconds === null) return "–";
  const whole = Math.floor(seconds);
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

function ago(seconds) {
  return seconds < 120 ? `${Math.round(seconds)} s ago` : `${Math.round(seconds / 60)} min ago`;
}

function counted(n, what) {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

function cards(legs) {
  const box = byId("legs");
  while (box.children.length > legs.length) box.lastElementChild.remove();
  while (box.children.length < legs.length) box.append(byId("leg").content.cloneNode(true));
  return [...box.children];
}

function showLeg(card, leg, several) {
  const part = (name) => card.querySelector("." + name);
  card.className = `leg ${leg.side} ${leg.fresh}${several ? " two" : ""}`;
  put(part("side"), leg.side === "unknown" ? "Leg" : leg.side);
  put(part("fresh"), leg.fresh_text);
  put(part("cadence"), number(leg.cadence_spm, 0));
  put(part("lean"), number(leg.lean_mid_deg, 1, "°", true));
  put(part("contact"), number(leg.contact_s === null ? null : 1000 * leg.contact_s, 0, " ms"));
  put(part("impact"), number(leg.pta_axial_g, 1, " g"));
  showAim(part, leg.aim);
  put(part("why"), why(leg));
  put(part("counts"), counts(leg));
}

function why(leg) {
  const buzz = leg.cued_s !== null && leg.cued_s < 3 ? "⟿ buzz! " : "";
  return buzz + (leg.cue_text ? `Cue ${leg.cue_text}` : "");
}

function showAim(part, aim) {
  part("aim").hidden = !aim;
  if (!aim) return;
  const percent = (x) => `${100 * x}%`;
  const target = `target ${number(aim.target, 1)} ± ${number(aim.band, 1)} ${aim.unit}`;
  part("band").style.left = percent(aim.low);
  part("band").style.width = percent(aim.high - aim.low);
  part("me").hidden = aim.at === null;
  part("me").style.left = percent(aim.at ?? 0.5);
  part("bar").setAttribute("aria-label", `${number(aim.value, 1)} ${aim.unit}, ${target}`);
  const arrow = { below: "◀ ", above: "▶ ", in: "✓ " }[aim.place] || "";
  put(part("place"), aim.value === null ? "" : arrow + aim.place_text);
  put(part("goal"), target);
}

function counts(leg) {
  const parts = [counted(leg.strides, "stride")];
  if (leg.late) parts.push(`${leg.late} of them heard later`);
  parts.push(counted(leg.cues, "cue"));
  if (leg.gaps) parts.push(counted(leg.gaps, "gap"));
  const battery = leg.battery;
  let told = "battery –";
  if (battery && battery.percent !== null) told = `battery ${battery.percent} %`;
  else if (battery && battery.mv !== null) told = `battery ${battery.mv} mV`;
  if (battery && battery.low) told += ", low!";
  if (battery && battery.charging) told += ", charging";
  parts.push(told, `unit ${leg.link}`);
  return parts.join(" · ");
}

function showNotices(notices) {
  const list = byId("notices");
  list.replaceChildren(...notices.map((notice) => {
    const item = document.createElement("li");
    item.className = notice.kind;
    const when = document.createElement("span");
    when.className = "when";
    when.textContent = ` ${notice.late ? "heard later" : ago(notice.age_s)}`;
    item.append((notice.side ? `${notice.side} leg: ` : "") + notice.text, when);
    return item;
  }));
}

function showButtons() {
  const offers = state && !ended && !adrift() ? state.offers : { mark: null, pain: null, mute: null };
  const names = { pain_taken_back: "Take back", resume: "Cues on", pain: "Pain", mute: "Mute", note: "Mark" };
  for (const [id, kind] of Object.entries(offers)) {
    const button = byId(id);
    button.disabled = kind === null || performance.now() < (restUntil[id] || 0);
    if (kind) {
      put(button, names[kind]);
      button.dataset.kind = kind;
    }
  }
}

function say(sentence) {
  const now = performance.now();
  if (sentence === said || now - saidAt < SAID_MS) return;
  said = sentence;
  saidAt = now;
  put(byId("said"), sentence);
}

function adrift() {
  return performance.now() - heard > LOST_MS;
}

function hidden(leg) {
  return { ...leg, fresh: "lost", fresh_text: `not known, last word ${ago((performance.now() - heard) / 1000)}`,
    cadence_spm: null, lean_mid_deg: null, contact_s: null, pta_axial_g: null, cued_s: null, cue_text: "",
    link: "not known", aim: leg.aim && { ...leg.aim, at: null, value: null } };
}

function render() {
  const lost = adrift() && !ended;
  show(byId("adrift"), lost && "No word from kneesense: it has ended or hangs. Trying again.");
  document.title = lost ? "lost – kneesense" : "kneesense";
  showButtons();
  if (!state) return;
  const legs = lost ? state.legs.map(hidden) : state.legs;
  put(byId("runner"), state.runner || "");
  put(byId("elapsed"), clock(lost ? null : state.elapsed_s));
  const alert = lost ? null : state.alert;
  show(byId("alert"), alert && "! " + (alert.side ? `${alert.side} leg: ` : "") + alert.text);
  const boxes = cards(legs);
  legs.forEach((leg, i) => showLeg(boxes[i], leg, legs.length > 1));
  if (!lost) {
    showNotices(state.notices);
    plots.show(legs);
  }
  const spoken = (leg) => `${leg.side} leg ${leg.fresh}${leg.aim && leg.aim.value !== null ? `, ${leg.aim.place} the band` : ""}`;
  say(legs.map(spoken).join("; "));
}

function take(event) {
  heard = performance.now();
  state = JSON.parse(event.data);
  render();
}

function open() {
  if (stream) stream.close();
  openedAt = performance.now();
  stream = new EventSource("states");
  stream.addEventListener("state", take);
  stream.addEventListener("end", (event) => {
    ended = true;
    stream.close();
    take(event);
    put(byId("answer"), "kneesense has ended.");
  });
}

async function order(event) {
  const button = event.currentTarget;
  restUntil[button.id] = performance.now() + REST_MS;
  showButtons();
  let text;
  try {
    const answer = await fetch("mark", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ kind: button.dataset.kind }),
      signal: AbortSignal.timeout(8000),
    });
    const told = await answer.json();
    text = told.done ? `✓ ${told.text}` : `✕ ${told.text}`;
  } catch (error) {
    text = "✕ not done: kneesense does not answer. Use the unit's own button.";
  }
  put(byId("answer"), text);
}

async function stayAwake() {
  try {
    if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen");
  } catch (error) {
    // A display that goes dark is no reason to stop.
  }
}

for (const id of ["mark", "pain", "mute"]) byId(id).addEventListener("click", order);
document.addEventListener("visibilitychange", stayAwake);
setInterval(() => {
  const now = performance.now();
  if (!ended && now - heard > AGAIN_MS && now - openedAt > AGAIN_MS) open();
  render();
}, 500);
stayAwake();
open();
