// The replay's picture: which frame of it is on screen, and going to another one exactly.

const LOOP_BEFORE_S = 0.5;
const LOOP_AFTER_S = 0.8;
const UNSEEN_MS = 800; // a browser that has not shown a first picture by then will not tell of it

class Player {
  constructor(video) {
    this.video = video;
    this.timeS = SPAN_START_S;
    this.frame = FRAMES.frameAt(SPAN_START_S);
    this.originS = 0; // the player's time of the replay's first frame
    this.knowsOrigin = false;
    this.ready = false;
    this.wanted = null; // the frame that a seek under way is to show
    this.shown = -1; // the frame on screen
    this.exactly = new ExactSeek(this);
    this.looping = false;
    this.playing = false;
    this.watch();
  }

  watch() {
    const { video } = this;
    if ("requestVideoFrameCallback" in video) {
      const shown = (_now, { mediaTime }) => {
        this.showed(mediaTime);
        video.requestVideoFrameCallback(shown);
      };
      video.requestVideoFrameCallback(shown);
    } else {
      const look = () => {
        if (this.ready && !video.seeking) this.showed(video.currentTime);
        requestAnimationFrame(look);
      };
      look();
    }
    video.addEventListener("seeked", () => this.seeked());
    video.addEventListener("loadeddata", () => this.loaded());
    for (const name of ["play", "pause", "ended"]) {
      video.addEventListener(name, () => {
        if (this.exactly.creeping) return;
        if (name === "play" && this.wanted === null) this.exactly.release();
        if (name === "ended" && this.looping && this.loopSpan()) {
          this.seekToTime(this.loopSpan()[0]);
          video.play().catch(() => {});
        }
        this.playing = !video.paused && !video.ended;
        tell("time", "state");
      });
    }
  }

  loaded() {
    this.ready = true;
    if (!("requestVideoFrameCallback" in this.video)) this.learnOrigin(this.video.currentTime);
    else setTimeout(() => this.learnOrigin(this.video.currentTime), UNSEEN_MS);
    tell("time", "state");
  }

  /** The first picture of a file that was just opened is the replay's first frame. Only then is it
   * known where others are: streams may begin at any time. */
  learnOrigin(mediaTime) {
    if (this.knowsOrigin || !this.ready) return;
    this.knowsOrigin = true;
    this.originS = mediaTime;
    if (this.frame !== FRAMES.frameAt(0)) this.seekTo(this.frame);
    tell("time", "state");
  }

  open(url) {
    this.exactly.stop();
    this.exactly.release();
    const rate = this.video.playbackRate;
    this.video.defaultPlaybackRate = rate; // a file that is opened later is played as fast
    this.knowsOrigin = false;
    this.originS = 0;
    this.ready = false;
    this.wanted = null;
    this.video.src = url;
  }

  /** A frame is on screen; ``mediaTime`` is its pts in the player's time. */
  showed(mediaTime) {
    if (!this.knowsOrigin) {
      this.ready = true;
      this.learnOrigin(mediaTime);
      return;
    }
    const timeS = mediaTime - this.originS;
    this.shown = FRAMES.frameAt(timeS);
    if (this.wanted !== null) {
      this.exactly.showed(); // what is on its way is told already
      return;
    }
    if (FRAMES.exact && this.exactly.showedLate()) return;
    if (!FRAMES.exact && this.video.paused) return; // what was asked for; the table is only a guess
    this.at(timeS, this.shown);
    if (this.looping && this.playing) this.loopBack();
  }

  at(timeS, frame) {
    if (frame === this.frame && Math.abs(timeS - this.timeS) < 1e-6) return;
    this.timeS = timeS;
    this.frame = frame;
    tell("time", "frame");
  }

  seeked() {
    if (this.wanted === null) return;
    if (this.asked !== this.wanted) this.ask(this.wanted); // keys were pressed meanwhile
    else this.exactly.seeked();
  }

  ask(frame) {
    this.asked = frame;
    this.exactly.start(frame);
    this.video.currentTime = Math.max(0, FRAMES.insideOf(frame) + this.originS);
  }

  /** The frame that was asked for is on screen, or no other way to it is known. */
  arrived() {
    this.wanted = null;
  }

  /** Shows a frame. Its time is told at once, the picture follows. */
  seekTo(frame) {
    const target = Math.min(Math.max(frame, this.firstFrame()), Math.max(FRAMES.last, 0));
    if (this.ready && this.knowsOrigin) {
      const busy = this.wanted !== null && this.video.seeking;
      this.wanted = target;
      if (!busy) this.ask(target);
    }
    this.at(FRAMES.timeOf(target), target);
  }

  firstFrame() {
    return this.ready ? 0 : Math.max(0, FRAMES.first);
  }

  seekToTime(timeS) {
    this.seekTo(FRAMES.frameAt(timeS));
  }

  step(frames) {
    this.video.pause();
    this.seekTo(this.frame + frames);
  }

  toggle() {
    if (!this.ready) return;
    if (this.exactly.creeping) {
      this.exactly.stop();
      this.arrived();
    }
    if (this.video.paused || this.video.ended) this.play();
    else this.video.pause();
  }

  play() {
    if (!this.ready) return;
    if (this.looping) this.loopBack();
    this.video.play().catch(() => {}); // a page that may not play yet says so by staying still
  }

  /** Begin and end of the loop, s; null without a change to loop around. */
  loopSpan() {
    if (SELECTION.chosen < 0) return null;
    const at = CHANGES.timeS[SELECTION.chosen];
    return [Math.max(at - LOOP_BEFORE_S, 0), at + LOOP_AFTER_S];
  }

  loopBack() {
    const span = this.loopSpan();
    if (span && (this.timeS >= span[1] || this.timeS < span[0] - FRAMES.frameS)) this.seekToTime(span[0]);
  }

  setLooping(looping) {
    this.looping = looping;
    if (looping && SELECTION.chosen < 0) SELECTION.go(1, this.timeS);
    tell("time", "state");
  }
}

const PLAYER = new Player(byId("video"));
