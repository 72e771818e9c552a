// What is listed and what is chosen. Everything that draws listens here.

const listeners = { listed: [], chosen: [], time: [], theme: [], view: [] };

function listen(topics, listener) {
  for (const topic of topics.split(" ")) listeners[topic].push(listener);
}

function tell(topic, detail) {
  for (const listener of listeners[topic]) listener(detail);
}

class Selection {
  constructor() {
    this.kinds = KINDS.map(() => true);
    this.causes = CAUSES.map(() => true);
    this.least = 0;
    this.chosen = -1;
    this.refresh();
  }

  /** The changes that pass the filters, in order of time. */
  refresh() {
    const listed = [];
    let expectedFalse = 0;
    for (let i = 0; i < CHANGES.count; i++) {
      if (!this.passes(i)) continue;
      listed.push(i);
      expectedFalse += 1 - CHANGES.confidence[i];
    }
    this.listed = Int32Array.from(listed);
    this.expectedFalse = expectedFalse;
  }

  passes(i) {
    return this.kinds[CHANGES.kind[i]] && this.causes[CHANGES.cause[i]] && CHANGES.confidence[i] >= this.least;
  }

  filter(change) {
    change(this);
    this.refresh();
    tell("listed");
    if (this.chosen >= 0 && !this.passes(this.chosen)) this.choose(-1, "filter");
  }

  /** Chooses a change (-1: none). ``why``: "user" moves the picture there, "playing" does not. */
  choose(i, why) {
    if (i === this.chosen && why !== "user") return;
    this.chosen = i;
    tell("chosen", why);
  }

  /** The place in ``listed`` of the first change at a time or after it. */
  placeAt(timeS) {
    return lowerBound(this.listed.length, (p) => CHANGES.timeS[this.listed[p]], timeS);
  }

  /** Goes ``step`` changes on from the chosen one, or from what is on screen. */
  go(step, timeS) {
    const count = this.listed.length;
    if (count === 0) return;
    const held = this.chosen >= 0 ? lowerBound(count, (p) => this.listed[p], this.chosen) : -1;
    const isHeld = held >= 0 && this.listed[held] === this.chosen;
    const near = isHeld && Math.abs(CHANGES.timeS[this.chosen] - timeS) < FRAMES.frameS / 2;
    let place;
    if (near) place = held + step;
    else if (step > 0) place = this.placeAt(timeS + FRAMES.frameS / 2);
    else place = this.placeAt(timeS - FRAMES.frameS / 2) - 1;
    this.choose(this.listed[Math.min(Math.max(place, 0), count - 1)], "user");
  }

  ends(last) {
    if (this.listed.length) this.choose(this.listed[last ? this.listed.length - 1 : 0], "user");
  }
}

const SELECTION = new Selection();

/** A change in one line, for the tip and for screen readers. */
function changeText(i) {
  const region = placeText(CHANGES.region(i), VIDEO.width_px, VIDEO.height_px);
  const cause = CHANGES.cause[i] === WORLD ? ", the world’s" : "";
  return `${KINDS[CHANGES.kind[i]]}${cause}, ${clockText(CHANGES.timeS[i])}, ${region}, ${percentText(CHANGES.confidence[i])}`;
}
