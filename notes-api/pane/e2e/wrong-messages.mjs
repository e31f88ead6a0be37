// Messages that are none, by name: what a page around the frame, or whatever got into the frame, could send instead of the
// protocol's. Made in the browser, because most of it could not come there by JSON.
//
// In: `to`, the side that they are meant for (`host`, `frame`). Out: how many of each name were sent.

const CALL = '01890a5d-ac96-774b-bcce-b302099a8057';
const CPR = { kind: 'cpr', value: '610564-1234' };
/** One of each kind and shape, whole but for version and id. */
export const RIGHT = {
  frame: [
    { kind: 'launch', code: 'a-code' },
    { kind: 'context', case_id: '2026-200417' },
    { kind: 'context', case_id: '2026-200417', identifiers: [CPR] },
    { kind: 'language', lang: 'en' },
  ],
  host: [
    { kind: 'ready' },
    { kind: 'launch_wanted' },
    { kind: 'draft_ready', call: CALL, case_id: '2026-114823' },
    { kind: 'note_saved', call: CALL, note: CALL, version: 1, case_id: '2026-114823' },
    { kind: 'height', px: 777 },
    { kind: 'state', call: CALL, state: 'saved' },
    { kind: 'refused', why: 'version' },
  ],
};

/** Runs in a browser: sends to `window.target` and gives back the names of what it sent, each with its count. */
export const sendWrong = async (right) => {
  const sent = {};
  const send = (name, data, transfer = []) => {
    window.target.postMessage(data, '*', transfer);
    sent[name] = (sent[name] ?? 0) + 1;
  };
  const whole = (saying) => ({ referent: 1, id: crypto.randomUUID(), ...saying });
  const own = (object, key, value) => Object.defineProperty(object, key, { value, enumerable: true });
  const circle = { referent: 1 };
  circle.kind = circle;

  const nothing = {
    null: null,
    undefined,
    true: true,
    'a number': 1,
    'not a number': Number.NaN,
    'a big integer': 1n,
    'an empty text': '',
    'a word': 'launch',
    'an empty list': [],
    'an empty object': {},
    'a date': new Date(),
    'an expression': /launch/,
    'an error': new Error('launch'),
    'a blob': new Blob(['launch']),
    'a file': new File(['launch'], 'launch'),
    'an image': new ImageData(1, 1),
    'a rectangle': new DOMRect(),
    'bytes in a buffer': new ArrayBuffer(1_024),
    'a view of bytes': new Uint8Array(1_024),
    'a wrapped text': Object('launch'),
    'a wrapped number': Object(1),
    'a circle': circle,
    'a list of a million': new Array(1_000_000).fill(1),
    'a list with holes': new Array(1_000_000),
    'a text of a megabyte': 'x'.repeat(1_000_000),
    'another program’s message': { source: 'devtools', payload: { kind: 'launch' } },
  };
  for (const [name, data] of Object.entries(nothing)) send(name, data);
  const { port1 } = new MessageChannel();
  send('a port', port1, [port1]);
  const stream = new ReadableStream();
  send('a stream', stream, [stream]);

  const strange = {
    null: null,
    undefined,
    true: true,
    'half a number': 0.5,
    'a number below 0': -1,
    'no end': Number.POSITIVE_INFINITY,
    'a big integer': 1n,
    'an empty text': '',
    'a control character': 'a\u0000',
    'a line break': 'a\nb',
    'a long text': 'x'.repeat(300),
    'a text of a megabyte': 'x'.repeat(1_000_000),
    'a list': ['x'],
    'an object': { x: 1 },
    'a date': new Date(),
    'a map': new Map([['x', 1]]),
    'an expression': /x/,
    bytes: new Uint8Array(8),
    'a blob': new Blob(['x']),
    'the message itself': circle,
  };
  // What a field allows: none of a right message’s values may come out of `strange`.
  const allowed = (key, name) => key === 'case_id' && name === 'null';
  for (const saying of right) {
    const { kind } = saying;
    for (const key of ['referent', 'id', 'kind', ...Object.keys(saying).filter((name) => name !== 'kind')]) {
      if (key === 'identifiers') continue;
      const { [key]: value, ...less } = whole(saying);
      send(`${kind} without ${key}`, less);
      send(`${kind} with ${key} written otherwise`, { ...less, [key.toUpperCase()]: value });
      send(`${kind} with ${key} under __proto__`, own({ ...less }, '__proto__', { [key]: value }));
      for (const [name, other] of Object.entries(strange)) {
        if (!allowed(key, name)) send(`${kind} with ${key} that is ${name}`, { ...whole(saying), [key]: other });
      }
    }
    for (const version of [0, 2, 3, 4_294_967_296, '1', '2', [1]]) {
      send(`${kind} of version ${JSON.stringify(version)}`, { ...whole(saying), referent: version });
    }
    for (const id of [
      'A'.repeat(36),
      crypto.randomUUID().toUpperCase(),
      `{${crypto.randomUUID()}}`,
      'x',
      '0'.repeat(36),
    ]) {
      send(`${kind} with an id like ${id.replace(/[0-9a-f-]{30,}/i, '…')}`, { ...whole(saying), id });
    }
    for (const other of [`${kind} `, `${kind}s`, kind.toUpperCase(), 'constructor', '__proto__', 'toString', 'eval']) {
      send(`${kind} called ${JSON.stringify(other)}`, { ...whole(saying), kind: other });
    }
    for (const key of ['more', '', '__proto__', 'constructor', 'then', 'toJSON', 'origin', 'source']) {
      send(`${kind} with a key ${JSON.stringify(key)} too many`, own(whole(saying), key, 'x'));
    }
    send(`${kind} with a thousand keys`, {
      ...whole(saying),
      ...Object.fromEntries(
        Array(1_000)
          .fill()
          .map((_, i) => [`k${i}`, i]),
      ),
    });
    send(`${kind} with a key of a megabyte`, { ...whole(saying), ['k'.repeat(1_000_000)]: 1 });
    send(`${kind} in a list`, [whole(saying)]);
    send(`${kind} in an object`, { data: whole(saying) });
    send(`${kind} in a map`, new Map(Object.entries(whole(saying))));
    send(`${kind} in a set`, new Set([whole(saying)]));
    send(`${kind} as JSON`, JSON.stringify(whole(saying)));
    send(`${kind} with the fields below`, { referent: 1, id: crypto.randomUUID(), kind, fields: saying });
  }
  for (const saying of right.filter(({ identifiers }) => identifiers !== undefined)) {
    const [one] = saying.identifiers;
    const lists = {
      'a text': one.value,
      'an object': { 0: one, length: 1 },
      texts: [one.value],
      'lists in it': [[one]],
      'a name': [{ kind: 'name', value: 'Birthe' }],
      words: [{ ...one, value: 'min kones er' }],
      'a number': [{ ...one, value: 6105641234 }],
      'another key': [{ ...one, name: 'x' }],
      'no value': [{ kind: 'cpr' }],
      holes: new Array(2),
      'another key of the list': Object.assign([one], { more: 1 }),
      'twenty-one': new Array(21).fill(one),
      'a million': new Array(1_000_000).fill(0),
    };
    for (const [name, identifiers] of Object.entries(lists)) {
      send(`${saying.kind} with identifiers: ${name}`, { ...whole(saying), identifiers });
    }
  }
  // Whatever was sent before is heard before this: messages of one window come in order.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return sent;
};

/** Right messages, from a window that has no right to send them. */
export const sendRight = async (right) => {
  const sent = {};
  for (const saying of right) {
    window.target.postMessage({ referent: 1, id: crypto.randomUUID(), ...saying }, '*');
    sent[saying.kind] = (sent[saying.kind] ?? 0) + 1;
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  return sent;
};
