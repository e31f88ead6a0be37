// The head of a call: which case, what is true now, what is to be looked at, and how loud both sides are.
//
// In: a `State`. Out: one element. Not done here: no deciding what is true (questions.ts).

import { CATALOGUES, type Language } from './catalogue';
import { counted } from './checks';
import { draw, el, say, set } from './dom';
import { mark, TONES } from './marks';
import { within } from './plain';
import { type Headline, headline, hungUp } from './questions';
import type { Shown } from './state';
import * as time from './time';

export class HeadView {
  readonly root: HTMLElement;
  readonly #language: Language;
  readonly #title = el('h1');
  readonly #facts = el('p', { class: 'facts' });
  readonly #shape = el('span', { class: 'shape' });
  readonly #headline = el('strong', { role: 'status' });
  readonly #beside = el('small');
  readonly #state: HTMLElement;
  readonly #counts = el('p', { class: 'counts' });
  readonly #levels: Levels;

  constructor(language: Language) {
    this.#language = language;
    this.#levels = new Levels(language);
    this.#state = el('div', { class: 'state' }, this.#shape, this.#headline, this.#beside);
    this.root = el('header', {}, this.#title, this.#facts, this.#state, this.#counts, this.#levels.root);
  }

  draw(state: Shown): void {
    const language = this.#language;
    const first = headline(state);
    const tone = TONES[first];
    say(this.#title, title(state, language));
    say(this.#facts, facts(state, language));
    set(this.#state, 'data-tone', tone);
    draw(this.#shape, tone, () => [mark(tone)]);
    say(this.#headline, CATALOGUES[language].headline[first]);
    say(this.#beside, beside(state, first, language));
    const count = counts(state, language);
    this.#counts.hidden = count === '';
    say(this.#counts, count);
    this.#levels.draw(state);
  }
}

/** The loudness of both tracks, while somebody listens. */
class Levels {
  readonly root = el('div', { class: 'levels' });
  readonly #bars: readonly { readonly outer: HTMLElement; readonly inner: HTMLElement }[];

  constructor(language: Language) {
    const words = CATALOGUES[language];
    this.#bars = [words.microphone, words.citizen].map((who) => {
      const inner = el('i');
      const attributes = { class: 'bar', role: 'meter', 'aria-label': words.level(who), 'aria-valuemax': 100 };
      const outer = el('span', { ...attributes, 'aria-valuemin': 0 }, inner);
      this.root.append(el('span', {}, who), outer);
      return { outer, inner };
    });
  }

  draw({ agent }: Shown): void {
    this.root.hidden = agent === null;
    if (agent === null) return;
    for (const [index, level] of [agent.nearLevel, agent.farLevel].entries()) {
      const percent = loudness(level);
      const bar = this.#bars[index];
      if (bar === undefined) continue;
      set(bar.outer, 'aria-valuenow', percent);
      bar.inner.style.width = `${percent}%`;
    }
  }
}

/** Peaks are heard by their ratios: 1000 is full, a thousandth (60 dB less) is nothing. */
export const loudness = (permille: number): number =>
  permille <= 1 ? 0 : Math.round(Math.min(100, (Math.log10(permille) / 3) * 100));

const title = ({ summary }: Shown, language: Language): string => {
  const area = within(summary.area.charAt(0).toUpperCase() + summary.area.slice(1));
  return summary.caseId === null ? area : `${area} · ${CATALOGUES[language].caseNumber(within(summary.caseId))}`;
};

const facts = (state: Shown, language: Language): string => {
  const words = CATALOGUES[language];
  const { summary, draft } = state;
  if (!hungUp(summary)) {
    return `${words.direction[summary.direction]} · ${time.intoCall(state.now - summary.startedMs)}`;
  }
  const ended = summary.endedMs ?? summary.startedMs + (summary.durationMs ?? 0);
  const whole = draft?.state === 'ready' ? draft.wholeMs : null;
  return [
    words.callEnded(time.clock(ended, summary.offsetS)),
    summary.durationMs === null ? null : time.intoCall(summary.durationMs),
    whole === null ? null : words.draftAfter(time.seconds(whole, words.decimalMark)),
  ]
    .filter((part) => part !== null)
    .join(' · ');
};

/** What is to be looked at, below the state. */
const counts = (state: Shown, language: Language): string => {
  const words = CATALOGUES[language];
  const count = counted(state);
  if (count === null) return '';
  return [
    count.doubts > 0 && words.doubts(count.doubts),
    count.toConfirm > 0 && words.toConfirm(count.toConfirm),
    count.missing > 0 && words.maybeMissing(count.missing),
  ]
    .filter((part) => part !== false)
    .join(' · ');
};

/** What stands small beside the state. */
const beside = (state: Shown, first: Headline, language: Language): string => {
  const words = CATALOGUES[language];
  const { summary, draft, note, agent } = state;
  switch (first) {
    case 'drafting':
    case 'transcribing': {
      const since = state.hungUpAt ?? summary.endedMs;
      return since === null ? '' : `${time.seconds(state.now - since, words.decimalMark)} s`;
    }
    case 'text_behind':
      return summary.reason === null || !/^[1-9]\d*$/.test(summary.reason) ? '' : words.behind(summary.reason);
    case 'draft_ready':
      if (draft?.provisional === true) return words.provisional;
      return draft?.origin?.kind === 'embedded' ? words.withoutModel : '';
    case 'saved':
    case 'amending':
      return note === null ? '' : words.version(note.version);
    default:
      return agent === null || agent.state !== first || state.agentSince === null || first === 'listening'
        ? ''
        : words.since(time.intoCall(state.agentSince - summary.startedMs));
  }
};
