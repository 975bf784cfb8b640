// Reviews that wait for a person: what speaks against each, marked in its text, and two buttons.

import { get, post, token } from "./api.js";
import { cell, fill, link, row } from "./rows.js";
import { clock, number, text } from "./texts.js";

const COLUMNS = 4;
const at = (id) => document.getElementById(id);
let waiting = [];

export async function loadHeld(askForToken, open) {
  const told = at("held-state");
  told.textContent = text("reading");
  try {
    waiting = await get("/api/held");
    told.textContent = text("held_count", { count: number(waiting.length) });
  } catch (error) {
    told.textContent = text("failed", { why: error.message });
    if (error.status === 401) askForToken();
  }
  showHeld(askForToken, open);
}

export function showHeld(askForToken, open) {
  fill(at("held"), waiting.map((one) => heldReview(one, askForToken, open)), text("none"), COLUMNS);
}

async function decide(one, decision, askForToken, open) {
  const told = at("held-state");
  if (!token()) return askForToken();
  try {
    const { review_id, user_id, result_id } = one;
    await post("/api/held/decide", { review_id, user_id, held_id: result_id, decision });
  } catch (error) {
    told.textContent = text("failed", { why: error.message });
    if (error.status === 401) askForToken();
    return;
  }
  const place = waiting.indexOf(one);
  waiting = waiting.filter((other) => other !== one);
  showHeld(askForToken, open);
  told.textContent = text(`done_${decision}`, { id: one.review_id });
  // Who works through the list with the keyboard is led to the next review.
  const rows = at("held").querySelectorAll(`button.${decision}`);
  (rows[Math.min(place, rows.length - 1)] ?? at("load-held")).focus();
}

function heldReview(one, askForToken, open) {
  const act = (decision) => {
    const made = link(text(decision), () => decide(one, decision, askForToken, open));
    made.className = decision;
    made.setAttribute("aria-label", text(`${decision}_id`, { id: one.review_id }));
    return made;
  };
  const buttons = document.createElement("div");
  buttons.className = "decide";
  buttons.append(act("allow"), act("reject"));
  const review = document.createElement("div");
  review.append(marked(one), link(`${one.review_id} · ${one.product_id}`, () => open(one)));
  const why = one.reasons.map((reason) => `${text(reason.attribute)} ${number(reason.score, 2)}`);
  return row(cell(clock(one.produced_at), "time"), cell(why.join(", "), "warn"), cell(review), cell(buttons));
}

// The text with the reasons' places marked; those count characters, JavaScript counts halves of some.
function marked(one) {
  const characters = Array.from(one.text);
  const places = one.reasons
    .filter((reason) => characters.slice(reason.start, reason.end).join("").startsWith(reason.text))
    .map((reason) => [reason.start, reason.end])
    .sort(([left], [right]) => left - right);
  const made = document.createElement("p");
  let from = 0;
  for (const [start, end] of places) {
    if (start < from) continue;
    const mark = document.createElement("mark");
    mark.textContent = characters.slice(start, end).join("");
    made.append(characters.slice(from, start).join(""), mark);
    from = end;
  }
  made.append(characters.slice(from).join(""));
  return made;
}
