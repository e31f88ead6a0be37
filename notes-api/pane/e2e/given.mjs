// What the fake server begins from: sections and areas, figures of nobody, and the words and the draft of one invented call.

export const SECTIONS = [
  { id: 'reason', heading: 'Årsag til henvendelse' },
  { id: 'information', heading: 'Oplysninger' },
  { id: 'agreed', heading: 'Aftalt' },
];
const FACT = { id: 'rent', label: 'Husleje', kind: 'amount', cues: ['*husleje*'] };
const SETTINGS = {
  language: 'da',
  sections: SECTIONS.map((section) => ({ ...section, belongs: `Det, der hører til under »${section.heading}«.` })),
  length: 'normal',
  tone: 'Nøgternt.',
  categories: [{ id: 'moving', label: 'Flytning' }],
  must_note: [FACT, { id: 'wealth', label: 'Formue', kind: 'amount', cues: ['formue*'] }],
  glossary: ['boligstøtte'],
  transcript_days: 30,
  drafts_days: 90,
  activity_log_days: null,
  llm_is_local: false,
  pseudonyms: 'full',
};
const IN_FORCE = { version: 'ab'.repeat(32), in_force_since_ms: 1_772_452_800_000, settings: SETTINGS };
const MISTAKE = {
  line: 3,
  key: 'style.length',
  found: '"long"',
  problem: 'is none of these; write short, normal or detailed',
  code: 'none_of_these',
  arguments: ['short', 'normal', 'detailed'],
};
const BROKEN = {
  file: 'boligstoette.toml',
  since_ms: 1_772_452_900_000,
  kind: 'mistakes',
  detail: null,
  mistakes: [MISTAKE],
};
export const AREAS = [
  { id: 'boligstoette', ...IN_FORCE, problem: BROKEN },
  { id: 'standard', ...IN_FORCE, problem: null },
  { id: 'ny', version: null, in_force_since_ms: null, settings: null, problem: { ...BROKEN, file: 'ny.toml' } },
];
export const PREVIEW = {
  version: IN_FORCE.version,
  turns: [
    { track: 'near', start: 8000, text: 'Hvad bliver huslejen?' },
    { track: 'far', start: 48000, text: 'Den bliver 7.850 kroner.' },
  ],
  spoken_of: [{ id: 'rent', turns: [0] }],
};
export const AREA_DRAFT = {
  number: 1,
  attempt: 1,
  state: 'ready',
  failure: null,
  provisional: false,
  origin: { kind: 'embedded', model: 'embedded-4', trouble: 'not_configured', record: { model_reported: '' } },
  sentences: [
    {
      index: 0,
      section: 'reason',
      text: 'Huslejen bliver 7.580 kroner.',
      evidence: [{ track: 'far', start: 48000 }],
      flags: [{ kind: 'number', start: 16, end: 28, said: '7.850 kroner', reason: 'other_value', evidence: [] }],
      confirm: 'decision',
    },
  ],
  first_sentence_ms: null,
  whole_ms: null,
  missing: [{ kind: null, fact: 'Husleje', said: 'huslejen', evidence: { track: 'near', start: 8000 } }],
  uncertain: [],
};
const NO_TIMES = { n: 0, p25_s: null, p50_s: null, p75_s: null, p90_s: null, p95_s: null };
export const NO_FIGURES = {
  persons: 0,
  n: 0,
  active_correction: {
    ...NO_TIMES,
    share_under_120_s: null,
    sensitivity_p50_s: { 5: null, 15: null, 30: null, 60: null },
  },
  hang_up_to_whole_draft: NO_TIMES,
  whole_draft_bins: [],
  edits: { edit_ratio_bins: [], rubber_stamp_share: null },
  outcomes: {
    saved_unchanged: 0,
    saved_edited: 0,
    rewritten: 0,
    saved_without_draft: 0,
    unsaved: 0,
    failed: 0,
    discarded: 0,
  },
  groups: [],
  cells_left_out: 0,
};

export const TURNS = [
  ['far', 1_200, 'Goddag, det er Birthe. Jeg ringer, fordi min boligstøtte er stoppet.'],
  ['near', 6_400, 'Goddag Birthe. Er du flyttet for nylig?'],
  [
    'far',
    9_800,
    'Ja, jeg flyttede den 15. april til en mindre lejlighed i Odense. Jeg har meldt flytning til kommunen.',
  ],
  ['near', 17_000, 'Godt. Boligstøtten stopper altid, når man flytter, så du skal søge igen til den nye bolig.'],
  ['far', 23_500, 'Nå, det vidste jeg ikke. Hvad skal jeg sende til jer?'],
  ['near', 27_200, 'Jeg skal bruge lejekontrakten. Hvor meget betaler du i husleje om måneden?'],
  ['far', 32_800, 'Den nye husleje er 6.450 kroner uden varme. Lejligheden er på 58 kvadratmeter, og jeg bor alene.'],
  ['near', 40_100, 'Så upload lejekontrakten på borger.dk senest den 20. maj. Behandlingstiden er omkring fire uger.'],
];

export const DRAFT = [
  [
    'reason',
    'Borgeren ringer, fordi boligstøtten er stoppet efter flytning til en mindre lejlighed i Odense.',
    [
      ['far', 1_200],
      ['far', 9_800],
    ],
  ],
  ['information', 'Borgeren flyttede den 15. april og har meldt flytning til kommunen.', [['far', 9_800]]],
  ['information', 'Den nye husleje er 6.450 kroner uden varme.', [['far', 32_800]]],
  ['information', 'Lejligheden er på 58 kvadratmeter, og borgeren bor alene.', [['far', 32_800]]],
  ['agreed', 'Borgeren uploader lejekontrakten på borger.dk senest den 20. maj.', [['near', 40_100]]],
  ['agreed', 'Behandlingstiden er omkring fire uger.', [['near', 40_100]]],
];
