// Every word that the page of the areas says, in Danish and English. Apart from `catalogue.ts`, because the pane needs
// none of them and would have to carry them.

import type { Kind, Length, NoDraft, Pseudonyms, TroubleKind } from './areas-wire';
import type { Language } from './catalogue';

interface AreaWords {
  areas: string;
  noAreas: string;
  toCalls: string;
  inForce: (since: string, version: string) => string;
  neverInForce: string;
  hasTrouble: string;
  trouble: Record<TroubleKind, readonly [string, string]>;
  sinceThen: (since: string) => string;
  line: (number: number) => string;
  language: (code: string) => string;
  sections: string;
  nothingBelongs: string;
  mustNote: string;
  noMustNote: string;
  kind: Record<Kind, string>;
  cues: (cues: string) => string;
  categories: string;
  style: string;
  length: Record<Length, string>;
  glossary: string;
  data: string;
  model: (isLocal: boolean) => string;
  pseudonyms: Record<Pseudonyms, string>;
  days: (transcript: string, drafts: string, log: string) => string;
  daysNotYet: string;
  noDays: string;
  preview: string;
  previewIs: string;
  found: string;
  notFound: string;
  inLines: (lines: string) => string;
  noPreview: string;
  writing: string;
  noDraft: Record<NoDraft, string>;
  speaker: Record<'near' | 'far', string>;
}

const da: AreaWords = {
  areas: 'Områder',
  noAreas: 'Der er ingen områder.',
  toCalls: 'Til opkaldene',
  inForce: (since, version) => `I kraft siden ${since}, version ${version}`,
  neverInForce: 'Området har aldrig haft en fil uden fejl. Opkald får standardområdet, til filen er rettet.',
  hasTrouble: 'fejl i filen',
  trouble: {
    mistakes: [
      'Filen har fejl og er ikke taget i brug.',
      'Det, der gjaldt før, gælder stadig. Ret linjerne, og gem filen.',
    ],
    unreadable: ['Filen kan ikke læses.', 'Det, der gjaldt før, gælder stadig. Se efter, om serveren må læse filen.'],
    gone: [
      'Filen er væk.',
      'Området gælder stadig, til serveren startes igen. Læg filen tilbage, hvis det skal blive.',
    ],
  },
  sinceThen: (since) => `Opdaget ${since}.`,
  line: (number) => `Linje ${number}`,
  language: (code) => (code === 'en' ? 'Notatet skrives på engelsk.' : 'Notatet skrives på dansk.'),
  sections: 'Afsnit i notatet',
  nothingBelongs: 'Der står ikke, hvad der hører til her.',
  mustNote: 'Skal med i notatet, hvis der tales om det',
  noMustNote: 'Området nævner ingen.',
  kind: {
    number: 'tal',
    amount: 'beløb',
    date: 'dato',
    time: 'klokkeslæt',
    name: 'navn',
    address: 'adresse',
    other: 'andet',
  },
  cues: (cues) => `Kendes på: ${cues}`,
  categories: 'Emner',
  style: 'Stil',
  length: {
    short: 'Kort: kun det, nogen vil lede efter senere.',
    normal: 'Almindelig længde.',
    detailed: 'Udførligt: også samtalens forløb.',
  },
  glossary: 'Fagord, som talegenkendelsen får at vide',
  data: 'Oplysninger om borgeren',
  model: (isLocal) =>
    isLocal ? 'Sprogmodellen er myndighedens egen.' : 'Sprogmodellen er ikke myndighedens egen, hvis der er en.',
  pseudonyms: {
    none: 'Navne og numre sendes til sprogmodellen, som de er.',
    identifiers: 'Numre og adresser, der peger på én person, erstattes, før noget sendes til sprogmodellen.',
    full: 'Navne, numre og adresser erstattes, før noget sendes til sprogmodellen.',
  },
  days: (transcript, drafts, log) =>
    `Opbevaring i dage: samtalens tekst ${transcript}, udkast ${drafts}, aktivitetslog ${log}.`,
  daysNotYet: 'Fristerne vises kun. Der bliver endnu ikke slettet efter dem.',
  noDays: 'ikke angivet',
  preview: 'Prøve på en opdigtet samtale',
  previewIs:
    'Samtalen er opdigtet. Her ses, hvad området leder efter, og hvilket udkast der kommer ud af det. Én samtale siger ikke meget om den næste; prøv flere med kommandoen »referent-pipeline preview«.',
  found: 'Omtalt i samtalen',
  notFound: 'Ikke omtalt',
  inLines: (lines) => `linje ${lines}`,
  noPreview: 'Prøven kunne ikke hentes. Genindlæs siden om lidt.',
  writing: 'Udkastet bliver skrevet …',
  noDraft: {
    busy: 'Andre er ved at prøve områder af. Prøv igen om lidt.',
    no_pipeline: 'Der er ingen pipeline, som kan skrive udkast lige nu. Sig det til driften, eller prøv igen om lidt.',
    late: 'Udkastet kom ikke i tide. Prøv igen, og sig det til driften, hvis det sker hver gang.',
    other: 'Udkastet kunne ikke hentes. Prøv igen om lidt.',
  },
  speaker: { near: 'Sagsbehandler', far: 'Borger' },
};

