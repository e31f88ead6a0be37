// Made-up people at made-up drafts, with what is true about them: one JSON line a session, for the server's count to be held
// against. `node dist-test/sessions.mjs COUNT SEED`.
//
// What is true is taken from each single thing that the person did, by the definition and nothing else. What the server gets goes
// through the page's own activity.ts: over a network that is slow, breaks and comes again, from PCs that sleep and clocks that are
// set.

import { Activity, type Run } from '../src/activity';

const [COUNT = 1, SEED = 1] = process.argv.slice(2).map(Number);
const CUT_OFFS_S = [5, 15, 30, 60];
const EVERY_MS = 10_000;
/** The server's clock when the draft was shown. */
const NOON = 1_800_000_000_000;

/** Mulberry32: small, and the same numbers everywhere. */
const chance = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

interface Batch {
  readonly page: string;
  readonly number: number;
  readonly clock_ms: number;
  readonly came_ms: number;
  readonly stretches: readonly { readonly from_ms: number; readonly to_ms: number; readonly left: boolean }[];
}

class Session {
  /** True time since the draft was shown, milliseconds. */
  #now = 0;
  /** How far the wall's clock was set. */
  #set = 0;
  #slept = 0;
  #netDownUntil = 0;
  readonly #random: () => number;
  readonly #pages: Page[] = [];
  readonly #deeds: { at: number; kind: 'done' | 'left' }[] = [];
  readonly batches: Batch[] = [];

  constructor(random: () => number) {
    this.#random = random;
    this.#pages.push(new Page(this.#clocks(-this.#between(0, 600_000))));
  }

  #clocks(loadedAt: number) {
    const sleptBefore = this.#slept;
    return {
      now: (): number => this.#now - loadedAt - (this.#slept - sleptBefore),
      wall: (): number => NOON + this.#now + this.#set,
    };
  }

  #between(least: number, most: number): number {
    return least + this.#random() * (most - least);
  }

  #likely(share: number): boolean {
    return this.#random() < share;
  }

  /** Time goes on; awake pages send what is due. */
  #pass(ms: number): void {
    const until = this.#now + ms;
    while (this.#now < until) {
      this.#now = Math.min(until, this.#now + 1_000);
      for (const page of this.#pages) if (this.#now - page.sentAt >= EVERY_MS) this.#send(page);
    }
  }

  /** On its way it takes 10 to 300 ms, in one of fifty times some seconds, or it never comes, or its answer does not. */
  #send(page: Page): void {
    page.sentAt = this.#now;
    for (const _ of [0, 1]) {
      if (page.unsent === null && (page.activity.isNew || page.number === 0))
        page.unsent = { number: ++page.number, ...page.activity.take() };
      if (page.unsent === null) return;
      if (this.#now < this.#netDownUntil) return;
      const late = this.#likely(0.02) ? this.#between(300, 4_000) : this.#between(10, 300);
      const { number, run, stretches } = page.unsent;
      const told = stretches.map(({ from, to, left }) => ({ from_ms: from, to_ms: to, left }));
      const name = `${page.name}, run ${run}`;
      const isRepeat = this.batches.some((batch) => batch.page === name && batch.number === number);
      if (!isRepeat) {
        const came_ms = NOON + Math.round(this.#now + late);
        this.batches.push({ page: name, number, clock_ms: page.activity.clock, came_ms, stretches: told });
      }
      if (this.#likely(0.03)) return;
      page.unsent = null;
    }
  }

  #do(page: Page): void {
    page.activity.done();
    this.#deeds.push({ at: this.#now, kind: 'done' });
  }

  #leave(page: Page): void {
    page.activity.left();
    this.#deeds.push({ at: this.#now, kind: 'left' });
  }

  #return(page: Page): void {
    page.activity.back();
    this.#deeds.push({ at: this.#now, kind: 'done' });
  }

  live(): { shown_ms: number; saved_ms: number; batches: readonly Batch[]; true_ms: readonly number[] } {
    let [page] = this.#pages as [Page];
    this.#pass(this.#between(0, 45_000));
    const phases = Math.floor(this.#between(2, 14));
    for (let phase = 0; phase < phases; phase += 1) {
      const kind = this.#random();
      if (kind < 0.45) {
        for (const until = this.#now + this.#between(1_000, 30_000); this.#now < until; ) {
          this.#do(page);
          this.#pass(this.#between(60, 900));
        }
      } else if (kind < 0.65) {
        this.#pass(this.#between(1_000, 90_000));
      } else if (kind < 0.8) {
        this.#leave(page);
        this.#pass(this.#between(1_000, 120_000));
        this.#return(page);
      } else if (kind < 0.88) {
        this.#leave(page);
        this.#pass(this.#between(50, 2_000));
        const other = this.#pages.find((one) => one !== page) ?? new Page(this.#clocks(this.#now), this.#pages.length);
        if (!this.#pages.includes(other)) this.#pages.push(other);
        else this.#return(other);
        page = other;
        this.#do(page);
      } else if (kind < 0.93) {
        // Asleep nothing is sent, and the clock that only goes forward stands still on half of the PCs.
        this.#pass(this.#between(0, 3_000));
        const ms = this.#between(90_000, 3_600_000);
        this.#now += ms;
        if (this.#likely(0.5)) this.#slept += ms;
      } else if (kind < 0.97) {
        this.#set += this.#between(-3_600_000, 3_600_000);
      } else {
        this.#netDownUntil = this.#now + this.#between(1_000, 60_000);
      }
    }
    this.#do(page);
    this.#netDownUntil = 0;
    for (const one of this.#pages) for (const _ of [0, 1]) this.#send(one);
    return { shown_ms: NOON, saved_ms: NOON + Math.round(this.#now), batches: this.batches, true_ms: this.#true() };
  }

  /** By the definition, from each single thing that was done. */
  #true(): readonly number[] {
    return CUT_OFFS_S.map((cutOff) => {
      let [active, last, hasLeft] = [0, 0, false];
      for (const [index, { at, kind }] of this.#deeds.entries()) {
        const gap = at - last;
        if (index === 0) active += Math.min(gap, 30_000);
        else if (!hasLeft && gap <= cutOff * 1_000) active += gap;
        [last, hasLeft] = [at, kind === 'left'];
      }
      return Math.round(active);
    });
  }
}

class Page {
  readonly activity: Activity;
  readonly name: string;
  number = 0;
  sentAt = Number.NEGATIVE_INFINITY;
  unsent: (Run & { readonly number: number }) | null = null;

  constructor(clocks: ConstructorParameters<typeof Activity>[0], index = 0) {
    this.activity = new Activity(clocks);
    this.name = `page ${index}`;
  }
}

for (let at = 0; at < COUNT; at += 1) {
  process.stdout.write(`${JSON.stringify(new Session(chance(SEED * 1_000_003 + at)).live())}\n`);
}
