// Every word that the pane and its page say, in Danish and English. A key that one language lacks does not compile.
//
// Danish: sentence case, whole sentences, 24-hour times, decimal comma, no jargon ("sprogmodel", never "LLM").
// What is wrong says what to do.

import type { Headline } from './questions';
import type { Problem } from './state';
import type {
  Direction,
  Failure,
  FlagKind,
  GapReason,
  NotTranscribedReason,
  SuppressedReason,
  Track,
  Trouble,
} from './wire';

export const LANGUAGES = ['da', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

interface Catalogue {
  languageName: string;
  decimalMark: string;
  // The page.
  calls: string;
  language: string;
  noCalls: string;
  noCallChosen: string;
  signingIn: string;
  signIn: string;
  signInUsed: string;
  serverAway: string;
  pc: {
    one: (state: string) => string;
    ready: string;
    noContact: string;
    several: (inContact: number) => string;
    lost: (pcs: number) => string;
    inTrouble: (pcs: number) => string;
  };
  newCall: string;
  showCall: string;
  today: string;
  yesterday: string;
  // The head of a call.
  caseNumber: (id: string) => string;
  direction: Record<Direction, string>;
  callEnded: (at: string) => string;
  headline: Record<Headline, string>;
  since: (at: string) => string;
  behind: (seconds: string) => string;
  version: (number: number) => string;
  draftAfter: (seconds: string) => string;
  withoutModel: string;
  provisional: string;
  microphone: string;
  citizen: string;
  level: (who: string) => string;
  // What is the matter, and what to do.
  trouble: Partial<Record<Headline, readonly [string, string]>>;
  unavailable: Record<Problem, readonly [string, string]>;
  draftComing: readonly [string, string];
  draftFailed: Record<Failure, readonly [string, string]>;
  draftByModel: (model: string) => readonly [string, string];
  draftByScript: readonly [string, string];
  draftWithoutModel: string;
  draftTrouble: Record<Trouble, string>;
  draftPicked: string;
  draftFilled: string;
  saveFailed: string;
  saveProblem: Record<Problem, string>;
  chooseFirst: readonly [string, string];
  elsewhere: readonly [string, string];
  noteSaved: string;
  unsavedCorrection: readonly [string, string];
  late: readonly [string, string];
  lateText: (utterances: number, saved: boolean) => readonly [string, string];
  correctionTime: (length: string) => string;
  draftCame: (seconds: string) => string;
  // The transcript.
  speaker: Record<Track, string>;
  echo: string;
  transcript: (utterances: number) => string;
  nothingSaid: string;
  missing: (whose: Track | 'both', from: string, to: string) => string;
  gapReason: Record<GapReason, string>;
  untranscribed: (whose: Track, from: string, to: string) => string;
  notTranscribedReason: Record<NotTranscribedReason, string>;
  suppressed: (count: number) => string;
  suppressedReason: Record<SuppressedReason, string>;
  show: string;
  // Draft and note.
  evidence: string;
  evidenceOf: (sentence: number, utterances: number) => string;
  noEvidence: string;
  doubt: Record<FlagKind, string>;
  close: string;
  offer: string;
  insert: string;
  replace: string;
  dismiss: string;
  otherVersion: string;
  keepMine: string;
  takeTheirs: string;
  emptied: string;
  takeBoth: string;
  writeHere: string;
  save: string;
  saveKey: (mac: boolean) => string;
  saving: string;
  again: string;
  amend: string;
  copy: string;
  copied: string;
  pause: string;
  resume: string;
  asking: string;
  objects: string;
  reallyErase: readonly [string, string];
  erase: string;
  keepCall: string;
  erasing: readonly [string, string];
  notErased: readonly [string, string];
  note: string;
  savedByItself: (at: string) => string;
  savesByItself: string;
  storing: string;
  notStored: string;
  soundIsErased: string;
}

const da: Catalogue = {
  languageName: 'Dansk',
  decimalMark: ',',
  calls: 'Opkald',
  language: 'Sprog',
  noCalls: 'Der er ingen opkald endnu. Det næste viser sig her af sig selv.',
  noCallChosen: 'Vælg et opkald, eller vent på det næste: det viser sig her af sig selv.',
  signingIn: 'Åbner …',
  signIn: 'Åbn linket, som programmet skrev, da det startede. Det begynder med denne adresse og slutter med #token=…',
  signInUsed: 'Linket er allerede brugt. Start programmet igen for at få et nyt, og åbn det i denne browser.',
  serverAway: 'Ingen kontakt til Referents server. Siden prøver igen af sig selv.',
  pc: {
    one: (state) => `Pc: ${state}`,
    ready: 'Klar',
    noContact:
      'Se efter, om Referent kører på pc’en, og om pc’en er på nettet. Siden viser det selv, når kontakten er der igen.',
    several: (inContact) => (inContact === 1 ? '1 pc er i kontakt' : `${inContact} pc’er er i kontakt`),
    lost: (pcs) => (pcs === 1 ? '1 pc har mistet kontakten' : `${pcs} pc’er har mistet kontakten`),
    inTrouble: (pcs) => (pcs === 1 ? '1 pc kan ikke optage' : `${pcs} pc’er kan ikke optage`),
  },
  newCall: 'Et nyt opkald er i gang.',
  showCall: 'Vis det',
  today: 'I dag',
  yesterday: 'I går',
  caseNumber: (id) => `sag ${id}`,
  direction: { incoming: 'Indgående opkald', outgoing: 'Udgående opkald', unknown: 'Opkald' },
  callEnded: (at) => `Samtale slut ${at}`,
  headline: {
    listening: 'Lytter',
    no_contact: 'Ingen kontakt',
    offline: 'Ingen kontakt',
    unauthorised: 'Du er logget ud',
    text_behind: 'Teksten er bagud',
    transcription_down: 'Samtalen bliver ikke til tekst',
    transcribing: 'Skriver det sidste af samtalen',
    drafting: 'Skriver udkast',
    draft_ready: 'Udkast klar',
    draft_failed: 'Udkast mislykkedes',
    amending: 'Retter notatet',
    saved: 'Notat gemt',
    discarded: 'Kasseret',
    starting: 'Åbner mikrofonen',
    paused: 'Sat på pause',
    awaiting_consent: 'Venter på borgerens ja',
    offline_keeping: 'Ingen kontakt, lyden gemmes',
    catching_up: 'Henter det forsømte',
    no_sound_near: 'Ingen lyd fra din mikrofon',
    no_sound_far: 'Ingen lyd fra borgeren',
    disk_full: 'Der optages ikke',
    not_allowed: 'Opkaldet må ikke optages',
  },
  since: (at) => `siden ${at}`,
  behind: (seconds) => `${seconds} s tale mangler`,
  version: (number) => `version ${number}`,
  draftAfter: (seconds) => `udkast efter ${seconds} s`,
  withoutModel: 'uden sprogmodel',
  provisional: 'foreløbigt',
  microphone: 'Mikrofon',
  citizen: 'Borger',
  level: (who) => `Lydstyrke: ${who}`,
  trouble: {
    offline: [
      'Siden har ikke kontakt til Referents server.',
      'Det, du skriver, bliver gemt i browseren, til kontakten er der igen. Luk ikke vinduet.',
    ],
    unauthorised: [
      'Åbn det nye link, som programmet skrev, da det startede igen.',
      'Åbn det i dette vindue. Det, du har skrevet, er gemt i browseren.',
    ],
    no_contact: [
      'Der kommer ingen lyd fra din pc lige nu.',
      'Lyden bliver gemt på pc’en og sendt, når forbindelsen er der igen. Du kan roligt tale videre.',
    ],
    text_behind: [
      'Teksten halter efter samtalen.',
      'Intet går tabt: den sidste tekst kommer om lidt, og så kommer udkastet.',
    ],
    transcription_down: [
      'Programmet, der skriver samtalen, svarer ikke.',
      'Lyden er gemt og bliver skrevet, når det svarer igen. Sig det til driften, hvis det varer ved.',
    ],
    awaiting_consent: ['Der optages ikke endnu.', 'Lyden begynder først, når borgeren har sagt ja.'],
    starting: ['Der optages ikke endnu.', 'Vent et øjeblik med det vigtige, til der står Lytter.'],
    paused: ['Optagelsen er sat på pause.', 'Det, der siges nu, kommer ikke med i notatet.'],
    offline_keeping: ['Lyden bliver gemt på din pc.', 'Teksten kommer, når forbindelsen er der igen. Tal bare videre.'],
    no_sound_near: [
      'Dine ord kommer ikke med.',
      'Se efter, om mikrofonen er slået fra på headsettet, eller vælg en anden mikrofon.',
    ],
    no_sound_far: [
      'Borgerens ord kommer ikke med.',
      'Se efter, om samtalens lyd afspilles på den højttaler eller det headset, som Referent lytter til.',
    ],
    disk_full: ['Der er ikke plads på pc’ens disk.', 'Ryd plads på disken; så optages der igen af sig selv.'],
    not_allowed: ['Området tillader ikke optagelse.', 'Skriv notatet selv efter samtalen.'],
    transcribing: ['Samtalen er slut.', 'Det sidste bliver til tekst, og så kommer udkastet.'],
    discarded: ['Samtalen er kasseret.', 'Tekst og udkast er slettet.'],
  },
  unavailable: {
    unreachable: ['Ingen kontakt til Referents server.', 'Siden prøver igen af sig selv.'],
    unauthorised: ['Du er logget ud.', 'Åbn linket, som programmet skrev, da det startede.'],
    unknown_call: ['Opkaldet findes ikke.', 'Vælg et andet på listen.'],
    server: ['Opkaldet kunne ikke hentes.', 'Siden prøver igen af sig selv. Sig det til driften, hvis det varer ved.'],
  },
  draftComing: ['Udkastet bliver skrevet.', 'Du kan begynde at skrive med det samme; din tekst bliver stående.'],
  draftFailed: {
    insufficient_content: [
      'Der blev sagt for lidt til et udkast.',
      'Skriv notatet selv nedenfor; samtalens tekst står nederst.',
    ],
    drafter_failed: [
      'Udkastet kunne ikke laves.',
      'Tryk »Nyt udkast« for at prøve igen, eller skriv notatet selv nedenfor.',
    ],
    language_not_supported: [
      'Der kan ikke laves udkast på samtalens sprog uden en sprogmodel.',
      'Skriv notatet selv nedenfor; samtalens tekst står nederst.',
    ],
    llm_unavailable: [
      'Der var ingen forbindelse til sprogmodellen.',
      'Tryk »Nyt udkast« om lidt, eller skriv notatet selv nedenfor.',
    ],
    llm_timeout: [
      'Sprogmodellen svarede ikke i tide.',
      'Tryk »Nyt udkast« for at prøve igen, eller skriv notatet selv nedenfor.',
    ],
    llm_refused: [
      'Sprogmodellen afviste opgaven.',
      'Skriv notatet selv nedenfor, og sig det til driften, hvis det sker igen.',
    ],
    quota: [
      'Sprogmodellen må ikke bruges mere lige nu.',
      'Skriv notatet selv nedenfor, eller tryk »Nyt udkast« senere. Sig det til driften.',
    ],
    redaction_failed: [
      'Personoplysninger kunne ikke skjules med sikkerhed, så intet blev sendt til sprogmodellen.',
      'Skriv notatet selv nedenfor; samtalens tekst står nederst.',
    ],
    policy: ['Reglerne for området tillader ikke et udkast her.', 'Skriv notatet selv nedenfor.'],
  },
  draftByModel: (model) => ['Læs udkastet igennem, før du gemmer.', `Det er lavet af sprogmodellen ${model}.`],
  draftByScript: ['Udkastet er en prøvetekst.', 'Det er ikke lavet ud fra samtalen.'],
  draftWithoutModel: 'Udkastet er lavet uden sprogmodel.',
  draftTrouble: {
    not_configured: 'Der er ikke sat en sprogmodel op.',
    llm_unavailable: 'Der var ingen forbindelse til sprogmodellen. Tryk »Nyt udkast« om lidt for at prøve igen.',
    llm_timeout: 'Sprogmodellen svarede ikke i tide. Tryk »Nyt udkast« for at prøve igen.',
    llm_refused: 'Sprogmodellen afviste opgaven. Sig det til driften, hvis det sker igen.',
    garbled: 'Sprogmodellens svar kunne ikke bruges. Tryk »Nyt udkast« for at prøve igen.',
    cut_off: 'Sprogmodellens svar stoppede midt i det hele. Se efter, om noget mangler.',
    quota: 'Sprogmodellen må ikke bruges mere lige nu. Prøv »Nyt udkast« senere, og sig det til driften.',
    redaction_failed: 'Personoplysninger kunne ikke skjules med sikkerhed, så intet blev sendt til sprogmodellen.',
    policy: 'Reglerne for området tillader ikke sprogmodellen her.',
    other: 'Sprogmodellen kunne ikke bruges.',
  },
  draftPicked: 'Sætningerne er valgt ud af samtalen; ret dem til.',
  draftFilled: 'Resten er valgt ud af samtalen.',
  saveFailed: 'Notatet blev ikke gemt.',
  saveProblem: {
    unreachable: 'Der er ingen kontakt til serveren. Din tekst er gemt i browseren; tryk »Gem notat« igen om lidt.',
    unauthorised: 'Du er logget ud. Din tekst er gemt i browseren; åbn det nye link i dette vindue, og gem igen.',
    unknown_call: 'Opkaldet findes ikke længere på serveren. Kopiér din tekst herfra.',
    server: 'Serveren kunne ikke tage imod det. Din tekst er her endnu; tryk »Gem notat« igen.',
  },
  chooseFirst: ['Vælg først, hvilken tekst der gælder.', 'Derefter kan notatet gemmes.'],
  elsewhere: ['Notatet er ændret et andet sted.', 'Begge tekster er her: vælg ved hvert afsnit, hvad der gælder.'],
  noteSaved: 'Notatet er gemt.',
  unsavedCorrection: ['Du har rettelser, der ikke er gemt i notatet.', 'Gem dem som en ny version.'],
  late: ['Der kom mere af samtalen, efter at du gemte.', 'Tryk »Ret notatet« for at se, hvad der tilbydes.'],
  lateText: (utterances, saved) => [
    `${utterances === 1 ? '1 replik' : `${utterances} replikker`} kom til, efter at du ${saved ? 'gemte' : 'begyndte at skrive'}.`,
    'Et nyt udkast tager dem med. Din tekst bliver stående; det nye tilbydes ved siden af.',
  ],
  correctionTime: (length) => `Rettetid ${length}`,
  draftCame: (seconds) => `udkastet kom ${seconds} s efter samtalen`,
  speaker: { near: 'Du', far: 'Borger' },
  echo: 'Borgerens stemme fra din højttaler. Ikke med i udkastet.',
  transcript: (utterances) => (utterances === 1 ? 'Samtalen (1 replik)' : `Samtalen (${utterances} replikker)`),
  nothingSaid: 'Ordene kommer her, når nogen siger noget.',
  missing: (whose, from, to) =>
    `Lyd mangler ${{ near: 'fra dig ', far: 'fra borgeren ', both: '' }[whose]}${from}–${to}`,
  gapReason: {
    not_started: 'lyden var ikke begyndt',
    before_consent: 'borgeren havde ikke sagt ja endnu',
    paused: 'optagelsen var sat på pause',
    not_allowed: 'opkaldet måtte ikke optages',
    no_source: 'pc’en har ikke denne lyd',
    device_lost: 'lydenheden forsvandt',
    overrun: 'pc’en nåede det ikke',
    agent_down: 'programmet var nede',
    asleep: 'pc’en sov',
    disk_full: 'disken var fuld',
    quota: 'pladsen til lyd var brugt op',
    damaged: 'lyden var beskadiget',
    key_gone: 'nøglen til lyden findes ikke længere',
    server_lost: 'serveren har mistet den',
    other: 'ukendt årsag',
  },
  untranscribed: (whose, from, to) => `Tale mangler fra ${whose === 'near' ? 'dig' : 'borgeren'} ${from}–${to}`,
  notTranscribedReason: {
    recogniser_failed: 'den kunne ikke skrives',
    recogniser_died: 'talegenkendelsen gik i stå',
    timed_out: 'talegenkendelsen brugte for lang tid',
    other: 'ukendt årsag',
  },
  suppressed: (count) =>
    count === 1
      ? '1 sted er udeladt, fordi teksten ikke var til at tro på.'
      : `${count} steder er udeladt, fordi teksten ikke var til at tro på.`,
  suppressedReason: {
    no_speech: 'ingen talte',
    low_probability: 'for usikkert hørt',
    repetition: 'de samme ord igen og igen',
    known_invention: 'opdigtet af talegenkendelsen',
    empty: 'der kom ingen ord',
    glossary_repeated: 'kun ord fra fagordlisten, og næsten ingen lyd',
    other: 'ukendt årsag',
  },
  show: 'Vis',
  evidence: 'Belæg',
  evidenceOf: (sentence, utterances) =>
    `Belæg for sætning ${sentence}: ${utterances === 1 ? '1 replik' : `${utterances} replikker`}`,
  noEvidence: 'Sætningen har intet belæg i samtalen.',
  doubt: {
    number: 'Tallet er ikke nævnt i samtalen.',
    date: 'Datoen er ikke nævnt i samtalen.',
    name: 'Navnet er ikke nævnt i samtalen.',
    speaker: 'Det var måske den anden, der sagde det.',
    negation: 'Der er måske et »ikke« for meget eller for lidt.',
    unsupported: 'Samtalen siger det måske ikke.',
    other: 'Sætningen er tvivlsom.',
  },
  close: 'Luk',
  offer: 'Udkastet har mere til dette afsnit',
  insert: 'Indsæt',
  replace: 'Erstat',
  dismiss: 'Nej tak',
  otherVersion: 'Ændret et andet sted',
  keepMine: 'Behold min',
  takeTheirs: 'Brug den anden',
  emptied: '(Teksten er slettet.)',
  takeBoth: 'Behold begge',
  writeHere: 'Skriv her',
  save: 'Gem notat',
  saveKey: (mac) => (mac ? '⌘+Enter' : 'Ctrl+Enter'),
  saving: 'Gemmer …',
  again: 'Nyt udkast',
  amend: 'Ret notatet',
  copy: 'Kopiér',
  copied: 'Kopieret',
  note: 'Journalnotat',
  savedByItself: (at) => `Gemt automatisk ${at}`,
  savesByItself: 'Gemmes løbende',
  storing: 'Gemmer …',
  notStored: 'Ikke gemt på serveren endnu',
  pause: 'Pause',
  resume: 'Fortsæt',
  asking: 'Beder pc’en om det …',
  objects: 'Borgeren siger nej',
  reallyErase: [
    'Skal hele samtalen slettes?',
    'Lyd, tekst, udkast og det, du har skrevet, slettes her og på pc’en og kan ikke hentes tilbage. Et gemt notat bliver stående.',
  ],
  erase: 'Slet samtalen',
  keepCall: 'Behold den',
  erasing: ['Sletter samtalen …', 'Det tager et øjeblik.'],
  notErased: ['Samtalen er ikke slettet.', 'Serveren svarede ikke. Prøv igen.'],
  soundIsErased: 'Lyden slettes, når den er blevet til tekst',
};

const en: Catalogue = {
  languageName: 'English',
  decimalMark: '.',
  calls: 'Calls',
  language: 'Language',
  noCalls: 'There are no calls yet. The next one appears here by itself.',
  noCallChosen: 'Choose a call, or wait for the next: it appears here by itself.',
  signingIn: 'Opening …',
  signIn: 'Open the link that the program printed when it started. It begins with this address and ends with #token=…',
  signInUsed: 'The link has been used already. Start the program again to get a new one, and open it in this browser.',
  serverAway: 'No contact with the Referent server. The page tries again by itself.',
  pc: {
    one: (state) => `PC: ${state}`,
    ready: 'Ready',
    noContact:
      'See whether Referent runs on the PC, and whether the PC is on the network. The page shows it when the contact is back.',
    several: (inContact) => (inContact === 1 ? '1 PC is in contact' : `${inContact} PCs are in contact`),
    lost: (pcs) => (pcs === 1 ? '1 PC has lost contact' : `${pcs} PCs have lost contact`),
    inTrouble: (pcs) => (pcs === 1 ? '1 PC cannot record' : `${pcs} PCs cannot record`),
  },
  newCall: 'A new call has begun.',
  showCall: 'Show it',
  today: 'Today',
  yesterday: 'Yesterday',
  caseNumber: (id) => `case ${id}`,
  direction: { incoming: 'Incoming call', outgoing: 'Outgoing call', unknown: 'Call' },
  callEnded: (at) => `Call ended ${at}`,
  headline: {
    listening: 'Listening',
    no_contact: 'No contact',
    offline: 'No contact',
    unauthorised: 'You are signed out',
    text_behind: 'The text is behind',
    transcription_down: 'The call is not becoming text',
    transcribing: 'Writing the last of the call',
    drafting: 'Writing the draft',
    draft_ready: 'Draft ready',
    draft_failed: 'No draft',
    amending: 'Correcting the note',
    saved: 'Note saved',
    discarded: 'Discarded',
    starting: 'Opening the microphone',
    paused: 'Paused',
    awaiting_consent: 'Waiting for the citizen’s yes',
    offline_keeping: 'No contact, the sound is kept',
    catching_up: 'Catching up',
    no_sound_near: 'No sound from your microphone',
    no_sound_far: 'No sound from the citizen',
    disk_full: 'Nothing is being recorded',
    not_allowed: 'This call must not be recorded',
  },
  since: (at) => `since ${at}`,
  behind: (seconds) => `${seconds} s of speech to go`,
  version: (number) => `version ${number}`,
  draftAfter: (seconds) => `draft after ${seconds} s`,
  withoutModel: 'without a language model',
  provisional: 'provisional',
  microphone: 'Microphone',
  citizen: 'Citizen',
  level: (who) => `Loudness: ${who}`,
  trouble: {
    offline: [
      'The page has no contact with the Referent server.',
      'What you write is kept in the browser until the contact is back. Do not close the window.',
    ],
    unauthorised: [
      'Open the new link that the program printed when it started again.',
      'Open it in this window. What you have written is kept in the browser.',
    ],
    no_contact: [
      'No sound is coming from your PC just now.',
      'It is kept on the PC and sent when the connection is back. You can go on talking.',
    ],
    text_behind: [
      'The text lags behind the call.',
      'Nothing is lost: the last of the text comes shortly, and then the draft.',
    ],
    transcription_down: [
      'The program that writes the call does not answer.',
      'The sound is kept and will be written when it answers again. Tell operations if this goes on.',
    ],
    awaiting_consent: ['Nothing is being recorded yet.', 'The sound begins when the citizen has said yes.'],
    starting: ['Nothing is recorded yet.', 'Wait a moment with what matters, until it says Listening.'],
    paused: ['The recording is paused.', 'What is said now will not be in the note.'],
    offline_keeping: [
      'The sound is kept on your PC.',
      'The text comes when the connection is back. Just go on talking.',
    ],
    no_sound_near: [
      'Your words are not coming through.',
      'See whether the microphone is muted on the headset, or choose another microphone.',
    ],
    no_sound_far: [
      'The citizen’s words are not coming through.',
      'See whether the call is played on the loudspeaker or headset that Referent listens to.',
    ],
    disk_full: ['There is no room on the PC’s disk.', 'Make room on it; recording then goes on by itself.'],
    not_allowed: ['The area does not allow recording.', 'Write the note yourself after the call.'],
    transcribing: ['The call has ended.', 'The last of it is becoming text, and then the draft comes.'],
    discarded: ['The call was discarded.', 'Text and draft are erased.'],
  },
  unavailable: {
    unreachable: ['No contact with the Referent server.', 'The page tries again by itself.'],
    unauthorised: ['You are signed out.', 'Open the link that the program printed when it started.'],
    unknown_call: ['There is no such call.', 'Choose another one on the list.'],
    server: ['The call could not be fetched.', 'The page tries again by itself. Tell operations if this goes on.'],
  },
  draftComing: ['The draft is being written.', 'You can begin to write at once; your text stays.'],
  draftFailed: {
    insufficient_content: [
      'Too little was said for a draft.',
      'Write the note yourself below; the text of the call stands at the bottom.',
    ],
    drafter_failed: [
      'The draft could not be made.',
      'Press “New draft” to try again, or write the note yourself below.',
    ],
    language_not_supported: [
      'Without a language model no draft can be made in the language of this call.',
      'Write the note yourself below; the text of the call stands at the bottom.',
    ],
    llm_unavailable: [
      'There was no connection to the language model.',
      'Press “New draft” in a moment, or write the note yourself below.',
    ],
    llm_timeout: [
      'The language model did not answer in time.',
      'Press “New draft” to try again, or write the note yourself below.',
    ],
    llm_refused: [
      'The language model refused the task.',
      'Write the note yourself below, and tell operations if it happens again.',
    ],
    quota: [
      'The language model may not be used any more for now.',
      'Write the note yourself below, or press “New draft” later. Tell operations.',
    ],
    redaction_failed: [
      'Personal details could not be hidden with certainty, so nothing was sent to the language model.',
      'Write the note yourself below; the text of the call stands at the bottom.',
    ],
    policy: ['The rules of the department do not allow a draft here.', 'Write the note yourself below.'],
  },
  draftByModel: (model) => ['Read the draft before you save.', `It was made by the language model ${model}.`],
  draftByScript: ['The draft is a test text.', 'It was not made from the call.'],
  draftWithoutModel: 'The draft was made without a language model.',
  draftTrouble: {
    not_configured: 'No language model is set up.',
    llm_unavailable: 'There was no connection to the language model. Press “New draft” in a moment to try again.',
    llm_timeout: 'The language model did not answer in time. Press “New draft” to try again.',
    llm_refused: 'The language model refused the task. Tell operations if it happens again.',
    garbled: 'The language model’s answer was of no use. Press “New draft” to try again.',
    cut_off: 'The language model’s answer stopped in the middle. Look whether something is missing.',
    quota: 'The language model may not be used any more for now. Try “New draft” later, and tell operations.',
    redaction_failed: 'Personal details could not be hidden with certainty, so nothing was sent to the language model.',
    policy: 'The rules of the department do not allow the language model here.',
    other: 'The language model could not be used.',
  },
  draftPicked: 'The sentences were picked from the call; put them right.',
  draftFilled: 'The rest was picked from the call.',
  saveFailed: 'The note was not saved.',
  saveProblem: {
    unreachable: 'There is no contact with the server. Your text is kept in the browser; press “Save note” again soon.',
    unauthorised:
      'You are signed out. Your text is kept in the browser; open the new link in this window and save again.',
    unknown_call: 'The server no longer has this call. Copy your text from here.',
    server: 'The server could not take it. Your text is still here; press “Save note” again.',
  },
  chooseFirst: ['First choose which text is right.', 'Then the note can be saved.'],
  elsewhere: ['The note was changed elsewhere.', 'Both texts are here: choose at each section which is right.'],
  noteSaved: 'The note is saved.',
  unsavedCorrection: ['You have corrections that are not saved in the note.', 'Save them as a new version.'],
  late: ['More of the call came after you saved.', 'Press “Correct the note” to see what is offered.'],
  lateText: (utterances, saved) => [
    `${utterances === 1 ? '1 utterance' : `${utterances} utterances`} came after you ${saved ? 'saved' : 'began to write'}.`,
    'A new draft will cover them. Your text stays; what is new is offered beside it.',
  ],
  correctionTime: (length) => `Correction time ${length}`,
  draftCame: (seconds) => `the draft came ${seconds} s after the call`,
  speaker: { near: 'You', far: 'Citizen' },
  echo: 'The citizen’s voice from your loudspeaker. Not part of the draft.',
  transcript: (utterances) => (utterances === 1 ? 'The call (1 utterance)' : `The call (${utterances} utterances)`),
  nothingSaid: 'The words appear here when somebody speaks.',
  missing: (whose, from, to) =>
    `Sound missing ${{ near: 'from you ', far: 'from the citizen ', both: '' }[whose]}${from}–${to}`,
  gapReason: {
    not_started: 'the sound had not begun',
    before_consent: 'the citizen had not said yes yet',
    paused: 'the recording was paused',
    not_allowed: 'the call must not be recorded',
    no_source: 'the PC does not have this sound',
    device_lost: 'the sound device went away',
    overrun: 'the PC was too busy',
    agent_down: 'the program was down',
    asleep: 'the PC was asleep',
    disk_full: 'the disk was full',
    quota: 'the room for sound was used up',
    damaged: 'the sound was damaged',
    key_gone: 'the key to the sound is gone',
    server_lost: 'the server lost it',
    other: 'unknown reason',
  },
  untranscribed: (whose, from, to) => `Speech missing from ${whose === 'near' ? 'you' : 'the citizen'} ${from}–${to}`,
  notTranscribedReason: {
    recogniser_failed: 'it could not be written',
    recogniser_died: 'the speech recognition stopped',
    timed_out: 'the speech recognition took too long',
    other: 'unknown reason',
  },
  suppressed: (count) =>
    count === 1
      ? '1 place is left out because its text could not be believed.'
      : `${count} places are left out because their text could not be believed.`,
  suppressedReason: {
    no_speech: 'nobody spoke',
    low_probability: 'heard too uncertainly',
    repetition: 'the same words over and over',
    known_invention: 'invented by the speech recognition',
    empty: 'no words came',
    glossary_repeated: 'only words of the glossary, and hardly any sound',
    other: 'unknown reason',
  },
  show: 'Show',
  evidence: 'Evidence',
  evidenceOf: (sentence, utterances) =>
    `Evidence for sentence ${sentence}: ${utterances === 1 ? '1 utterance' : `${utterances} utterances`}`,
  noEvidence: 'The sentence has no evidence in the call.',
  doubt: {
    number: 'The call does not mention the number.',
    date: 'The call does not mention the date.',
    name: 'The call does not mention the name.',
    speaker: 'Perhaps the other one said it.',
    negation: 'There may be a “not” too many or too few.',
    unsupported: 'The call may not say this.',
    other: 'The sentence is doubtful.',
  },
  close: 'Close',
  offer: 'The draft has more for this section',
  insert: 'Insert',
  replace: 'Replace',
  dismiss: 'No thanks',
  otherVersion: 'Changed elsewhere',
  keepMine: 'Keep mine',
  takeTheirs: 'Use the other',
  emptied: '(The text was deleted.)',
  takeBoth: 'Keep both',
  writeHere: 'Write here',
  save: 'Save note',
  saveKey: (mac) => (mac ? '⌘+Enter' : 'Ctrl+Enter'),
  saving: 'Saving …',
  again: 'New draft',
  amend: 'Correct the note',
  copy: 'Copy',
  copied: 'Copied',
  note: 'Journal note',
  savedByItself: (at) => `Saved automatically ${at}`,
  savesByItself: 'Saved as you write',
  storing: 'Saving …',
  notStored: 'Not stored on the server yet',
  pause: 'Pause',
  resume: 'Resume',
  asking: 'Asking the PC …',
  objects: 'The citizen objects',
  reallyErase: [
    'Erase the whole call?',
    'Sound, text, draft and what you have written are erased here and on the PC, and do not come back. A saved note stays.',
  ],
  erase: 'Erase the call',
  keepCall: 'Keep it',
  erasing: ['Erasing the call …', 'This takes a moment.'],
  notErased: ['The call is not erased.', 'The server did not answer. Try again.'],
  soundIsErased: 'The sound is erased once it is text',
};

export type { Catalogue };
export const CATALOGUES: Record<Language, Catalogue> = { da, en };

export const languageOf = (tag: string | null | undefined): Language =>
  LANGUAGES.find((language) => tag?.toLowerCase().startsWith(language)) ?? 'da';