const en: AreaWords = {
  areas: 'Areas',
  noAreas: 'There are no areas.',
  toCalls: 'To the calls',
  inForce: (since, version) => `In force since ${since}, version ${version}`,
  neverInForce: 'This area never had a file without mistakes. Calls get the standard area until it is corrected.',
  hasTrouble: 'mistakes in the file',
  trouble: {
    mistakes: [
      'The file has mistakes and is not in use.',
      'What held before still holds. Correct the lines and save the file.',
    ],
    unreadable: ['The file cannot be read.', 'What held before still holds. See whether the server may read the file.'],
    gone: ['The file is gone.', 'The area holds until the server is started anew. Put the file back if it shall stay.'],
  },
  sinceThen: (since) => `Found ${since}.`,
  line: (number) => `Line ${number}`,
  language: (code) => (code === 'en' ? 'The note is written in English.' : 'The note is written in Danish.'),
  sections: 'Sections of the note',
  nothingBelongs: 'Nothing is said of what belongs here.',
  mustNote: 'Must be in the note if it is spoken of',
  noMustNote: 'The area names none.',
  kind: {
    number: 'number',
    amount: 'amount',
    date: 'date',
    time: 'time',
    name: 'name',
    address: 'address',
    other: 'other',
  },
  cues: (cues) => `Known by: ${cues}`,
  categories: 'Matters',
  style: 'Style',
  length: {
    short: 'Short: only what somebody will look for later.',
    normal: 'Of normal length.',
    detailed: 'Detailed: the course of the call as well.',
  },
  glossary: 'Trade words that speech recognition is told',
  data: 'Data of the citizen',
  model: (isLocal) =>
    isLocal
      ? 'The language model is the authority’s own.'
      : 'The language model, if there is one, is not the authority’s own.',
  pseudonyms: {
    none: 'Names and numbers go to the language model as they are.',
    identifiers: 'Numbers and addresses that name one person are replaced before anything goes to the language model.',
    full: 'Names, numbers and addresses are replaced before anything goes to the language model.',
  },
  days: (transcript, drafts, log) =>
    `Kept for days: the text of the call ${transcript}, drafts ${drafts}, activity log ${log}.`,
  daysNotYet: 'These are only shown. Nothing is erased by them yet.',
  noDays: 'not said',
  preview: 'Tried on a made-up call',
  previewIs:
    'The call is made up. This shows what the area looks for, and which draft comes of it. One call says little about the next; try several with the command “referent-pipeline preview”.',
  found: 'Spoken of in the call',
  notFound: 'Not spoken of',
  inLines: (lines) => `line ${lines}`,
  noPreview: 'The preview could not be fetched. Load the page again in a moment.',
  writing: 'The draft is being written …',
  noDraft: {
    busy: 'Others are trying areas just now. Try again in a moment.',
    no_pipeline: 'There is no pipeline that can write drafts just now. Tell operations, or try again in a moment.',
    late: 'The draft did not come in time. Try again, and tell operations if it happens each time.',
    other: 'The draft could not be fetched. Try again in a moment.',
  },
  speaker: { near: 'Caseworker', far: 'Citizen' },
};

export const AREA_WORDS: Readonly<Record<Language, AreaWords>> = { da, en };
