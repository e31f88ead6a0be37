// The wrong case: a note must not land on a case that nobody looked at.
//
// In: the call's case, the one that the host has open, and the numbers that the host says it has. Out: before the save, a box
// that says what speaks against it; the note is saved only by the box's own button, so that no key that is pressed twice
// does it. Promised: what could not be looked at within five seconds is asked of the person, and is never taken for fine.
// Not done here: nothing is stored of it, and which numbers were said is the server's to find.

import type { Foreign } from './case-check';
import type { Language } from './catalogue';
import { button, draw, el, set } from './dom';
import { EMBED_WORDS } from './embed-catalogue';
import type { Identifier } from './protocol';
import type { CallSummary } from './wire';

const PATIENCE_MS = 5_000;
/** Sooner than this there is nothing to say of it. */
const QUIET_MS = 400;

/** Whether a note of this call would go elsewhere than to the case that is open; without an open case nothing is known. */
export const isWrongCase = (call: CallSummary, open: string | null): boolean => open !== null && call.caseId !== open;

export interface Ends {
  save(): void;
  check(call: string, identifiers: readonly Identifier[], signal: AbortSignal): Promise<readonly Foreign[]>;
}

export interface OpenCase {
  readonly caseId: string | null;
  readonly identifiers: readonly Identifier[];
}

type Against =
  | { readonly kind: 'other_case' }
  | { readonly kind: 'foreign'; readonly numbers: readonly Foreign[] }
  | { readonly kind: 'unchecked' };

interface Asked {
  readonly call: CallSummary;
  readonly open: string;
  readonly language: Language;
}

export class CaseGuard {
  readonly root: HTMLElement;
  /** What the box is about, or what the server is being asked. */
  #asked: Asked | null = null;
  /** What the box says, once it asks. */
  #against: Against | null = null;
  /** Where the keyboard was before the box, and goes back to. */
  #from: HTMLElement | null = null;
  #checking: AbortController | null = null;
  #confirmed = false;

  constructor(private readonly ends: Ends) {
    this.root = el('div', { class: 'wrong-case', tabindex: -1, slot: 'before-save', hidden: true });
    this.root.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.#hide();
    });
  }

  /** Whether a save may go on; if not, the box says why, or the save follows once the server has said that it is fine. */
  passes(call: CallSummary, { caseId: open, identifiers }: OpenCase, language: Language): boolean {
    if (open === null || this.#confirmed) {
      this.#hide();
      return true;
    }
    const asked = { call, open, language };
    if (isWrongCase(call, open)) {
      this.#ask(asked, { kind: 'other_case' });
      return false;
    }
    if (identifiers.length === 0) {
      this.#hide();
      return true;
    }
    if (this.#checking === null) void this.#check(asked, identifiers);
    return false;
  }

  /** What is shown now: what is asked about anything else goes. */
  look(call: string | null, open: string | null, language: Language): void {
    if (this.#asked === null) return;
    const isOther = this.#asked.call.id !== call || this.#asked.open !== open;
    this.#asked = { ...this.#asked, language };
    if (isOther) this.#hide();
    else this.#draw();
  }

  async #check(asked: Asked, identifiers: readonly Identifier[]): Promise<void> {
    this.#hide();
    const checking = new AbortController();
    this.#checking = checking;
    this.#asked = asked;
    const patience = setTimeout(() => checking.abort('late'), PATIENCE_MS);
    const said = setTimeout(() => this.#wait(asked), QUIET_MS);
    const numbers = await this.ends.check(asked.call.id, identifiers, checking.signal).catch(() => null);
    clearTimeout(patience);
    clearTimeout(said);
    const still = this.#asked;
    // Another call or another case is shown by now.
    if (this.#checking !== checking || still === null) return;
    this.#checking = null;
    if (numbers === null) this.#ask(still, { kind: 'unchecked' });
    else if (numbers.length > 0) this.#ask(still, { kind: 'foreign', numbers });
    else this.#goOn();
  }

  #wait({ language }: Asked): void {
    set(this.root, 'role', 'status');
    draw(this.root, [language, 'checking'], () => [el('span', {}, EMBED_WORDS[language].wrongCase.checking)]);
    this.root.hidden = false;
  }

  #ask(asked: Asked, against: Against): void {
    this.#hide();
    [this.#asked, this.#against, this.#from] = [asked, against, focused()];
    this.#draw();
    this.root.hidden = false;
    this.root.focus();
  }

  #draw(): void {
    if (this.#asked === null || this.#against === null) return;
    const { call, open, language } = this.#asked;
    const words = EMBED_WORDS[language].wrongCase;
    const [what, todo] = sentences(this.#asked, this.#against);
    set(this.root, 'role', 'alertdialog');
    set(this.root, 'lang', language);
    set(this.root, 'aria-label', what);
    draw(this.root, [language, what, todo, open], () => [
      el('strong', {}, ...whole(what)),
      el('span', {}, ...whole(todo)),
      el(
        'div',
        {},
        button(words.save(call.caseId), () => this.#goOn(), { class: 'deliberate', 'data-focus': 'save' }),
        button(words.leave, () => this.#hide(), { 'data-focus': 'leave' }),
      ),
    ]);
  }

  #goOn(): void {
    this.#confirmed = true;
    this.ends.save();
    this.#confirmed = false;
    this.#hide();
  }

  #hide(): void {
    const checking = this.#checking;
    this.#checking = null;
    checking?.abort();
    if (this.root.contains(document.activeElement)) this.#from?.focus();
    [this.#asked, this.#against, this.#from] = [null, null, null];
    this.root.hidden = true;
  }
}

const sentences = ({ call, open, language }: Asked, against: Against): readonly [string, string] => {
  const words = EMBED_WORDS[language].wrongCase;
  switch (against.kind) {
    case 'other_case':
      return words.warning(call.caseId, open);
    case 'foreign':
      return words.foreign(against.numbers, open);
    case 'unchecked':
      return words.unchecked(open);
  }
};

const focused = (): HTMLElement | null => {
  const outer = document.activeElement;
  const inner = outer?.shadowRoot?.activeElement ?? outer;
  return inner instanceof HTMLElement ? inner : null;
};

/** A number that is held against another is not broken at the end of a line. */
const whole = (sentence: string): readonly (string | HTMLElement)[] =>
  sentence
    .split(/((?:CPR|CVR) [\d -]*\d|\d{1,10}-\d{1,10})/)
    .map((part, at) => (at % 2 === 1 ? el('bdi', {}, part) : part));
