// The page: a bounded history, redrawn with every message of the worker.

import { get, keepToken, listen, post, token } from "./api.js";
import { draw } from "./charts.js";
import { loadHeld, showHeld } from "./held.js";
import { cell, fill, handOff, letter, outcome, row } from "./rows.js";
import { keep, kept, number, seconds, switchLanguage, text, translate } from "./texts.js";

const POINTS = 450;
const AGAIN_MS = [500, 1000, 2000, 5000];
const TYPING_MS = 250;

const at = (id) => document.getElementById(id);
const state = {
  points: [], now: null, letters: [], chosen: new Set(), isPaused: false, tries: 0,
  connection: "connecting",
};

// -- live

async function follow() {
  for (;;) {
    try {
      await listen("/api/live", take);
    } catch (error) {
      if (error.status === 401 || error.status === 403) askForToken();
    }
    state.connection = "offline";
    showState();
    await new Promise((done) => setTimeout(done, AGAIN_MS[Math.min(state.tries++, AGAIN_MS.length - 1)]));
  }
}

function take(name, data) {
  state.tries = 0;
  state.connection = "online";
  if (name === "history") state.points = data.points;
  else state.points.push(data.point);
  state.points.splice(0, state.points.length - POINTS);
  state.now = data;
  if (!document.hidden) show();
}

function show() {
  showState();
  showTiles();
  showCharts();
  showTopics();
  showModels();
  showLatest();
  at("held-section").hidden = !state.now.is_moderated;
}

function showState() {
  const problems = state.now?.problems ?? [];
  const kind = state.connection !== "online" ? state.connection : problems.length ? "not_ready" : "ready";
  const sign = { ready: "good", not_ready: "warn", offline: "bad", connecting: "dim" }[kind];
  const place = at("state");
  if (place.textContent !== text(kind)) place.textContent = text(kind);
  place.className = sign;
  const list = at("problems");
  list.hidden = !problems.length;
  list.replaceChildren(...problems.map((one) => Object.assign(document.createElement("li"), { textContent: one })));
}

const total = (rates) => Object.values(rates).reduce((sum, one) => sum + one, 0);

function showTiles() {
  const last = state.points[state.points.length - 1];
  if (!last) return;
  const tiles = [
    ["t_events", number(total(last.events))], ["t_outcomes", number(total(last.outcomes))],
    ["t_lag", number(last.lag)], ["t_flight", number(last.in_flight)],
    ["t_oldest", seconds(last.oldest_s)], ["t_partitions", number(state.now.partitions)],
    ["t_restarts", number(state.now.restarts)],
    ...Object.entries(last.depth).filter(([, depth]) => depth).map(([lane, depth]) => [
      text("t_lane", { lane: text(lane) }), number(depth),
    ]),
  ];
  at("tiles").replaceChildren(...tiles.map(([name, value]) => {
    const tile = document.createElement("div");
    tile.append(
      Object.assign(document.createElement("dt"), { textContent: text(name) }),
      Object.assign(document.createElement("dd"), { textContent: value }),
    );
    return tile;
  }));
}

const names = (key) => [...new Set(state.points.flatMap((point) => Object.keys(point[key])))].sort();

function showCharts() {
  if (!state.points.length) return;
  draw(at("events-chart"), state.points, names("events").map((task, colour) => ({
    name: text(task), colour, values: state.points.map((point) => point.events[task] ?? null),
  })), (value) => number(value, value < 10 ? 1 : 0));
  draw(at("latency-chart"), state.points, names("latency").flatMap((lane, colour) => [0, 1].map((which) => ({
    name: `${text(lane)} ${which ? "p99" : "p50"}`, colour, dashed: which === 1,
    values: state.points.map((point) => point.latency[lane]?.[which] ?? null),
  }))), seconds);
  draw(at("lag-chart"), state.points, ["lag", "in_flight"].map((key, colour) => ({
    name: text(key), colour, values: state.points.map((point) => point[key]),
  })), (value) => number(value));
}

function showTopics() {
  const select = at("topic"), wanted = ["", ...state.now.topics];
  if (select.options.length === wanted.length && select.dataset.lang === document.documentElement.lang) return;
  const chosen = select.value;
  select.replaceChildren(...wanted.map((id) => new Option(id ? text(id) : text("all"), id)));
  select.value = chosen;
  select.dataset.lang = document.documentElement.lang;
}

function showModels() {
  fill(at("models"), state.now.models.map((one) => row(
    cell(one.slot), cell(`${one.name} · ${one.hash}`), cell(`${one.device} · ${one.dtype}`),
  )), text("none"), 3);
}

// -- outcomes

const isSearching = () => at("query").value.trim() !== "" || at("topic").value !== "";

