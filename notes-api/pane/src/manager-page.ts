// The page of correction times: what managers see of their department, and of nobody in it.
//
// In: `/v1/metrics/corrections`, for half a year by week, for the last four weeks, and by area. Out: four answers in the first row,
// plots with a table under each, CSV. The session is the pane's cookie. Not done here: nothing is counted (the server's
// `corrections`), nothing is hidden here that the server gave.

import { Api } from './api';
import { CATALOGUES, LANGUAGE_NAMES, LANGUAGES, type Language, languageOf, learn } from './catalogue';
import { button, type Child, el } from './dom';
import ownCss from './manager.css';
import { MANAGER_WORDS } from './manager-catalogue';
import { type Bin, type Corrections, corrections, type Figures, type Group, OUTCOMES } from './manager-wire';
import css from './page.css';
import { type Shut, shutBy, shutWords } from './person';
import { bars, lines } from './plot';
import { rememberedLanguage, rememberLanguage } from './remembered';
import { weeksBetween, wilson } from './statistics';
import theme from './theme.css';

const WEEK_MS = 7 * 24 * 3_600_000;
const WEEKS = 26;
/** "Now" is the last four weeks that are over. */
const LATELY = 4;
const GOAL_S = 120;
const DRAFT_GOAL_S = 5;

type State =
  | { readonly kind: 'opening' }
  | Shut
  | {
      readonly kind: 'open';
      readonly areas: readonly string[];
      readonly area: string;
      readonly byWeek: Corrections;
      readonly lately: Corrections;
    };
type Open = State & { readonly kind: 'open' };

class ManagerPage {
  readonly #api = new Api();
  #language: Language;
  #state: State = { kind: 'opening' };

  constructor(language: Language) {
    this.#language = language;
    document.adoptedStyleSheets = [theme, css, ownCss].map((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return sheet;
    });
    addEventListener('hashchange', () => void this.load());
  }

  async load(): Promise<void> {
    this.#draw();
    try {
      const area = decodeURIComponent(location.hash.slice(1));
      const [areas, byWeek, lately] = await Promise.all([
        this.#ask({ weeks: WEEKS, by: 'area', area: '' }),
        this.#ask({ weeks: WEEKS, by: 'week', area }),
        this.#ask({ weeks: LATELY, by: null, area }),
      ]);
      this.#state = { kind: 'open', areas: areas.groups.map(({ key }) => key), area, byWeek, lately };
    } catch (error) {
      this.#state = await shutBy(error, this.#api);
    }
    this.#draw();
  }

  async #ask({ weeks, by, area }: { weeks: number; by: string | null; area: string }): Promise<Corrections> {
    const query = new URLSearchParams({ from_ms: String(Date.now() - weeks * WEEK_MS) });
    if (by !== null) query.set('group_by', by);
    if (area !== '') query.set('area', area);
    return corrections(await this.#api.get(`/v1/metrics/corrections?${query}`));
  }

  #draw(): void {
    const words = MANAGER_WORDS[this.#language];
    document.documentElement.lang = this.#language;
    document.title = `${words.title} – Referent`;
    const languages = LANGUAGES.map((language) =>
      button(LANGUAGE_NAMES[language], () => void this.#speak(language), {
        lang: language,
        'aria-pressed': String(language === this.#language),
      }),
    );
    const head = el(
      'header',
      { class: 'top' },
      el('a', { href: '/' }, words.toCalls),
      el('div', { class: 'words', role: 'group' }, ...languages),
    );
    document.body.className = 'manager';
    document.body.replaceChildren(
      head,
      el('main', {}, ...this.#inside().filter((child) => child !== false && child !== null)),
    );
  }

  async #speak(wanted: Language): Promise<void> {
    const language = await learn(wanted);
    this.#language = language;
    rememberLanguage(language);
    this.#draw();
  }

