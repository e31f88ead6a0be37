// The words of what is fetched when somebody asks for it (more.ts), in Danish and English.

import type { Language } from './catalogue';
import type { Deed, Group } from './keys';

interface Words {
  readonly keys: string;
  readonly close: string;
  readonly or: string;
  /** First and last of a row of keys. */
  readonly to: string;
  readonly groups: Readonly<Record<Group, string>>;
  readonly deeds: Readonly<Record<Deed, string>>;
  readonly versions: string;
  readonly version: (number: number, at: string) => string;
  readonly newest: string;
  readonly compareWith: string;
  readonly yourText: string;
  readonly sameAs: string;
  readonly how: string;
  readonly onlyBefore: string;
  readonly onlyHere: string;
  readonly emptySection: string;
  readonly take: string;
  readonly takeAll: string;
  readonly hits: (at: number, of: number) => string;
  readonly previousHit: string;
  readonly nextHit: string;
  readonly againArea: string;
  readonly againSameArea: string;
  readonly againWish: string;
  readonly againHint: string;
  readonly againGo: string;
  readonly againCancel: string;
}

export const MORE_WORDS: Readonly<Record<Language, Words>> = {
  da: {
    keys: 'Taster',
    close: 'Luk',
    or: 'eller',
    to: 'til',
    groups: { note: 'Notatet', check: 'Se efter og vælg', call: 'Samtalen', page: 'Siden' },
    deeds: {
      save: 'Gem notat',
      undo: 'Fortryd',
      redo: 'Gentag det fortrudte',
      restore: 'Tilbage til udkastet i afsnittet',
      restore_all: 'Tilbage til hele udkastet',
      again: 'Nyt udkast',
      amend: 'Ret notatet',
      versions: 'Versioner af notatet',
      copy: 'Kopiér teksten',
      text: 'Gå til teksten',
      next_doubt: 'Gå til det næste, der skal ses efter',
      evidence: 'Vis belæg for sætningen',
      confirm: 'Bekræft sætningen',
      insert_missing: 'Indsæt det, der måske mangler',
      dismiss_missing: 'Det første, der måske mangler, mangler ikke',
      insert: 'Indsæt det tilbudte, eller behold begge tekster',
      replace: 'Brug det tilbudte i stedet, eller den anden tekst',
      keep: 'Nej tak, eller behold min tekst',
      pause: 'Pause og fortsæt',
      object: 'Borgeren siger nej',
      transcript: 'Vis eller skjul samtalen',
      search: 'Søg i samtalen',
      next_hit: 'Næste fundne sted, i søgefeltet',
      previous_hit: 'Forrige fundne sted, i søgefeltet',
      left_out: 'Vis de udeladte steder',
      unsaved: 'Vis det ældste udkast, der ikke er gemt',
      calls: 'Gå til listen over opkald',
      new_call: 'Vis det nye opkald',
      language: 'Skift sprog',
      close: 'Luk det, der er åbent',
      help: 'Vis tasterne; ? uden for tekstfelter',
    },
    versions: 'Versioner af notatet',
    version: (number, at) => `Version ${number}, gemt ${at}`,
    newest: 'den nyeste',
    compareWith: 'Sammenlign med',
    yourText: 'teksten nu',
    sameAs: 'De to er ens.',
    how: 'Overstreget står kun i det, der sammenlignes med; understreget kun i denne version.',
    onlyBefore: 'kun i det andet:',
    onlyHere: 'kun i denne version:',
    emptySection: '(tomt)',
    take: 'Brug teksten',
    takeAll: 'Brug hele versionen',
    hits: (at, of) => (of === 0 ? 'Ingen fundet' : `${at} af ${of}`),
    previousHit: 'Forrige',
    nextHit: 'Næste',
    againArea: 'Område',
    againSameArea: 'Som før',
    againWish: 'Ønske til udkastet',
    againHint: 'Fx: Skriv kortere. Kun en sprogmodel kan følge et ønske. Det, du har skrevet, bliver stående.',
    againGo: 'Lav udkast',
    againCancel: 'Fortryd',
  },
  en: {
    keys: 'Keys',
    close: 'Close',
    or: 'or',
    to: 'to',
    groups: { note: 'The note', check: 'Look and choose', call: 'The call', page: 'The page' },
    deeds: {
      save: 'Save the note',
      undo: 'Undo',
      redo: 'Redo what was undone',
      restore: 'Back to the draft in this section',
      restore_all: 'Back to the whole draft',
      again: 'New draft',
      amend: 'Correct the note',
      versions: 'Versions of the note',
      copy: 'Copy the text',
      text: 'Go to the text',
      next_doubt: 'Go to the next thing to look at',
      evidence: 'Show what the sentence rests on',
      confirm: 'Confirm the sentence',
      insert_missing: 'Put in what may be missing',
      dismiss_missing: 'The first that may be missing is not missing',
      insert: 'Put in what is offered, or keep both texts',
      replace: 'Use what is offered instead, or the other text',
      keep: 'No thanks, or keep my text',
      pause: 'Pause and resume',
      object: 'The citizen objects',
      transcript: 'Show or hide the call',
      search: 'Search the call',
      next_hit: 'Next place found, in the search field',
      previous_hit: 'Previous place found, in the search field',
      left_out: 'Show what was left out',
      unsaved: 'Show the oldest draft that is not saved',
      calls: 'Go to the list of calls',
      new_call: 'Show the new call',
      language: 'Change language',
      close: 'Close what is open',
      help: 'Show the keys; ? outside text fields',
    },
    versions: 'Versions of the note',
    version: (number, at) => `Version ${number}, saved ${at}`,
    newest: 'the newest',
    compareWith: 'Compare with',
    yourText: 'the text now',
    sameAs: 'The two are the same.',
    how: 'Crossed out is only in what it is compared with, underlined only in this version.',
    onlyBefore: 'only in the other:',
    onlyHere: 'only in this version:',
    emptySection: '(empty)',
    take: 'Use the text',
    takeAll: 'Use the whole version',
    hits: (at, of) => (of === 0 ? 'None found' : `${at} of ${of}`),
    previousHit: 'Previous',
    nextHit: 'Next',
    againArea: 'Area',
    againSameArea: 'As before',
    againWish: 'A wish for the draft',
    againHint: 'For example: Be shorter. Only a language model can follow a wish. What you have written stays.',
    againGo: 'Make the draft',
    againCancel: 'Cancel',
  },
};
