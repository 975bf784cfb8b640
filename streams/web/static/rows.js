// Outcomes and dead letters as rows. What people wrote is only ever set as text.

import { clock, number, seconds, text } from "./texts.js";

export function cell(content, kind = "") {
  const made = document.createElement("td");
  made.className = kind;
  made.append(content);
  return made;
}

export function row(...cells) {
  const made = document.createElement("tr");
  made.append(...cells);
  return made;
}

export function link(label, open) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "link";
  made.textContent = label;
  made.addEventListener("click", open);
  return made;
}

export function fill(body, rows, nothing, columns) {
  if (rows.length) return body.replaceChildren(...rows);
  const only = cell(nothing, "empty");
  only.colSpan = columns;
  body.replaceChildren(row(only));
}

const TOLD = {
  "review-labels": (one) => `${text(one.sentiment)} ${number(one.score, 2)} · ${decided(one)}${one.review_id} · ${one.product_id}`,
  "review-decisions": (one) => `${text(one.decision)} · ${one.effect} · ${one.review_id}`,
  replies: (one) => `${one.intent} ${number(one.confidence, 2)} · ${one.text}`,
  handoffs: (one) => `${one.intent} ${number(one.confidence, 2)} · ${one.text}`,
  recommendations: (one) => `${one.user_id}: ${one.items.map((item) => item.title).join(", ") || "–"}`,
  "dead-letters": (one) => `${one.code}: ${one.reason}`,
};

function decided(one) {
  return ["hold", "reject"].includes(one.decision) || one.decided_by === "person" ? `${text(one.decision)} · ` : "";
}

export function told(one) {
  return TOLD[one.topic]?.(one) ?? one.result_id;
}

export function outcome(one, open) {
  const took = one.timings ? seconds(one.timings.total_ms / 1000) : "";
  return row(
    cell(clock(one.produced_at), "time"),
    cell(text(one.topic), "topic"),
    cell(link(told(one), () => open(one))),
    cell(took, "took"),
  );
}

export function handOff(one, open) {
  return row(
    cell(clock(one.produced_at), "time"),
    cell(text(one.reason ?? one.outcome), "warn"),
    cell(link(told(one), () => open(one))),
  );
}

export function letter(one, isChosen, choose, open) {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = isChosen;
  box.disabled = one.resent;
  box.setAttribute("aria-label", text("select", { id: one.result_id }));
  box.addEventListener("change", () => choose(one.result_id, box.checked));
  const why = one.resent ? `${one.code} (${text("resent")})` : one.code;
  return row(
    cell(box),
    cell(clock(one.produced_at), "time"),
    cell(`${why}: ${one.reason}`),
    cell(link(one.result_id, () => open(one))),
  );
}
