import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api, ApiError, backoff, type Hearing } from '../src/api';
import { json } from './given';

type Asked = readonly [string, RequestInit];

/** An `Api` whose requests are answered by a table, with a clock of its own. */
class Scripted extends Api {
  readonly asked: Asked[] = [];

  constructor(private readonly answers: (() => Response | Promise<Response>)[]) {
    let now = 0;
    super('', {
      now: () => now,
      random: () => 0.5,
      wait: (ms) => {
        now += ms;
        return new Promise((resolve) => setImmediate(resolve));
      },
    });
  }

  override request(path: string, init: RequestInit): Promise<Response> {
    this.asked.push([path, init]);
    const answer = this.answers.shift();
    return answer === undefined ? Promise.reject(new TypeError('no network')) : Promise.resolve().then(answer);
  }
}

const answer = (status: number, body: unknown) => (): Response => new Response(JSON.stringify(body), { status });
const header = ([, init]: Asked, name: string): string | null => new Headers(init.headers).get(name);

test('a write tells the revision that the person saw, and a 412 brings the other text', async () => {
  const current = { revision: 4, draft: 1, sections: { a: 'Deres.' } };
  const api = new Scripted([answer(200, { revision: 3 }), answer(412, { current })]);
  const edit = { revision: 2, draft: 1, sections: { a: 'Mit.' } };
  assert.deepEqual(await api.storeEdit('c', edit), {
    kind: 'stored',
    value: { ...edit, revision: 3 },
  });
  // A browser lets only so much outlive its page.
  const large = { ...edit, sections: { a: 'Mit. '.repeat(7_000) } };
  assert.deepEqual(await api.storeEdit('c', large), { kind: 'elsewhere', current });
  assert.deepEqual(
    api.asked.map((one) => header(one, 'if-match')),
    ['"2"', '"2"'],
  );
  assert.deepEqual(
    api.asked.map(([, init]) => init.keepalive),
    [true, false],
  );
});

test('every failure is one of four that a person can do something about', async () => {
  const table = [
    [401, 'unauthorised'],
    [404, 'unknown_call'],
    [410, 'unknown_call'],
    [428, 'server'],
    [503, 'server'],
  ] as const;
  for (const [status, problem] of table) {
    const asked = new Scripted([answer(status, {})]).call('c');
    await assert.rejects(asked, (error) => error instanceof ApiError && error.problem === problem, String(status));
  }
  await assert.rejects(
    new Scripted([]).call('c'),
    (error) => error instanceof ApiError && error.problem === 'unreachable',
  );
});

test('a stream that breaks is followed from the last event on', async () => {
  const stream =
    (...pieces: string[]) =>
    (): Response =>
      new Response(pieces.join(''), { status: 200 });
  const api = new Scripted([
    stream('id: 8\nevent: edit_saved\ndata: {"revision":1}\n\n', 'event: partial\ndata: {}\n\n'),
    answer(503, {}),
    stream('id: 9\nevent: edit_saved\ndata: {"revision":2}\n\nid: 10\nevent: broken\ndata: {\n\n'),
    answer(401, {}),
  ]);
  const heard: string[] = [];
  const hearing: Hearing = {
    opened: () => heard.push('opened'),
    message: (event, _, id) => heard.push(`${event} ${id}`),
    contact: (contact) => heard.push(contact),
  };
  await api.followCall('c', 7, hearing, new AbortController().signal);
  assert.deepEqual(
    api.asked.map(([path]) => path.split('?')[1]),
    ['after=7', 'after=8', 'after=8', 'after=10'],
  );
  assert.deepEqual(
    heard.filter((one) => one !== 'fine' && one !== 'lost'),
    ['opened', 'edit_saved 8', 'partial null', 'opened', 'edit_saved 9', 'unauthorised'],
  );
});

test('a list that is no list is refused', async () => {
  assert.equal((await new Scripted([answer(200, { calls: [json()] })]).calls()).length, 1);
  await assert.rejects(new Scripted([answer(200, { calls: 'none' })]).calls());
});

test('waiting grows to ten seconds and is spread by chance', () => {
  const table = [
    [0, 0, 125],
    [0, 1, 250],
    [3, 1, 2_000],
    [20, 0, 5_000],
    [20, 1, 10_000],
  ] as const;
  for (const [attempt, random, expected] of table) assert.equal(backoff(attempt, random), expected);
});
