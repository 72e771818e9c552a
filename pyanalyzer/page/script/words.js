// Times, places and motions in the words of the other reports (pyanalyzer/report/words.py).

const PLACES = [
  ["upper left", "top", "upper right"],
  ["left", "centre", "right"],
  ["lower left", "bottom", "lower right"],
];
const ARROWS = "→↘↓↙←↖↑↗"; // clockwise from the right, as y points down
const SPANNING_SHARE = 0.8; // a box this wide says nothing about left and right
const WHOLE_SHARE = 0.8;
const STILL_PX_S = 0.5; // slower is rounded to no motion at all

/** As Python rounds: halves to the even neighbour. */
function roundEven(value) {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

/** ``m:ss.mmm``, or ``h:mm:ss.mmm`` from an hour on. */
function clockText(timeS, digits = 3) {
  const units = roundEven(Math.abs(timeS) * 10 ** digits);
  const wholeS = Math.floor(units / 10 ** digits);
  const part = String(units % 10 ** digits).padStart(digits, "0");
  const two = (number) => String(number).padStart(2, "0");
  const [h, m, s] = [Math.floor(wholeS / 3600), Math.floor(wholeS / 60) % 60, wholeS % 60];
  const text = h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  return (timeS < 0 && units ? "-" : "") + (digits ? `${text}.${part}` : text);
}

/** A length of time: seconds below a minute ("4.20 s"), otherwise as a clock ("1:04.2"). */
function lengthText(durationS) {
  if (durationS < 10) return `${durationS.toFixed(2)} s`;
  return durationS < 59.95 ? `${durationS.toFixed(1)} s` : clockText(durationS, 1);
}

/** Whole percent; 100 % only for certainty itself. */
function percentText(probability) {
  return `${Math.min(roundEven(100 * probability), probability >= 1 ? 100 : 99)}%`;
}

/** Where the middle of a box lies in the picture, in words. */
function placeText([x, y, w, h], widthPx, heightPx) {
  const wide = w / widthPx;
  const high = h / heightPx;
  if (wide >= WHOLE_SHARE && high >= WHOLE_SHARE) return "whole picture";
  const third = (position, size) => Math.min(Math.max(Math.trunc((3 * position) / size), 0), 2);
  const column = wide >= SPANNING_SHARE ? 1 : third(x + w / 2, widthPx);
  const row = high >= SPANNING_SHARE ? 1 : third(y + h / 2, heightPx);
  return PLACES[row][column];
}

function isWhole([, , w, h], widthPx, heightPx) {
  return w >= WHOLE_SHARE * widthPx && h >= WHOLE_SHARE * heightPx;
}

/** Direction and speed, ``→ 240`` for px/s, or ``still``. */
function motionText([x, y]) {
  const speed = Math.hypot(x, y);
  if (speed < STILL_PX_S) return "still";
  const eighth = ((roundEven(Math.atan2(y, x) / (Math.PI / 4)) % 8) + 8) % 8;
  return `${ARROWS[eighth]} ${roundEven(speed)}`;
}

/** How far before and after the frame the onset may lie, in frames: ``±1`` or ``-1+3``. */
function intervalText(frame, first, end) {
  const before = frame - first;
  const after = end - 1 - frame;
  return before === after ? `±${before}` : `${before ? -before : "+0"}+${after}`;
}

/** ``1 change``, ``2 changes``; thousands are set apart. */
function counted(count, singular, plural = `${singular}s`) {
  return `${grouped(count)} ${count === 1 ? singular : plural}`;
}

function grouped(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A rate with as many digits as tell something. */
function rateText(rate) {
  return rate >= 100 ? rate.toFixed(0) : rate >= 10 ? rate.toFixed(1) : rate.toFixed(2);
}
