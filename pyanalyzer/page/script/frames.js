// Which frame is shown when. Exact where the timeline holds every frame's pts; otherwise straight
// lines through the frames whose time is known, the changes' own.

// Browsers tell a frame's time to a microsecond, some containers keep it to a millisecond.
const TIME_TOLERANCE_S = 0.0006;

class FrameTimes {
  constructor(data) {
    this.frameS = data.video.frame_s || data.video.duration_s / Math.max(data.video.frames, 1) || 0.04;
    this.exact = data.frames !== null;
    if (this.exact) this.readRuns(data.frames);
    else this.readAnchors(data.events);
    this.last = this.exact ? this.first + this.times.length - 1 : this.lastByCount(data.video);
  }

  readRuns({ first, time_base: [numerator, denominator], ticks, runs }) {
    let count = 1;
    for (let i = 1; i < runs.length; i += 2) count += runs[i];
    this.first = first;
    this.times = new Float64Array(count);
    let at = 0;
    this.times[at] = (ticks * numerator) / denominator;
    for (let i = 0; i < runs.length; i += 2) {
      for (let k = 0; k < runs[i + 1]; k++) {
        ticks += runs[i];
        this.times[++at] = (ticks * numerator) / denominator;
      }
    }
  }

  /** Frames of known time, strictly growing in both. */
  readAnchors(events) {
    this.anchorFrames = [0];
    this.times = [0];
    for (let i = 0; i < events.frame.length; i++) {
      const before = this.times.length - 1;
      const follows = events.frame[i] > this.anchorFrames[before] && events.time_s[i] > this.times[before];
      if (!follows) continue;
      this.anchorFrames.push(events.frame[i]);
      this.times.push(events.time_s[i]);
    }
    this.first = 0;
  }

  lastByCount(video) {
    const byTime = this.frameAt(SPAN_END_S - this.frameS / 2);
    return SPAN_START_S > 0 ? byTime : Math.max(byTime, video.frames - 1);
  }

  /** When a frame appears, s. Before the first and after the last one: by the mean length. */
  timeOf(frame) {
    if (!this.exact) return this.between(this.anchorFrames, this.times, frame, 1 / this.frameS);
    const place = frame - this.first;
    const last = this.times.length - 1;
    if (place < 0) return this.times[0] + place * this.frameS;
    if (place > last) return this.times[last] + (place - last) * this.frameS;
    return this.times[place];
  }

  /** The frame that is on screen at a time. */
  frameAt(timeS) {
    const time = timeS + TIME_TOLERANCE_S;
    if (!this.exact) return Math.floor(this.between(this.times, this.anchorFrames, time, this.frameS) + 1e-6);
    const last = this.times.length - 1;
    if (time < this.times[0]) return this.first + Math.floor((time - this.times[0]) / this.frameS);
    if (time >= this.times[last] + this.frameS) {
      return this.first + last + Math.floor((time - this.times[last]) / this.frameS);
    }
    return this.first + upperBound(this.times, time) - 1;
  }

  /** A time well inside a frame, so that no rounding of a player shows its neighbour. */
  insideOf(frame) {
    const start = this.timeOf(frame);
    return start + Math.min(Math.max(this.timeOf(frame + 1) - start, 0.0002) / 2, 0.5);
  }

  between(xs, ys, x, unit) {
    const last = xs.length - 1;
    const right = Math.min(Math.max(upperBound(xs, x), 1), last);
    if (last === 0 || x > xs[last]) return ys[last] + (x - xs[last]) / unit;
    const left = right - 1;
    return ys[left] + ((x - xs[left]) / (xs[right] - xs[left])) * (ys[right] - ys[left]);
  }
}

/** The first place whose value is above ``value``. */
function upperBound(values, value) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

const FRAMES = new FrameTimes(DATA);
