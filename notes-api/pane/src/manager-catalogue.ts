// Every word of the page of correction times, in Danish and English.

import type { Language } from './catalogue';
import type { Outcome } from './manager-wire';

interface ManagerWords {
  title: string;
  toCalls: string;
  allAreas: string;
  area: string;
  facts: (weeks: string, calls: string, persons: string) => string;
  weeks: (from: string, to: string) => string;
  rule: string;
  csv: string;
  nothing: readonly [string, string];
  away: string;
  unknown: string;
  median: readonly [string, (p90: string) => string];
  sensitivity: (list: string) => string;
  under: readonly [string, (low: string, high: string) => string];
  draft: readonly [string, (p95: string) => string];
  withNote: readonly [string, (noDraft: string, discarded: string) => string];
  perWeek: readonly [string, string];
  goal: string;
  newModel: string;
  newTemplate: string;
  underPerWeek: readonly [string, string];
  toDraft: readonly [string, string];
  draftGoal: string;
  seconds: string;
  edits: readonly [string, string];
  unchanged: string;
  changedWords: string;
  outcomes: readonly [string, string];
  outcome: Record<Outcome, string>;
  table: string;
  week: (week: string) => string;
  columns: {
    week: string;
    calls: string;
    persons: string;
    n: string;
    p25: string;
    p50: string;
    p75: string;
    p90: string;
    under: string;
    range: string;
    share: string;
    count: string;
    outcome: string;
    draft50: string;
    draft95: string;
  };
  more: string;
  definitions: readonly [string, readonly string[]];
  nobody: string;
}

const da: ManagerWords = {
  title: 'Rettetid',
  toCalls: 'Til opkaldene',
  allAreas: 'Alle områder',
  area: 'Område',
  facts: (weeks, calls, persons) => `${weeks} · ${calls} samtaler · ${persons} sagsbehandlere`,
  weeks: (from, to) => `Uge ${from} til ${to}`,
  rule: 'uger med under 5 sagsbehandlere eller 20 samtaler i et område vises ikke',
  csv: 'CSV',
  nothing: [
    'Der er ingen tal at vise endnu.',
    'De kommer, når en uge er forbi, og mindst 5 sagsbehandlere i et område har haft mindst 20 samtaler i den.',
  ],
  away: 'Tallene kunne ikke hentes. Genindlæs siden om lidt.',
  unknown: '–',
  median: ['Median rettetid, sidste 4 uger', (p90) => `aktiv tid fra udkast vist til gemt (p90 ${p90})`],
  sensitivity: (list) => `ved andre grænser for pauser: ${list}`,
  under: ['Under 2 minutter', (low, high) => `95 % sikkerhed ${low}–${high}`],
  draft: ['Udkast efter samtale', (p95) => `median (p95 ${p95})`],
  withNote: [
    'Samtaler med notat',
    (noDraft, discarded) => `${noDraft} uden notat, fordi der ikke kom et udkast · ${discarded} kasseret`,
  ],
  perWeek: ['Rettetid pr. uge', 'Median, bånd fra 25. til 75. percentil; søjler: antal notater'],
  goal: '2 minutter',
  newModel: 'ny model',
  newTemplate: 'ny skabelon',
  underPerWeek: ['Andel rettet på under 2 minutter', 'Med 95 %-interval; søjler: antal notater'],
  toDraft: [
    'Fra samtale slut til helt udkast',
    'Andel af samtaler, sidste 4 uger; samtaler uden forbindelse ved slut er ikke med',
  ],
  draftGoal: '5 s',
  seconds: 'sekunder',
  edits: [
    'Hvor meget der rettes',
    'Andel af notater, sidste 4 uger; mange uændrede kan betyde gode udkast eller manglende læsning',
  ],
  unchanged: 'intet',
  changedWords: 'ord ændret fra udkast til notat, procent',
  outcomes: ['Hvad der blev af samtalerne', 'Alle samtaler, der blev lagt på i de sidste 4 uger'],
  outcome: {
    saved_unchanged: 'Gemt uden rettelser',
    saved_edited: 'Gemt med rettelser',
    rewritten: 'Skrevet om (over 80 % ændret)',
    saved_without_draft: 'Gemt uden udkast',
    unsaved: 'Ikke gemt endnu',
    failed: 'Intet udkast og intet notat',
    discarded: 'Kasseret',
  },
  table: 'Tallene som tabel',
  week: (week) => `uge ${week}`,
  columns: {
    week: 'Uge',
    calls: 'Samtaler',
    persons: 'Sagsbehandlere',
    n: 'Notater med kendt tid',
    p25: '25 %',
    p50: 'Median',
    p75: '75 %',
    p90: '90 %',
    under: 'Under 2 minutter',
    range: 'Til og med',
    share: 'Andel',
    count: 'Antal',
    outcome: 'Udfald',
    draft50: 'Udkast, median (s)',
    draft95: 'Udkast, 95 % (s)',
  },
  more: 'flere',
  definitions: [
    'Hvad tallene er',
    [
      'Rettetid er den tid, en sagsbehandler var ved udkastet, fra det blev vist, til notatet blev gemt første gang. Pauser på over 15 sekunder tæller ikke, og intet tæller, mens et andet vindue er i brug. Før det første tastetryk tæller højst 30 sekunder.',
      'De 15 sekunder er et valg. Derfor står medianen også ved 5, 30 og 60 sekunder.',
      'Få rettelser betyder ikke, at udkastene er rigtige: måske er de ikke læst.',
      'Tallene siger ikke, hvor meget tid der er sparet; det kræver en måling uden udkast.',
      'Median og procentdele vises kun, hvor der er mindst 30 værdier.',
    ],
  ],
  nobody: 'Ingen enkelt sagsbehandler kan ses her; egne tal ser man kun selv.',
};

