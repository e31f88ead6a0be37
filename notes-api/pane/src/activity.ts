// When a person is at a call, and never what they do: what the correction time is counted from.
//
// In: that something was done (a key, a pointer, a scroll), and that the person left or came back. Out: stretches on a clock
// that only goes forward, to be sent.
//
// Promised:
//   A1  A stretch bridges no pause of more than JOINED_MS; what lies between stretches is the server's to judge.
//   A2  Nothing counts while the page is out of sight or not in use.
//   A3  After the PC slept, or its clock was set, another run begins: how the clocks stand has to be found out anew, and only
//       the server can, because a clock that stood still looks like another that was set.
//   A4  What was not taken yet is kept, MOST stretches of it; beyond that pauses are bridged, the oldest first.
// Not done here: nothing is sent (attendance.ts), nothing is counted (the server).

/** Milliseconds since the page was loaded. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** The person left at `to`. */
  readonly left: boolean;
}

/** Stretches between which the clock went on evenly. */
export interface Run {
  /** 0, 1, … */
  readonly run: number;
  readonly stretches: readonly Stretch[];
}

/** `now` only goes forward and may stand still while the PC sleeps; `wall` goes on, and may be set. */
export interface Clocks {
  now(): number;
  wall(): number;
}

const JOINED_MS = 1_000;
/** The two clocks never differ by this much from one moment to the next, unless the PC slept or its clock was set. */
const UNEVEN_MS = 2_000;
const MOST = 500;

export class Activity {
  readonly #clocks: Clocks;
  /** Of runs that are over, whatever was not taken. */
  #before: Run[] = [];
  #run = 0;
  #done: Stretch[] = [];
  /** The one that goes on. */
  #open: Stretch | null = null;
  /** The same, as it was taken last. */
  #told: Stretch | null = null;
  #isHere = true;
  #apart: number;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#apart = clocks.wall() - clocks.now();
  }

  /** Something was done. */
  done(): void {
    if (this.#isHere) this.#at(this.#clocks.now());
  }

  /** The page went out of sight or is not in use any more. */
  left(): void {
    if (!this.#isHere) return;
    this.#at(this.#clocks.now());
    this.#close(true);
    this.#isHere = false;
  }

  back(): void {
    if (this.#isHere) return;
    this.#isHere = true;
    this.#at(this.#clocks.now());
  }

  /** The clock of the stretches, now. */
  get clock(): number {
    return Math.ceil(this.#clocks.now());
  }

  /** Whether there is anything that was not taken. */
  get isNew(): boolean {
    return this.#before.length > 0 || this.#done.length > 0 || this.#open !== this.#told;
  }

  /**
   * Everything of the oldest run that was not taken; a stretch that goes on is told as far as it went, and goes on from there.
   */
  take(): Run {
    const before = this.#before.shift();
    if (before !== undefined) return { ...before, stretches: before.stretches.map(whole) };
    const stretches = this.#open === null ? this.#done : [...this.#done, this.#open];
    if (this.#open !== null) this.#open = { from: this.#open.to, to: this.#open.to, left: false };
    this.#told = this.#open;
    this.#done = [];
    return { run: this.#run, stretches: stretches.map(whole) };
  }

  #at(now: number): void {
    const apart = this.#clocks.wall() - now;
    if (Math.abs(apart - this.#apart) > UNEVEN_MS) this.#nextRun();
    this.#apart = apart;
    if (this.#open !== null && now - this.#open.to <= JOINED_MS) this.#open = { ...this.#open, to: now };
    else {
      this.#close(false);
      this.#open = { from: now, to: now, left: false };
    }
  }

  #close(left: boolean): void {
    if (this.#open === null) return;
    if (this.#open !== this.#told || left) this.#done.push({ ...this.#open, left });
    [this.#open, this.#told] = [null, null];
    const [first, second] = this.#done;
    if (this.#done.length > MOST && first !== undefined && second !== undefined) {
      this.#done.splice(0, 2, { from: first.from, to: second.to, left: second.left });
    }
  }

  #nextRun(): void {
    this.#close(false);
    if (this.#done.length > 0) this.#before.push({ run: this.#run, stretches: this.#done });
    // A PC that is put to sleep a hundred times without a network is not worth more.
    if (this.#before.length > MOST) this.#before.shift();
    this.#done = [];
    this.#run += 1;
  }
}

const whole = ({ from, to, left }: Stretch): Stretch => ({ from: Math.floor(from), to: Math.floor(to), left });
