// A made-up case system: the sample page of docs/examples, and any other, from a site that is not Referent's.
//
// In: Referent's address and the key of `POST /v1/launch`. Out: `http://localhost:…`, which is another site than the
// `http://127.0.0.1:…` that Referent has here, and the codes that its pages ask for.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const SAMPLE = new URL('../../../docs/examples/host.html', import.meta.url);
export const samplePage = () => readFileSync(SAMPLE, 'utf8');

export class Host {
  /** How many codes its pages asked for. */
  launches = 0;
  pages = new Map();
  #server = createServer((request, response) => {
    this.#answer(request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });

  constructor(referent, key) {
    this.referent = referent;
    this.key = key;
    this.pages.set('/', samplePage().replaceAll('https://referent.example', referent));
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://localhost:${this.#server.address().port}`;
    return this.origin;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://host');
    if (request.method === 'POST' && pathname === '/launch') {
      this.launches += 1;
      const answer = await fetch(`${this.referent}/v1/launch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${this.key}` },
        body: JSON.stringify({ user: 'sagsbehandler', case_id: searchParams.get('case') }),
      });
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      return response.end(await answer.text());
    }
    const page = this.pages.get(pathname);
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' });
    return response.end(page ?? '');
  }
}
