// What the page was given: the timeline in columns, and the elements it is shown in.

const DATA = JSON.parse(document.getElementById("contents").textContent);
const VIDEO = DATA.video;
const KINDS = DATA.kinds;
const CAUSES = DATA.causes;
const WORLD = CAUSES.indexOf("world");
const [SPAN_START_S, SPAN_END_S] = DATA.span_s;
const SPAN_MINUTES = (SPAN_END_S - SPAN_START_S) / 60;

/** The changes in order of time; a change is known by its place here. */
const CHANGES = {
  count: DATA.events.id.length,
  id: DATA.events.id,
  frame: Int32Array.from(DATA.events.frame),
  timeS: Float64Array.from(DATA.events.time_s),
  first: Int32Array.from(DATA.events.first),
  end: Int32Array.from(DATA.events.end),
  kind: Uint8Array.from(DATA.events.kind),
  cause: Uint8Array.from(DATA.events.cause),
  confidence: Float64Array.from(DATA.events.confidence),
  region: (i) => DATA.events.region_px.slice(4 * i, 4 * i + 4),
  before: (i) => DATA.events.before_px_s.slice(2 * i, 2 * i + 2),
  after: (i) => DATA.events.after_px_s.slice(2 * i, 2 * i + 2),
};

const byId = (id) => document.getElementById(id);

/** An element with attributes, properties (``text``, ``on*``) and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** The first place in ``order`` (ascending by ``valueOf``) whose value is not below ``value``. */
function lowerBound(length, valueOf, value) {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueOf(middle) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whole numbers of 16 bits, little-endian, from base64. */
function unpackLevels(text) {
  const signs = atob(text);
  const levels = new Int16Array(signs.length / 2);
  for (let i = 0; i < levels.length; i++) {
    levels[i] = signs.charCodeAt(2 * i) | (signs.charCodeAt(2 * i + 1) << 8);
  }
  return levels;
}
