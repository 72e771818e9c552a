// Drawing on canvases: sharp on every screen, at most once per frame of the screen, in the theme.

const KIND_HEX = {};
const INK = {};

/** Reads the theme's colours; kinds are a little darker on a light ground, as lines are thin. */
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  for (const name of ["ink", "soft", "line", "grid", "paper", "card", "good", "bad", "second", "world"]) {
    INK[name] = value(`--${name}`);
  }
  INK.dark = style.colorScheme === "dark";
  for (const kind of KINDS) KIND_HEX[kind] = mixed(value(`--${kind}`), INK.dark ? 0 : 0.14);
  INK.worldLine = mixed(INK.world, INK.dark ? 0 : 0.14);
}

/** ``#rrggbb`` made darker by a share. */
function mixed(hex, share) {
  const part = (at) => Math.round(parseInt(hex.slice(at, at + 2), 16) * (1 - share));
  return `rgb(${part(1)} ${part(3)} ${part(5)})`;
}

function colourOf(i) {
  return CHANGES.cause[i] === WORLD ? INK.worldLine : KIND_HEX[KINDS[CHANGES.kind[i]]];
}

/** Sizes a canvas to its box; its context in CSS px, cleared. Null where it is not shown. */
function fresh(canvas) {
  const box = canvas.getBoundingClientRect();
  const [width, height] = [Math.round(box.width), Math.round(box.height)];
  if (width === 0 || height === 0) return null;
  const scale = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "11px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
  context.textBaseline = "middle";
  return { context, width, height };
}

/** ``draw``, but once before the next picture of the screen however often it is asked for. */
function once(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}

/** Draws again when the canvas gets another size. */
function onResize(element, draw) {
  new ResizeObserver(draw).observe(element);
}

const TICK_STEPS_S = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900,
  1800, 3600, 7200, 18000, 36000,
];

/** Round times for an axis: ``{timeS, label}``, at least ``gapPx`` apart. */
function timeTicks(startS, endS, widthPx, gapPx = 84) {
  const stepS = TICK_STEPS_S.find((s) => (s / (endS - startS)) * widthPx >= gapPx) || TICK_STEPS_S.at(-1);
  const digits = stepS < 0.01 ? 3 : stepS < 0.1 ? 2 : stepS < 1 ? 1 : 0;
  const ticks = [];
  for (let n = Math.ceil(startS / stepS - 1e-6); n * stepS <= endS + 1e-9; n++) {
    ticks.push({ timeS: n * stepS, label: clockText(n * stepS, digits) });
  }
  return { ticks, stepS };
}
