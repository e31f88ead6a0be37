// The page of the areas: which settings are in force, what is wrong with a file, and what an area looks for in the sample
// call.
//
// In: `/v1/areas` and `/v1/areas/…/preview`, asked once a load and at each choice; a draft of the sample call when somebody
// asks for one. Out: a page that changes nothing on the server. The session is the pane's cookie. Not done here: no setting is
// written.

import { Api } from './api';
import ownCss from './areas.css';
import { AREA_WORDS } from './areas-catalogue';
import { draftOf } from './areas-draft';
import { saidOf } from './areas-mistakes';
import {
  type Area,
  areas,
  draft,
  NO_DRAFT,
  type NoDraft,
  noDraft,
  type Preview,
  preview,
  type Settings,
  type Trouble,
} from './areas-wire';
import { CATALOGUES, LANGUAGE_NAMES, LANGUAGES, type Language, languageOf, learn } from './catalogue';
import { button, type Child, el } from './dom';
import css from './page.css';
import { type Shut, shutBy, shutWords } from './person';
import { rememberedLanguage, rememberLanguage } from './remembered';
import theme from './theme.css';
import type { Draft } from './wire/draft';

/** So many characters of a version tell it from every other. */
const SHOWN_OF_VERSION = 12;

type State =
  | { readonly kind: 'opening' }
  | Shut
  | {
      readonly kind: 'open';
      readonly all: readonly Area[];
      readonly chosen: string | null;
      readonly tried: Preview | null;
      readonly draft: Draft | 'writing' | NoDraft | null;
    };

type Open = State & { readonly kind: 'open' };

class AreasPage {
  readonly #api = new Api();
  #language: Language;
  #state: State = { kind: 'opening' };

