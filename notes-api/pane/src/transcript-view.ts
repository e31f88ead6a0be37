// What was said, by speaker and in order of time; what is missing stands in its place, with the reason.
//
// In: a `State`. Out: one element a line, kept for as long as the line is there. While the person looks at the end, the
// end stays in view; who scrolled up is left alone. Texts that were not believed are shown only when asked for.

import { CATALOGUES } from './catalogue';
import { button, draw, el, keyed, say } from './dom';
import { mark } from './marks';
import { hungUp } from './questions';
import { quoted } from './quote';
import type { Shown } from './state';
import * as time from './time';
import { type Line, lines } from './transcript';
import type { Stage } from './view';
import type { Suppressed } from './wire';

const NEAR_THE_END_PX = 64;

export class TranscriptView {
  readonly root: HTMLDetailsElement;
  readonly #stage: Stage;
  readonly #summary = el('summary');
  readonly #empty: HTMLElement;
  readonly #lines = el('div', { class: 'lines', role: 'log', 'aria-live': 'off' });
  readonly #left = el('div', { class: 'left-out' });
  #suppressed: readonly Suppressed[] | null = null;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#empty = el('p', { class: 'empty' }, CATALOGUES[stage.language].nothingSaid);
    this.root = el('details', { class: 'transcript' }, this.#summary, this.#empty, this.#lines, this.#left);
    this.#summary.addEventListener('click', (event) => {
      event.preventDefault();
      stage.act({ kind: 'transcript_turned', open: !this.root.open });
    });
  }

  /** The texts that were asked for, or null to forget them. */
  set suppressed(texts: readonly Suppressed[] | null) {
    this.#suppressed = texts;
  }

  draw(state: Shown, wide: boolean, scrolled: HTMLElement): void {
    const words = CATALOGUES[this.#stage.language];
    const live = !hungUp(state.summary);
    const open = state.transcript === 'by_itself' ? live || wide : state.transcript === 'open';
    if (this.root.open !== open) this.root.open = open;
    say(this.#summary, words.transcript(state.utterances.length));
    const all = lines(state);
    this.#empty.hidden = all.length > 0;
    const scroller = wide ? this.root : scrolled;
    const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_THE_END_PX;
    keyed(
      this.#lines,
      all,
      (line) => {
        const uncertain = line.kind === 'said' ? line.uncertain.join() : '';
        return line.kind === 'coming' ? line.key : `${line.key} ${this.#stage.language} ${uncertain}`;
      },
      (line) => this.#line(line),
    );
    for (const line of all) if (line.kind === 'coming') this.#grow(line.key, line.text);
    this.#drawLeftOut(state);
    if (live && atEnd) scroller.scrollTop = scroller.scrollHeight;
  }

  #line(line: Line): HTMLElement {
    const words = CATALOGUES[this.#stage.language];
    const from = time.intoCall(line.startMs);
    if (line.kind === 'said' || line.kind === 'coming') {
      const who = `${words.speaker[line.track]} ${from}`;
      if (line.kind === 'coming') {
        return el('p', { class: `turn ${line.track}` }, el('b', {}, who), el('span', { class: 'coming' }, line.text));
      }
      return el(
        'p',
        { class: `turn ${line.track}${line.echo ? ' echo' : ''}` },
        el('b', {}, who),
        el('span', {}, ...quoted(line.text, line.uncertain, this.#stage.language)),
        line.echo && el('i', {}, words.echo),
      );
    }
    const to = time.intoCall(line.endMs);
    const [what, why] =
      line.kind === 'gap'
        ? [words.missing(line.track, from, to), words.gapReason[line.reason]]
        : [words.untranscribed(line.track, from, to), words.notTranscribedReason[line.reason]];
    return el('p', { class: 'hole' }, mark('warn'), el('span', {}, `${what}: ${why}`));
  }

  #grow(key: string, text: string): void {
    const span = this.#lines.querySelector(`[data-key="${key}"] .coming`);
    if (span !== null) say(span, text);
  }

  #drawLeftOut(state: Shown): void {
    const words = CATALOGUES[this.#stage.language];
    this.#left.hidden = state.suppressed === 0;
    draw(this.#left, [state.suppressed, this.#suppressed], () => [
      el('p', {}, words.suppressed(state.suppressed)),
      this.#suppressed === null
        ? button(words.show, () => this.#stage.act({ kind: 'suppressed_asked' }), { class: 'plain' })
        : el(
            'ul',
            {},
            ...this.#suppressed.map(({ track, startMs, reason, text }) =>
              el(
                'li',
                {},
                el('b', {}, `${words.speaker[track]} ${time.intoCall(startMs)}`),
                el('span', {}, text === '' ? '' : `»${text}« `),
                el('i', {}, words.suppressedReason[reason]),
              ),
            ),
          ),
    ]);
  }
}
