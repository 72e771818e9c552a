// Showing exactly the frame that was asked for. Browsers choose the frame to show after a seek by the
// lengths that the container declares, and in files of variable frame rate whose frames are stored in
// another order than they are shown (B-frames) these are wrong: an earlier frame is shown. While it
// plays, a browser goes by the frames' own times; so the way from there is played, slowly and mute.

const UNTOLD_MS = 250; // a picture that has not been told of by then is the one that was there
const PAUSED_MS = 120; // so late a browser may still show the frame after the one it was paused at
const CREEP_FRAMES = 8;
const CREEP_MEDIA_MS = 500; // what is played at most: the longest way that is crept, and its start
// Slower each time: a busy machine goes past the frame before it can be told to stop.
const CREEP_RATES = [0.125, 0.1, 0.0625]; // browsers play no slower, the last is tried again
const TRIES = 10; // of creeping, and of going back to creep anew

class ExactSeek {
  constructor(player) {
    this.player = player;
    this.creeping = false;
    this.settling = false; // paused after creeping, until it is sure which frame stays
    this.timer = 0;
    this.creeps = 0;
    this.returns = 0;
    this.frame = -1;
  }

  /** A seek to a frame begins. */
  start(frame) {
    this.stop();
    this.settling = false;
    this.creeps = 0;
    this.returns = 0;
    this.frame = frame;
    this.before = this.player.shown;
    this.player.shown = -1;
  }

  seeked() {
    const { player } = this;
    if (this.creeping) return;
    const checked = FRAMES.exact && player.video.paused && "requestVideoFrameCallback" in player.video;
    if (!checked) this.release();
    if (!checked || player.shown === this.frame) player.arrived();
    else if (player.shown >= 0) this.correct();
    else {
      this.timer = setTimeout(() => {
        player.shown = this.before;
        if (player.shown === this.frame) player.arrived();
        else this.correct();
      }, UNTOLD_MS);
    }
  }

  /** A picture came on screen while one was wanted. */
  showed() {
    const { player } = this;
    if (this.creeping) {
      if (player.shown >= this.frame) this.settle();
    } else if (!player.video.seeking && !this.settling) {
      clearTimeout(this.timer);
      if (player.asked === player.wanted) this.seeked();
    }
  }

  /** Stops, and waits until it is sure which frame stays. */
  settle() {
    this.stop();
    this.settling = true;
    this.timer = setTimeout(() => {
      this.settling = false;
      if (this.player.shown === this.frame) this.player.arrived();
      else this.correct();
    }, PAUSED_MS);
  }

  /** A picture came on screen although none was wanted: a busy browser may show the frame after
   * the one it was paused at as late as that. */
  showedLate() {
    const { player } = this;
    if (this.frame < 0 || !player.video.paused || player.shown === this.frame) return false;
    if (this.tried) return false;
    player.wanted = this.frame;
    this.correct();
    return true;
  }

  /** The person plays: it is not the frame asked for any more that is to be shown. */
  release() {
    this.frame = -1;
  }

  get tried() {
    return Math.max(this.creeps, this.returns) >= TRIES;
  }

  correct() {
    const { player } = this;
    clearTimeout(this.timer);
    const away = this.frame - player.shown;
    if (this.tried) player.arrived();
    else if (player.shown >= 0 && away > 0 && away <= CREEP_FRAMES) this.creep();
    else {
      player.shown = -1;
      this.returns += 1;
      const start = Math.max(this.frame - 1 - this.returns, 0);
      player.video.currentTime = Math.max(0, FRAMES.timeOf(start) + player.originS);
    }
  }

  creep() {
    const { video } = this.player;
    this.kept = { rate: video.playbackRate, muted: video.muted };
    this.creeping = true;
    video.muted = true;
    const rate = CREEP_RATES[Math.min(this.creeps, CREEP_RATES.length - 1)];
    video.playbackRate = rate;
    this.creeps += 1;
    video.play().catch(() => {});
    this.timer = setTimeout(() => this.settle(), CREEP_MEDIA_MS / rate);
  }

  /** The person's speed; while it creeps, the one to go back to. */
  setRate(rate) {
    if (this.creeping) this.kept.rate = rate;
    else this.player.video.playbackRate = rate;
  }

  stop() {
    clearTimeout(this.timer);
    if (!this.creeping) return;
    const { video } = this.player;
    video.pause();
    video.playbackRate = this.kept.rate;
    video.muted = this.kept.muted;
    this.creeping = false;
  }
}
