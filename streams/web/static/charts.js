// Line charts as SVG: a picture of a bounded number of points, drawn anew with every message.

import { clock, text } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 150, LEFT = 54, BOTTOM = 18, TOP = 8, LEAST_WIDTH = 240;

function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// A round number not under the largest value, so that the scale stands still for a while.
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= value);
}

function line(values, times, top, width, attributes) {
  const [from, to] = [times[0], times[times.length - 1]];
  const across = (width - LEFT) / Math.max(1, to - from);
  const down = HEIGHT - BOTTOM - TOP;
  const places = values.flatMap((value, index) => value == null ? [] : [
    `${(LEFT + (times[index] - from) * across).toFixed(1)},${(TOP + down * (1 - value / top)).toFixed(1)}`,
  ]);
  return shape("polyline", { points: places.join(" "), ...attributes });
}

// Each series: a name, a number for its colour, whether it is dashed, and a value a point or null.
export function draw(place, points, series, format) {
  const times = points.map((point) => point.at);
  const shown = series.filter((one) => one.values.some((value) => value != null));
  const top = ceiling(Math.max(0, ...shown.flatMap((one) => one.values.filter((v) => v != null))));
  const width = Math.max(LEAST_WIDTH, place.clientWidth);
  const picture = shape("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
  for (const share of [0, 0.5, 1]) {
    const y = TOP + (HEIGHT - BOTTOM - TOP) * (1 - share);
    picture.append(
      shape("line", { x1: LEFT, x2: width, y1: y, y2: y, class: "grid" }),
      shape("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, format(top * share)),
    );
  }
  for (const one of shown) {
    picture.append(line(one.values, times, top, width, { class: `s${one.colour % 6}${one.dashed ? " dashed" : ""}` }));
  }
  picture.append(
    shape("text", { x: LEFT, y: HEIGHT - 3 }, clock(times[0] * 1000)),
    shape("text", { x: width, y: HEIGHT - 3, "text-anchor": "end" }, clock(times[times.length - 1] * 1000)),
  );
  const legend = document.createElement("ul");
  legend.className = "legend";
  const told = shown.map((one) => {
    const last = one.values[one.values.length - 1];
    return `${one.name} ${last == null ? "–" : format(last)}`;
  });
  shown.forEach((one, index) => {
    const item = document.createElement("li");
    const sign = shape("svg", { viewBox: "0 0 18 8", "aria-hidden": "true" });
    sign.append(shape("line", {
      x1: 0, x2: 18, y1: 4, y2: 4, class: `s${one.colour % 6}${one.dashed ? " dashed" : ""}`,
    }));
    item.append(sign, told[index]);
    legend.append(item);
  });
  picture.setAttribute("aria-label", told.join(", ") || text("none"));
  place.replaceChildren(picture, legend);
}