  #inside(): readonly Child[] {
    const state = this.#state;
    const page = CATALOGUES[this.#language];
    const words = MANAGER_WORDS[this.#language];
    switch (state.kind) {
      case 'opening':
        return [el('p', { class: 'notice', role: 'status' }, page.signingIn)];
      case 'shut':
        return [shutWords(state, words.away, this.#language)];
      case 'open':
        return this.#figures(state);
    }
  }

  #figures(state: Open): readonly Child[] {
    const words = MANAGER_WORDS[this.#language];
    const { byWeek, lately } = state;
    const weeks = byWeek.groups.map(({ key }) => key);
    const [first, last] = [weeks[0], weeks.at(-1)];
    const head = [el('h1', {}, state.area === '' ? words.title : `${words.title}, ${state.area}`), this.#choice(state)];
    if (first === undefined || last === undefined) {
      return [
        ...head,
        el('p', { role: 'status' }, el('b', {}, words.nothing[0]), ` ${words.nothing[1]}`),
        ...this.#below(),
      ];
    }
    const span = words.weeks(short(first), short(last));
    return [
      ...head,
      el(
        'p',
        { class: 'soft' },
        `${words.facts(span, this.#count(byWeek.figures.n), this.#count(byWeek.persons))} · ${words.rule} · `,
        el('a', { href: this.#csv(byWeek.groups), download: 'referent-corrections.csv' }, words.csv),
      ),
      this.#answers(lately.figures),
      el(
        'div',
        { class: 'cards' },
        this.#perWeek(byWeek.groups, weeksBetween(first, last)),
        this.#underPerWeek(byWeek.groups, weeksBetween(first, last)),
        this.#toDraft(lately.figures),
        this.#edits(lately.figures),
        this.#outcomes(lately.figures),
      ),
      ...this.#below(),
    ];
  }

  #choice({ areas, area }: Open): Child {
    const words = MANAGER_WORDS[this.#language];
    const known = area === '' || areas.includes(area) ? areas : [...areas, area];
    const select = el(
      'select',
      { id: 'area' },
      el('option', { value: '' }, words.allAreas),
      ...known.map((name) => el('option', { value: name }, name)),
    );
    select.value = area;
    select.addEventListener('change', () => {
      location.hash = encodeURIComponent(select.value);
    });
    return el('p', {}, el('label', { for: 'area' }, `${words.area} `), select);
  }

  /** Four answers. */
  #answers({ n, active, wholeDraft, outcomes }: Figures): Child {
    const words = MANAGER_WORDS[this.#language];
    const answer = ([what, more]: readonly [string, string], value: string, besides: Child = null): Child =>
      el('div', {}, el('span', {}, what), el('b', {}, value), el('span', {}, more), besides);
    const [low, high] = wilson(active.under ?? 0, active.n);
    const others = Object.entries(active.sensitivity).filter(([at]) => at !== '15');
    const sensitivity = others.map(([at, value]) => `${at} s ${this.#time(value)}`).join(', ');
    const share = (count: number): string => this.#percent(n === 0 ? null : count / n);
    const noted = outcomes.saved_unchanged + outcomes.saved_edited + outcomes.rewritten + outcomes.saved_without_draft;
    return el(
      'div',
      { class: 'answers' },
      answer(
        [words.median[0], words.median[1](this.#time(active.p90))],
        this.#time(active.p50),
        el('span', {}, words.sensitivity(sensitivity)),
      ),
      answer([words.under[0], words.under[1](this.#percent(low), this.#percent(high))], this.#percent(active.under)),
      answer([words.draft[0], words.draft[1](this.#seconds(wholeDraft.p95))], this.#seconds(wholeDraft.p50)),
      answer([words.withNote[0], words.withNote[1](share(outcomes.failed), share(outcomes.discarded))], share(noted)),
    );
  }

  #card([title, about]: readonly [string, string], plot: SVGElement | null, table: Child): Child {
    const words = MANAGER_WORDS[this.#language];
    return el(
      'section',
      { class: 'card' },
      el('h2', {}, title),
      el('p', { class: 'soft' }, about),
      plot,
      el('details', {}, el('summary', {}, words.table), table),
    );
  }

  #perWeek(groups: readonly Group[], weeks: readonly string[]): Child {
    const words = MANAGER_WORDS[this.#language];
    const { columns } = words;
    const points = weeks.map((week) => {
      const active = groups.find(({ key }) => key === week)?.figures.active;
      return {
        name: short(week),
        value: active?.p50 ?? null,
        low: active?.p25 ?? null,
        high: active?.p75 ?? null,
        n: active?.n ?? 0,
      };
    });
    const highest = Math.max(GOAL_S, ...points.map(({ high }) => high ?? 0));
    const minutes = Math.ceil(highest / 60 / 4) * 60;
    const plot = lines({
      label: words.perWeek.join('. '),
      points,
      across: [0, 1, 2, 3, 4].map((step) => step * minutes),
      words: (value) => this.#time(value),
      goal: { value: GOAL_S, words: words.goal },
      changes: this.#changes(groups, weeks),
      spread: 'band',
    });
    const rows = groups.map(({ key, persons, figures: { n, active } }) => [
      words.week(short(key)),
      this.#count(n),
      this.#count(persons),
      this.#count(active.n),
      ...[active.p25, active.p50, active.p75, active.p90].map((value) => this.#time(value)),
    ]);
    const head = [
      columns.week,
      columns.calls,
      columns.persons,
      columns.n,
      columns.p25,
      columns.p50,
      columns.p75,
      columns.p90,
    ];
    return this.#card(words.perWeek, plot, table(head, rows));
  }

  /** From which week on there is a model, or a template, that was not there in the one before. */
  #changes(groups: readonly Group[], weeks: readonly string[]): readonly { at: number; words: string }[] {
    const words = MANAGER_WORDS[this.#language];
    return groups.flatMap((group, index) => {
      const before = groups[index - 1];
      if (before === undefined) return [];
      const at = weeks.indexOf(group.key);
      const isNew = (now: readonly string[], then: readonly string[]): boolean =>
        now.some((one) => !then.includes(one));
      return [
        ...(isNew(group.models, before.models) ? [{ at, words: words.newModel }] : []),
        ...(isNew(group.templates, before.templates) ? [{ at, words: words.newTemplate }] : []),
      ];
    });
  }

  #underPerWeek(groups: readonly Group[], weeks: readonly string[]): Child {
    const words = MANAGER_WORDS[this.#language];
    const points = weeks.map((week) => {
      const active = groups.find(({ key }) => key === week)?.figures.active;
      const value = active?.under ?? null;
      const [low, high] = value === null ? [null, null] : wilson(value, active?.n ?? 0);
      return { name: short(week), value, low, high, n: active?.n ?? 0 };
    });
    const plot = lines({
      label: words.underPerWeek.join('. '),
      points,
      across: [0, 0.25, 0.5, 0.75, 1],
      words: (value) => this.#percent(value),
      spread: 'strokes',
    });
    const rows = groups.map(({ key, figures: { active } }) => {
      const [low, high] = wilson(active.under ?? 0, active.n);
      const interval = active.under === null ? words.unknown : `${this.#percent(low)}–${this.#percent(high)}`;
      return [words.week(short(key)), this.#count(active.n), this.#percent(active.under), interval];
    });
    const { columns } = words;
    return this.#card(words.underPerWeek, plot, table([columns.week, columns.n, columns.under, '95 %'], rows));
  }

  #toDraft({ wholeDraftBins }: Figures): Child {
    const words = MANAGER_WORDS[this.#language];
    const name = (upTo: number | null): string => (upTo === null ? words.more : this.#number(upTo, 1));
    const after = wholeDraftBins.findIndex(({ upTo }) => upTo === DRAFT_GOAL_S) + 1;
    return this.#binned(words.toDraft, wholeDraftBins, name, words.seconds, { after, words: words.draftGoal });
  }

  #edits({ editRatioBins }: Figures): Child {
    const words = MANAGER_WORDS[this.#language];
    const name = (upTo: number | null): string => {
      if (upTo === 0) return words.unchanged;
      return upTo === null ? '100' : this.#number(upTo * 100, 0);
    };
    return this.#binned(words.edits, editRatioBins, name, words.changedWords);
  }

  #binned(
    title: readonly [string, string],
    bins: readonly Bin[],
    name: (upTo: number | null) => string,
    below: string,
    goal?: { after: number; words: string },
  ): Child {
    const { columns, nothing } = MANAGER_WORDS[this.#language];
    if (bins.length === 0) return el('section', { class: 'card' }, el('h2', {}, title[0]), el('p', {}, nothing[0]));
    const all = bins.reduce((sum, { n }) => sum + n, 0);
    const shares = bins.map(({ upTo, n }) => ({ name: name(upTo), share: n / all }));
    const words = (share: number): string => this.#percent(share);
    const plot = bars({ label: title.join('. '), bars: shares, words, below, ...(goal === undefined ? {} : { goal }) });
    const rows = bins.map(({ upTo, n }) => [name(upTo), this.#count(n), this.#percent(n / all)]);
    return this.#card(title, plot, table([`${columns.range} (${below})`, columns.count, columns.share], rows));
  }

  #outcomes({ n, outcomes }: Figures): Child {
    const words = MANAGER_WORDS[this.#language];
    const rows = OUTCOMES.map((outcome) => [
      words.outcome[outcome],
      this.#count(outcomes[outcome]),
      this.#percent(n === 0 ? null : outcomes[outcome] / n),
    ]);
    const { columns } = words;
    return el(
      'section',
      { class: 'card' },
      el('h2', {}, words.outcomes[0]),
      el('p', { class: 'soft' }, words.outcomes[1]),
      table([columns.outcome, columns.count, columns.share], rows),
    );
  }

  #below(): readonly Child[] {
    const { definitions, nobody } = MANAGER_WORDS[this.#language];
    return [
      el('h2', {}, definitions[0]),
      el('ul', {}, ...definitions[1].map((one) => el('li', {}, one))),
      el('p', { class: 'soft' }, nobody),
    ];
  }

  /** The weeks as they are shown, for a spreadsheet: points for decimals, seconds, no thousands marks. */
  #csv(groups: readonly Group[]): string {
    const head = 'week,calls,caseworkers,n,p25_s,p50_s,p75_s,p90_s,share_under_120_s,draft_p50_s,draft_p95_s';
    const rows = groups.map(({ key, persons, figures: { n, active, wholeDraft } }) =>
      [
        ...[key, n, persons, active.n, active.p25, active.p50, active.p75, active.p90],
        ...[active.under, wholeDraft.p50, wholeDraft.p95],
      ]
        .map((value) => value ?? '')
        .join(','),
    );
    return `data:text/csv;charset=utf-8,${encodeURIComponent([head, ...rows, ''].join('\r\n'))}`;
  }

  get #locale(): string {
    return this.#language === 'da' ? 'da-DK' : 'en-GB';
  }

  #number(value: number, digits: number): string {
    return new Intl.NumberFormat(this.#locale, { maximumFractionDigits: digits }).format(value);
  }

  #count(value: number): string {
    return this.#number(value, 0);
  }

  #percent(share: number | null): string {
    return share === null ? MANAGER_WORDS[this.#language].unknown : `${this.#number(share * 100, 1)} %`;
  }

  #seconds(value: number | null): string {
    return value === null ? MANAGER_WORDS[this.#language].unknown : `${this.#number(value, 1)} s`;
  }

  #time(seconds: number | null): string {
    if (seconds === null) return MANAGER_WORDS[this.#language].unknown;
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
  }
}

const short = (week: string): string => String(Number(week.split('-W')[1]));

const table = (head: readonly string[], rows: readonly (readonly string[])[]): Child =>
  el(
    'table',
    {},
    el('thead', {}, el('tr', {}, ...head.map((cell) => el('th', { scope: 'col' }, cell)))),
    el(
      'tbody',
      {},
      ...rows.map(([first = '', ...rest]) =>
        el('tr', {}, el('th', { scope: 'row' }, first), ...rest.map((cell) => el('td', {}, cell))),
      ),
    ),
  );

// The first words are in the right language.
void learn(languageOf(rememberedLanguage())).then((language) => new ManagerPage(language).load());