  constructor(language: Language) {
    this.#language = language;
    const sheets = [theme, css, ownCss].map((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return sheet;
    });
    document.adoptedStyleSheets = sheets;
    addEventListener('hashchange', () => void this.#choose(inAddress()));
  }

  async start(): Promise<void> {
    this.#draw();
    try {
      const all = areas(await this.#api.get('/v1/areas'));
      this.#state = { kind: 'open', all, chosen: null, tried: null, draft: null };
      const wanted = all.find((area) => area.id === inAddress()) ?? all.find((area) => area.trouble !== null) ?? all[0];
      await this.#choose(wanted?.id ?? null);
    } catch (error) {
      this.#state = await shutBy(error, this.#api);
      this.#draw();
    }
  }

  async #choose(id: string | null): Promise<void> {
    if (this.#state.kind !== 'open') return;
    const area = this.#state.all.find((one) => one.id === id);
    this.#state = { ...this.#state, chosen: area?.id ?? null, tried: null, draft: null };
    this.#draw();
    if (area === undefined || area.inForce === null) return;
    const answer = await this.#api.get(`/v1/areas/${encodeURIComponent(area.id)}/preview`).catch(() => null);
    // Somebody may have chosen another one meanwhile.
    if (answer === null || this.#state.kind !== 'open' || this.#state.chosen !== area.id) return;
    this.#state = { ...this.#state, tried: preview(answer) };
    this.#draw();
  }

  async #write(id: string): Promise<void> {
    const show = (draft: Draft | 'writing' | NoDraft): void => {
      // Somebody may have chosen another one meanwhile.
      if (this.#state.kind !== 'open' || this.#state.chosen !== id) return;
      this.#state = { ...this.#state, draft };
      this.#draw();
      document.querySelector<HTMLElement>('[data-focus="draft"]')?.focus();
    };
    show('writing');
    try {
      const path = `/v1/areas/${encodeURIComponent(id)}/preview/draft`;
      const { status, body } = await this.#api.post(path, Object.values(NO_DRAFT));
      show(status === 200 ? draft(body) : noDraft(status));
    } catch {
      show('other');
    }
  }

  async #speak(wanted: Language): Promise<void> {
    const language = await learn(wanted);
    this.#language = language;
    rememberLanguage(language);
    this.#draw();
  }

  #draw(): void {
    const words = AREA_WORDS[this.#language];
    document.documentElement.lang = this.#language;
    document.title = `${words.areas} – Referent`;
    const languages = LANGUAGES.map((language) =>
      button(LANGUAGE_NAMES[language], () => void this.#speak(language), {
        lang: language,
        'aria-pressed': String(language === this.#language),
      }),
    );
    const head = el(
      'header',
      { class: 'top' },
      el('b', {}, words.areas),
      el('a', { href: '/' }, words.toCalls),
      el('div', { class: 'words', role: 'group' }, ...languages),
    );
    document.body.className = 'areas';
    document.body.replaceChildren(head, ...this.#inside());
  }

  #inside(): readonly Node[] {
    const state = this.#state;
    const page = CATALOGUES[this.#language];
    switch (state.kind) {
      case 'opening':
        return [el('p', { class: 'notice', role: 'status' }, page.signingIn)];
      case 'shut':
        return [shutWords(state, page.serverAway, this.#language)];
      case 'open': {
        const words = AREA_WORDS[this.#language];
        const chosen = state.all.find((area) => area.id === state.chosen);
        const links = state.all.map((area) =>
          el(
            'a',
            { href: `#${encodeURIComponent(area.id)}`, 'aria-current': area === chosen ? 'page' : null },
            area.id,
            area.trouble !== null && el('span', { class: 'wrong' }, words.hasTrouble),
          ),
        );
        return [
          el('nav', {}, ...links),
          el('main', {}, ...(chosen === undefined ? [el('p', {}, words.noAreas)] : this.#area(chosen, state))),
        ];
      }
    }
  }

  #area({ id, inForce, trouble }: Area, { tried, draft }: Open): readonly Child[] {
    const words = AREA_WORDS[this.#language];
    const version = inForce?.version.slice(0, SHOWN_OF_VERSION) ?? '';
    return [
      el('h1', {}, id),
      el('p', {}, inForce === null ? words.neverInForce : words.inForce(this.#time(inForce.sinceMs), version)),
      trouble !== null && this.#trouble(trouble),
      ...(inForce === null
        ? []
        : [
            ...this.#settings(inForce.settings),
            ...this.#tried(inForce.settings, tried),
            ...(tried === null ? [] : this.#drafted(id, inForce.settings, tried, draft)),
          ]),
    ];
  }

  #trouble({ file, sinceMs, kind, detail, mistakes }: Trouble): Node {
    const words = AREA_WORDS[this.#language];
    const [what, then] = words.trouble[kind];
    const lines = mistakes.map((mistake) => {
      // What stands in the file stands for itself; a line that is no TOML has no key.
      const stands = [mistake.key, mistake.found].filter((part) => part !== '').join(' = ');
      const { sentence, lang } = saidOf(mistake, this.#language);
      return el('li', {}, el('b', {}, words.line(mistake.line)), ` ${stands} `, el('span', { lang }, sentence));
    });
    return el(
      'div',
      { class: 'trouble', role: 'alert' },
      el('p', {}, el('b', {}, `${file}: ${what}`), ` ${then} ${words.sinceThen(this.#time(sinceMs))}`),
      detail !== null && el('p', { lang: 'en' }, detail),
      lines.length > 0 && el('ul', {}, ...lines),
    );
  }

  #settings(settings: Settings): readonly Child[] {
    const words = AREA_WORDS[this.#language];
    const { sections, mustNote, categories, glossary, days } = settings;
    const kept = [days.transcript, days.drafts, days.log].map((count) =>
      count === null ? words.noDays : String(count),
    );
    const [transcript = '', drafts = '', log = ''] = kept;
    const lang = settings.language;
    return [
      el('h2', {}, words.sections),
      el(
        'dl',
        {},
        ...sections.flatMap(({ heading, belongs }) => [
          el('dt', { lang }, heading),
          belongs === '' ? el('dd', { class: 'soft' }, words.nothingBelongs) : el('dd', { lang }, belongs),
        ]),
      ),
      el('h2', {}, words.mustNote),
      mustNote.length === 0 && el('p', { class: 'soft' }, words.noMustNote),
      el(
        'dl',
        {},
        ...mustNote.flatMap(({ label, kind, cues }) => [
          el('dt', { lang }, label, el('span', { class: 'kind', lang: this.#language }, words.kind[kind])),
          el('dd', { class: 'soft' }, words.cues(cues.join(' · '))),
        ]),
      ),
      categories.length > 0 && el('h2', {}, words.categories),
      categories.length > 0 && el('p', { lang }, categories.join(' · ')),
      el('h2', {}, words.style),
      el('p', {}, `${words.language(lang)} ${words.length[settings.length]}`),
      settings.tone !== '' && el('p', { lang }, settings.tone),
      glossary.length > 0 && el('h2', {}, words.glossary),
      glossary.length > 0 && el('p', { lang }, glossary.join(' · ')),
      el('h2', {}, words.data),
      el('p', {}, `${words.model(settings.llmIsLocal)} ${words.pseudonyms[settings.pseudonyms]}`),
      el('p', {}, `${words.days(transcript, drafts, log)} ${words.daysNotYet}`),
    ];
  }

  #tried({ mustNote, language: lang }: Settings, tried: Preview | null): readonly Child[] {
    const words = AREA_WORDS[this.#language];
    const head = [el('h2', {}, words.preview), el('p', {}, words.previewIs)];
    if (tried === null) return head;
    const found = mustNote.filter(({ id }) => tried.spokenOf.has(id));
    const silent = mustNote.filter(({ id }) => !tried.spokenOf.has(id));
    const lines = (id: string): string => (tried.spokenOf.get(id) ?? []).map((turn) => turn + 1).join(', ');
    return [
      ...head,
      el(
        'ol',
        { class: 'sample' },
        ...tried.turns.map(({ track, text }) =>
          el('li', {}, el('b', {}, `${words.speaker[track]}: `), el('span', { lang: 'da' }, text)),
        ),
      ),
      found.length > 0 && el('h3', {}, words.found),
      el(
        'ul',
        {},
        ...found.map(({ id, label }) => el('li', {}, el('span', { lang }, label), ` – ${words.inLines(lines(id))}`)),
      ),
      silent.length > 0 && el('h3', {}, words.notFound),
      silent.length > 0 && el('p', { class: 'soft', lang }, silent.map(({ label }) => label).join(' · ')),
    ];
  }

  #drafted(id: string, settings: Settings, tried: Preview, draft: Open['draft']): readonly Child[] {
    const words = AREA_WORDS[this.#language];
    const said = draft === 'writing' ? words.writing : typeof draft === 'string' ? words.noDraft[draft] : null;
    return [
      button(CATALOGUES[this.#language].again, () => void this.#write(id), {
        'data-focus': 'draft',
        'aria-disabled': draft === 'writing' ? 'true' : null,
      }),
      el('div', { role: 'status' }, said !== null && el('p', {}, said)),
      ...(draft === null || typeof draft === 'string' ? [] : draftOf(draft, tried, settings, this.#language)),
    ];
  }

  #time(utcMs: number): string {
    const locale = this.#language === 'da' ? 'da-DK' : 'en-GB';
    return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(utcMs);
  }
}

const inAddress = (): string | null => {
  try {
    return location.hash === '' ? null : decodeURIComponent(location.hash.slice(1));
  } catch {
    return null;
  }
};

// The first words are in the right language.
void learn(languageOf(rememberedLanguage())).then((language) => new AreasPage(language).start());
