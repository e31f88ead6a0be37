// People who log in at a real provider, in Chromium, against the real server: node e2e/login.mjs PATH-OF-referent-notes-api
//
// The one who may comes in, connects a PC, and is out everywhere once they log out; the ones who may not read why. Ends with 1
// and a screenshot of where it stopped.

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { complaints, launch, same, screenshots, until } from './browser.mjs';
import { CLIENT, provide, SECRET, SUBSTANTIAL } from './provider.mjs';

const binary = process.argv[2];
if (binary === undefined) throw new Error('usage: node e2e/login.mjs PATH-OF-referent-notes-api');
const shot = screenshots(process.env.SCREENSHOTS ?? 'dist-test/screenshots-login');

/** A port that was free a moment ago: the provider has to know the server's address before the server starts. */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const folder = await mkdtemp(join(tmpdir(), 'referent-login-'));
const url = `http://127.0.0.1:${await freePort()}`;
const provider = await provide(url);
await writeFile(join(folder, 'secret'), SECRET, { mode: 0o600 });
const run = (...more) => spawn(binary, more, { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = (process) => new Promise((resolve) => process.once('exit', resolve));
const config = join(folder, 'notes-api.toml');
await writeFile(
  config,
  `http = "${url.slice('http://'.length)}"
grpc = "127.0.0.1:0"
database = "sqlite://${folder}/notes.db"

[tls]
ca = "${folder}/ca"
names = ["localhost"]
enrol = "127.0.0.1:0"

[login]
issuer = "${provider.issuer}"
client_id = "${CLIENT}"
client_secret_file = "${folder}/secret"
public_url = "${url}"
assurance = ["${SUBSTANTIAL}"]

[login.roles]
caseworker = ["sagsbehandler"]
team_lead = ["leder"]
`,
);
await ended(run('ca', 'init', '--config', config));
const server = run('--config', config);
const ready = await new Promise((resolve, reject) => {
  createInterface(server.stdout).once('line', (line) => resolve(JSON.parse(line)));
  server.once('exit', (code) => reject(new Error(`referent-notes-api ended with ${code}`)));
});
same(ready.token ?? null, null, 'a link that lets in beside the login');

const browser = await launch();
const found = [];
const stranger = async () => {
  const context = await browser.newContext({ viewport: { width: 420, height: 800 }, locale: 'da-DK' });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  found.push(complaints(page));
  await page.goto(url);
  await page.getByText('Log ind for at se dine opkald').waitFor();
  return page;
};
const logIn = async (page, { name, level = 'Betydelig', does = 'Videre' }) => {
  await page.getByRole('link', { name: 'Log ind' }).click();
  await page.getByLabel('Navn').fill(name);
  await page.getByLabel('Niveau').selectOption(level);
  await page.getByRole('button', { name: does }).click();
};
const session = (page) => page.evaluate(async () => (await fetch('/v1/session')).json());

const tell = async (last) => {
  const anna = await stranger();
  last.page = anna;
  await shot(anna, 'logged-out');
  const callbacks = [];
  anna.on('request', (request) => {
    if (request.url().includes('/v1/login/callback')) callbacks.push(request.url());
  });
  await logIn(anna, { name: 'anna' });
  await anna.getByText('Der er ingen opkald endnu').waitFor();
  await anna.getByText('Logget ind som anna').waitFor();
  same(new URL(anna.url()).href, `${url}/`, 'the address after logging in');
  same(await anna.evaluate(() => document.cookie), '', 'what a script sees of the session');
  same(await anna.evaluate(() => JSON.stringify({ ...sessionStorage })), '{}', 'what the browser keeps');
  await shot(anna, 'logged-in');
  await anna.reload();
  await anna.getByText('Logget ind som anna').waitFor();

  await anna.getByRole('button', { name: 'Tilslut denne pc' }).click();
  await until('a code', async () => /^[A-Z0-9-]{20,}$/.test(await anna.locator('.person code').textContent()));
  await shot(anna, 'a-code-for-the-pc');
  await anna.getByRole('button', { name: 'Luk' }).click();

  const manager = await anna.context().newPage();
  await manager.goto(`${url}/manager`);
  await manager.getByText('Din rolle giver ikke adgang til denne side').waitFor();
  await shot(manager, 'no-access');
  await manager.close();

  // The way back is good once, and in the browser alone that set out.
  const again = await anna.context().newPage();
  await again.goto(callbacks[0]);
  await again.waitForURL((at) => at.pathname === '/');
  await again.getByText('Logget ind som anna').waitFor();
  const other = await stranger();
  await other.goto(callbacks[0]);
  await other.getByText('Login tog for lang tid').waitFor();
  same((await session(other)).person, null, 'who came in with a link of another');
  await shot(other, 'again');

  const low = await stranger();
  await logIn(low, { name: 'anna', level: 'Lav' });
  await low.getByText('for lavt sikringsniveau').waitFor();
  await shot(low, 'too-low');
  const guest = await stranger();
  await logIn(guest, { name: 'gerd' });
  await guest.getByText('Du har ikke adgang til Referent').waitFor();
  const unwilling = await stranger();
  await logIn(unwilling, { name: 'anna', does: 'Annullér' });
  await unwilling.getByText('login blev afbrudt eller afvist').waitFor();
  for (const page of [low, guest, unwilling]) same((await session(page)).person, null, 'who was let in all the same');

  const lis = await stranger();
  await logIn(lis, { name: 'lis' });
  await lis.getByRole('link', { name: 'Rettetider' }).click();
  await lis.getByRole('heading').first().waitFor();
  await shot(lis, 'team-lead');

  // Whoever logs out is out in each of their windows.
  await anna.getByRole('button', { name: 'Log ud' }).click();
  await anna.waitForURL((at) => at.origin === provider.issuer);
  await anna
    .getByRole('button', { name: /yes|sign/i })
    .first()
    .click();
  await anna.getByText('Log ind for at se dine opkald').waitFor();
  await until('the other window to hear of it', () => again.getByRole('link', { name: 'Log ind' }).isVisible(), 15_000);
  same(await again.getByText('Logget ind som').isVisible(), false, 'a name on a page that is logged out');
  await shot(again, 'logged-out-elsewhere');
  same((await session(anna)).person, null, 'who is logged in after logging out');
};

const last = { page: null };
try {
  await tell(last);
  const all = found.flat();
  if (all.length > 0) throw new Error(`the page complained: ${all.join('; ')}`);
  process.stdout.write('ok    login\n');
} catch (error) {
  process.exitCode = 1;
  process.stdout.write(`FAIL  login: ${error.message}\n`);
  if (last.page !== null) await shot(last.page, 'failed').catch(() => undefined);
} finally {
  await browser.close();
  server.removeAllListeners('exit');
  server.kill();
  await ended(server);
  provider.close();
  await rm(folder, { recursive: true, force: true });
}
