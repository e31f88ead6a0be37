// The boxes above the text: what is the matter, where the draft comes from, what was saved, what came late.
//
// In: a `State`. Out: at most a few boxes, the most pressing first, each drawn anew only when its words change. What is
// wrong says what to do. Not done here: offers beside a section (section-view.ts).

import { CATALOGUES, type Language } from './catalogue';
import { button, type Child, draw, el } from './dom';
import { mark, TONES, type Tone } from './marks';
import { type Headline, headline, lateDraft, undecided } from './questions';
import type { Shown } from './state';
import * as time from './time';
import type { Stage } from './view';

type Words = readonly [string, string];

interface Box {
  readonly tone: Tone;
  readonly words: Words;
  readonly button?: 'again' | 'amend' | 'save' | 'discard';
}

export class Messages {
  readonly root = el('div', { class: 'messages' });

  constructor(private readonly stage: Stage) {}

  draw(state: Shown): void {
    const boxes = messages(state, this.stage.language);
    this.root.hidden = boxes.length === 0;
    draw(this.root, boxes, () => boxes.map((box) => this.#box(box)));
  }

  #box({ tone, words: [what, todo], button: key }: Box): Child {
    const { language, act } = this.stage;
    const words = CATALOGUES[language];
    const buttons = {
      again: () => button(words.again, () => act({ kind: 'again', area: '', wish: '' }), { 'data-focus': 'again' }),
      amend: () => button(words.amend, () => act({ kind: 'amend_began' }), { 'data-focus': 'amend' }),
      save: () => button(words.save, () => act({ kind: 'save' }), { 'data-focus': 'save' }),
      discard: () =>
        el(
          'span',
          {},
          button(words.erase, () => act({ kind: 'discard' }), { 'data-focus': 'erase' }),
          button(words.keepCall, () => act({ kind: 'objection_withdrawn' }), { 'data-focus': 'keep' }),
        ),
    };
    return el(
      'div',
      { class: `box ${tone}`, role: tone === 'bad' ? 'alert' : null },
      tone === 'quiet' ? null : mark(tone),
      el('div', {}, el('strong', {}, what), el('span', {}, todo), key !== undefined && el('div', {}, buttons[key]())),
    );
  }
}

/** Which boxes stand there, in order. */
export const messages = (state: Shown, language: Language): readonly Box[] =>
  [
    objection(state, language),
    trouble(state, headline(state), language),
    saving(state, language),
    saved(state, language),
    late(state, language),
    draft(state, language),
  ].filter((box) => box !== null);

const objection = ({ asked }: Shown, language: Language): Box | null => {
  const words = CATALOGUES[language];
  if (asked === 'objection') return { tone: 'warn', words: words.reallyErase, button: 'discard' };
  if (asked === 'discard') return { tone: 'quiet', words: words.erasing };
  return asked === 'discard_failed' ? { tone: 'bad', words: words.notErased, button: 'discard' } : null;
};

const trouble = (state: Shown, first: Headline, language: Language): Box | null => {
  const words = CATALOGUES[language].trouble[first];
  // A draft that is there needs no excuse for the text that is still on its way.
  if (words === undefined || (first === 'transcribing' && state.draft !== null)) return null;
  return { tone: TONES[first], words };
};

const saving = (state: Shown, language: Language): Box | null => {
  const words = CATALOGUES[language];
  if (state.saving.kind === 'failed') {
    return { tone: 'bad', words: [words.saveFailed, words.saveProblem[state.saving.problem]] };
  }
  if (undecided(state).length === 0) return null;
  return state.saving.kind === 'choose_first'
    ? { tone: 'bad', words: words.chooseFirst }
    : { tone: 'warn', words: words.elsewhere };
};

const saved = (state: Shown, language: Language): Box | null => {
  const words = CATALOGUES[language];
  const { note, draft } = state;
  if (note === null) return null;
  if (state.mode === 'writing') {
    const changed = state.sections.some(({ id, text }) => text !== (note.sections[id] ?? ''));
    return changed && undecided(state).length === 0 && state.saving.kind !== 'failed'
      ? { tone: 'warn', words: words.unsavedCorrection }
      : null;
  }
  const facts = [
    note.correctionMs === null ? null : words.correctionTime(time.length(note.correctionMs)),
    draft?.wholeMs == null ? null : words.draftCame(time.seconds(draft.wholeMs, words.decimalMark)),
  ].filter((part) => part !== null);
  return { tone: 'done', words: [words.noteSaved, facts.join(' · ')] };
};

const late = (state: Shown, language: Language): Box | null => {
  const words = CATALOGUES[language];
  if (lateDraft(state)) {
    return state.mode === 'reading' ? { tone: 'warn', words: words.late, button: 'amend' } : null;
  }
  // A draft that is on its way knows of it already.
  return state.late === 0 || state.draft?.state === 'streaming'
    ? null
    : { tone: 'warn', words: words.lateText(state.late, state.note !== null), button: 'again' };
};

const draft = (state: Shown, language: Language): Box | null => {
  const words = CATALOGUES[language];
  const { draft, note, mode } = state;
  if (draft === null || state.summary.state === 'discarded') return null;
  if (draft.state === 'streaming') return { tone: 'quiet', words: words.draftComing };
  if (mode === 'reading' || note !== null) return null;
  if (draft.state === 'failed') return { tone: 'bad', words: words.draftFailed[draft.failure ?? 'drafter_failed'] };
  if (draft.state !== 'ready') return null;
  switch (draft.origin?.kind) {
    case 'llm': {
      const { model, reported, trouble } = draft.origin;
      const [what, who] = words.draftByModel(reported === '' || reported === model ? model : `${model} (${reported})`);
      if (trouble === null) return { tone: 'quiet', words: [what, who] };
      return { tone: 'warn', words: [what, `${words.draftTrouble[trouble]} ${words.draftFilled}`] };
    }
    case 'scripted':
      return { tone: 'warn', words: words.draftByScript };
    case 'embedded': {
      const why = draft.origin.trouble === null ? '' : `${words.draftTrouble[draft.origin.trouble]} `;
      return { tone: 'warn', words: [words.draftWithoutModel, why + words.draftPicked] };
    }
    default:
      return null;
  }
};