const en: ManagerWords = {
  title: 'Correction time',
  toCalls: 'To the calls',
  allAreas: 'All areas',
  area: 'Area',
  facts: (weeks, calls, persons) => `${weeks} · ${calls} calls · ${persons} caseworkers`,
  weeks: (from, to) => `Week ${from} to ${to}`,
  rule: 'weeks of fewer than 5 caseworkers or 20 calls in an area are not shown',
  csv: 'CSV',
  nothing: [
    'There are no figures to show yet.',
    'They come when a week is over in which at least 5 caseworkers of an area had at least 20 calls.',
  ],
  away: 'The figures could not be fetched. Load the page again in a moment.',
  unknown: '–',
  median: ['Median correction time, last 4 weeks', (p90) => `active time from draft shown to saved (p90 ${p90})`],
  sensitivity: (list) => `at other limits for pauses: ${list}`,
  under: ['Under 2 minutes', (low, high) => `95 % sure ${low}–${high}`],
  draft: ['Draft after the call', (p95) => `median (p95 ${p95})`],
  withNote: [
    'Calls with a note',
    (noDraft, discarded) => `${noDraft} without a note because no draft came · ${discarded} discarded`,
  ],
  perWeek: ['Correction time a week', 'Median, band from the 25th to the 75th percentile; bars: how many notes'],
  goal: '2 minutes',
  newModel: 'new model',
  newTemplate: 'new template',
  underPerWeek: ['Share corrected in under 2 minutes', 'With the 95 % interval; bars: how many notes'],
  toDraft: [
    'From the end of the call to the whole draft',
    'Share of calls, last 4 weeks; calls that were offline at their end are left out',
  ],
  draftGoal: '5 s',
  seconds: 'seconds',
  edits: [
    'How much is changed',
    'Share of notes, last 4 weeks; many unchanged can mean good drafts or that nobody read them',
  ],
  unchanged: 'nothing',
  changedWords: 'words changed from draft to note, per cent',
  outcomes: ['What became of the calls', 'All calls that hung up in the last 4 weeks'],
  outcome: {
    saved_unchanged: 'Saved without changes',
    saved_edited: 'Saved with changes',
    rewritten: 'Rewritten (more than 80 % changed)',
    saved_without_draft: 'Saved without a draft',
    unsaved: 'Not saved yet',
    failed: 'No draft and no note',
    discarded: 'Discarded',
  },
  table: 'The figures as a table',
  week: (week) => `week ${week}`,
  columns: {
    week: 'Week',
    calls: 'Calls',
    persons: 'Caseworkers',
    n: 'Notes with a known time',
    p25: '25 %',
    p50: 'Median',
    p75: '75 %',
    p90: '90 %',
    under: 'Under 2 minutes',
    range: 'Up to',
    share: 'Share',
    count: 'Count',
    outcome: 'Outcome',
    draft50: 'Draft, median (s)',
    draft95: 'Draft, 95 % (s)',
  },
  more: 'more',
  definitions: [
    'What the figures are',
    [
      'Correction time is the time that a caseworker was at the draft, from its being shown to the note being saved for the first time. Pauses of more than 15 seconds do not count, and nothing counts while another window is used. Before the first key at most 30 seconds count.',
      'The 15 seconds are a choice. So the median stands at 5, 30 and 60 seconds as well.',
      'Few changes do not say that drafts are right: perhaps nobody read them.',
      'The figures do not say how much time was saved; that takes a measurement without drafts.',
      'Medians and shares are shown where there are 30 values at least.',
    ],
  ],
  nobody: 'No single caseworker can be seen here; one’s own figures are seen by oneself alone.',
};

export const MANAGER_WORDS: Readonly<Record<Language, ManagerWords>> = { da, en };