// A table that somebody is in with the keyboard is left as it is.
const isInUse = (id) => at(id).querySelector(":focus-visible") !== null;

function showLatest() {
  if (state.isPaused) return;
  if (isSearching()) search();
  else showOutcomes(state.now.latest);
  if (isInUse("handoffs")) return;
  fill(at("handoffs"), state.now.handoffs.map((one) => handOff(one, open)), text("none"), 3);
}

function showOutcomes(found) {
  if (isInUse("outcomes")) return;
  fill(at("outcomes"), found.map((one) => outcome(one, open)), text(isSearching() ? "none_found" : "none"), 4);
}

let asking = null;

async function search() {
  asking?.abort();
  asking = new AbortController();
  try {
    const query = { q: at("query").value.trim(), topic: at("topic").value };
    showOutcomes(await get("/api/outcomes", query, asking.signal));
  } catch (error) {
    if (error.name !== "AbortError") fill(at("outcomes"), [], text("failed", { why: error.message }), 4);
  }
}

async function open(one) {
  at("detail-title").textContent = one.result_id;
  at("detail-body").textContent = JSON.stringify(one, null, 2);
  const place = at("detail-source");
  place.textContent = text("reading");
  at("detail").showModal();
  try {
    const { topic, partition, offset } = one.source;
    const { value } = await get("/api/source", { topic, partition, offset });
    place.textContent = value ?? text("gone");
  } catch (error) {
    place.textContent = text("failed", { why: error.message });
  }
}

// -- dead letters

async function loadLetters() {
  const told = at("letters-state");
  told.textContent = text("reading");
  try {
    state.letters = await get("/api/dead-letters");
    told.textContent = "";
  } catch (error) {
    told.textContent = text("failed", { why: error.message });
  }
  state.chosen.clear();
  showLetters();
}

function choose(id, isChosen) {
  if (isChosen) state.chosen.add(id);
  else state.chosen.delete(id);
  at("resend").disabled = !state.chosen.size;
}

function showLetters() {
  fill(at("letters"), state.letters.map((one) => letter(one, state.chosen.has(one.result_id), choose, open)),
    text("none"), 4);
  at("resend").disabled = !state.chosen.size;
}

async function resend() {
  const told = at("letters-state");
  if (!token()) return askForToken();
  at("resend").disabled = true;
  told.textContent = text("reading");
  try {
    const done = await post("/api/dead-letters/resend", { ids: [...state.chosen].slice(0, 100) });
    const said = text("sent_back", { ...done, refused: done.refused.length, unknown: done.unknown.length });
    await loadLetters();
    told.textContent = said;
  } catch (error) {
    told.textContent = text("failed", { why: error.message });
    if (error.status === 401) askForToken();
    at("resend").disabled = !state.chosen.size;
  }
}

// -- token, language, theme

function askForToken() {
  if (!at("token-dialog").open && !at("detail").open) at("token-dialog").showModal();
}

function showTheme() {
  const theme = kept("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme;
  at("theme").textContent = text(theme === "dark" ? "light" : "dark");
  return theme;
}

function showTexts() {
  translate();
  at("language").textContent = text("other");
  showTheme();
  showState();
  if (state.now) show();
  else for (const [id, columns] of [["outcomes", 4], ["handoffs", 3], ["models", 3]]) fill(at(id), [], text("none"), columns);
  showLetters();
  showHeld(askForToken, open);
}

let typing = 0;
at("query").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(search, TYPING_MS);
});
at("topic").addEventListener("change", search);
at("search").addEventListener("submit", (event) => { event.preventDefault(); search(); });
at("pause").addEventListener("click", () => {
  state.isPaused = !state.isPaused;
  at("pause").setAttribute("aria-pressed", state.isPaused);
});
at("load-letters").addEventListener("click", loadLetters);
at("resend").addEventListener("click", resend);
at("load-held").addEventListener("click", () => loadHeld(askForToken, open));
at("all-letters").addEventListener("change", (event) => {
  for (const one of state.letters) if (!one.resent) choose(one.result_id, event.target.checked);
  showLetters();
});
at("token").addEventListener("click", () => at("token-dialog").showModal());
at("token-dialog").addEventListener("close", () => {
  if (at("token-dialog").returnValue === "keep") keepToken(at("token-input").value.trim());
  at("token-input").value = "";
});
at("language").addEventListener("click", () => { switchLanguage(); showTexts(); });
at("theme").addEventListener("click", () => { keep("theme", showTheme() === "dark" ? "light" : "dark"); showTheme(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
document.addEventListener("visibilitychange", () => { if (!document.hidden && state.now) show(); });

showTexts();
follow();
