// What was said, by speaker and in order of time; what is missing stands in its place, with the reason.
//
// In: a `State`. Out: one element a line, kept for as long as the line is there. While the person looks at the end, the
// end stays in view; who scrolled up, or searches, is left alone. Texts that were not believed are shown only when asked for.

import { CATALOGUES } from './catalogue';
import { button, draw, el, keyed, say } from './dom';
import { labelled } from './hint';
import { mark } from './marks';
import { visible } from './plain';
import { hungUp } from './questions';
import { quoted } from './quote';
import type { Hit } from './search';
import type { SearchView } from './search-view';
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
  readonly #searching = el('div', { class: 'searching' });
  /** The field, once somebody searched. */
  #search: SearchView | null = null;
  readonly #leftSearch: () => void;
  #suppressed: readonly Suppressed[] | null = null;
  #state: Shown | null = null;
  #place: { readonly wide: boolean; readonly scrolled: HTMLElement } | null = null;

  /** `left` hears that the search was left. */
  constructor(stage: Stage, left: () => void) {
    this.#stage = stage;
    this.#leftSearch = left;
    const search = button(CATALOGUES[stage.language].search, () => void this.search(), { class: 'plain' });
    this.#searching.append(labelled(search, 'search'));
    this.#empty = el('p', { class: 'empty' }, CATALOGUES[stage.language].nothingSaid);
    this.root = el(
      'details',
      { class: 'transcript' },
      this.#summary,
      this.#empty,
      this.#lines,
      this.#left,
      this.#searching,
    );
    this.#summary.addEventListener('click', (event) => {
      event.preventDefault();
      stage.act({ kind: 'transcript_turned', open: !this.root.open });
    });
  }

  get isOpen(): boolean {
    return this.root.open;
  }

  /** Into the field of the search; the transcript must be open. */
  async search(): Promise<void> {
    if (this.#searching.hidden) return;
    if (this.#search === null) {
      const more = await this.#stage.more.get();
      if (more === null) return;
      this.#search ??= new more.SearchView(this.#stage, () => this.#searched(), this.#leftSearch);
      this.#searching.replaceChildren(this.#search.root);
      this.#searched();
    }
    this.#search.focus();
  }

  focus(): void {
    this.#summary.focus();
  }

  /** The texts that were asked for, or null to forget them. */
  set suppressed(texts: readonly Suppressed[] | null) {
    this.#suppressed = texts;
  }

  draw(state: Shown, wide: boolean, scrolled: HTMLElement): void {
    [this.#state, this.#place] = [state, { wide, scrolled }];
    const words = CATALOGUES[this.#stage.language];
    const live = !hungUp(state.summary);
    const open = state.transcript === 'by_itself' ? live || wide : state.transcript === 'open';
    if (this.root.open !== open) this.root.open = open;
    say(this.#summary, words.transcript(state.utterances.length));
    const all = lines(state);
    this.#searching.hidden = all.length === 0;
    const found = open && this.#search !== null ? this.#search.draw(all) : [];
    const hits = new Map<string, Hit[]>();
    for (const hit of found) hits.set(hit.key, [...(hits.get(hit.key) ?? []), hit]);
    this.#empty.hidden = all.length > 0;
    const scroller = wide ? this.root : scrolled;
    const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_THE_END_PX;
    keyed(
      this.#lines,
      all,
      (line) => {
        const uncertain = line.kind === 'said' ? line.uncertain.join() : '';
        const marked = (hits.get(line.key) ?? []).map((hit) => `${hit.start}${this.#isCurrent(hit) ? '!' : ''}`).join();
        const searched = marked === '' ? '' : ` ${marked} ${this.#search?.current?.end}`;
        return line.kind === 'coming' ? line.key : `${line.key} ${this.#stage.language} ${uncertain}${searched}`;
      },
      (line) => this.#line(line, hits.get(line.key) ?? []),
    );
    for (const line of all) if (line.kind === 'coming') this.#grow(line.key, line.text);
    this.#drawLeftOut(state);
    if (live && atEnd && this.#search?.isOn !== true) scroller.scrollTop = scroller.scrollHeight;
  }

  #isCurrent({ key, start }: Hit): boolean {
    const current = this.#search?.current;
    return current?.key === key && current.start === start;
  }

  #searched(): void {
    if (this.#state === null || this.#place === null) return;
    this.draw(this.#state, this.#place.wide, this.#place.scrolled);
    this.#lines.querySelector('mark.here')?.scrollIntoView({ block: 'center' });
  }

  #line(line: Line, hits: readonly Hit[]): HTMLElement {
    const words = CATALOGUES[this.#stage.language];
    const from = time.intoCall(line.startMs);
    if (line.kind === 'said' || line.kind === 'coming') {
      const who = `${words.speaker[line.track]} ${from}`;
      if (line.kind === 'coming') {
        return el(
          'p',
          { class: `turn ${line.track}` },
          el('b', {}, who),
          el('span', { class: 'coming' }, visible(line.text)),
        );
      }
      return el(
        'p',
        { class: `turn ${line.track}${line.echo ? ' echo' : ''}` },
        el('b', {}, who),
        el(
          'span',
          {},
          ...quoted(
            line.text,
            line.uncertain,
            this.#stage.language,
            [],
            hits.map((hit) => ({ ...hit, isCurrent: this.#isCurrent(hit) })),
          ),
        ),
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
    if (span !== null) say(span, visible(text));
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
                el('span', {}, text === '' ? '' : `»${visible(text)}« `),
                el('i', {}, words.suppressedReason[reason]),
              ),
            ),
          ),
    ]);
  }
}
