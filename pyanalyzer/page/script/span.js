// The stretch of time that the timeline shows, and how it is moved and zoomed.

const LEAST_FRAMES_SHOWN = 6;
const ZOOM_STEP = 1.6; // per press of a key or button
const MARGIN_SHARE = 0.01; // of the whole, so that the first and last change do not stick to the rim

class ShownSpan {
  constructor() {
    const margin = MARGIN_SHARE * Math.max(SPAN_END_S - SPAN_START_S, FRAMES.frameS);
    this.least = SPAN_START_S - margin;
    this.most = Math.max(SPAN_END_S, SPAN_START_S + FRAMES.frameS) + margin;
    this.start = this.least;
    this.end = this.most;
  }

  get length() {
    return this.end - this.start;
  }

  get isWhole() {
    return this.length >= this.most - this.least - 1e-9;
  }

  /** Shows ``start .. start + length``, as near as the replay's ends and the finest zoom allow. */
  show(start, length) {
    const whole = this.most - this.least;
    const size = Math.min(Math.max(length, Math.min(LEAST_FRAMES_SHOWN * FRAMES.frameS, whole)), whole);
    this.start = Math.min(Math.max(start, this.least), this.most - size);
    this.end = this.start + size;
    tell("view");
  }

  all() {
    this.show(this.least, this.most - this.least);
  }

  /** Zooms by a factor (above 1: closer); what is at ``timeS`` stays where it is. */
  zoom(factor, timeS) {
    const share = (timeS - this.start) / this.length;
    const length = Math.min(Math.max(this.length / factor, LEAST_FRAMES_SHOWN * FRAMES.frameS), this.most - this.least);
    this.show(timeS - share * length, length);
  }

  /** By keys and buttons: around the playhead where it is in sight, else around the middle. */
  zoomStep(direction) {
    const inSight = PLAYER.timeS >= this.start && PLAYER.timeS <= this.end;
    this.zoom(ZOOM_STEP ** direction, inSight ? PLAYER.timeS : (this.start + this.end) / 2);
  }

  pan(seconds) {
    this.show(this.start + seconds, this.length);
  }

  /** Shows a time; if it is out of sight, turns the page so that it stands near the left. */
  follow(timeS) {
    if (timeS < this.start || timeS > this.end) this.show(timeS - 0.1 * this.length, this.length);
  }

  /** Closes in on a change: its interval and what is around it. */
  closeIn(i) {
    const half = Math.max(1.2, 2 * (FRAMES.timeOf(CHANGES.end[i]) - FRAMES.timeOf(CHANGES.first[i])));
    this.show(CHANGES.timeS[i] - half, 2 * half);
  }
}

const SHOWN = new ShownSpan();
