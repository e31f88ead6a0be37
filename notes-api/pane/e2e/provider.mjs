// A real OpenID Connect provider (npm `oidc-provider`) whose people are made up, and whose login is one form.
//
// In: a name, a level of assurance, or a refusal, as a test types them. Out: what the provider makes of it, by its own rules.

import { createServer } from 'node:http';
import Provider from 'oidc-provider';

export const CLIENT = 'referent';
export const SECRET = 'a secret that the provider and the server share';
export const SUBSTANTIAL = 'https://data.gov.dk/concept/core/nsis/loa/Substantial';
const LOW = 'https://data.gov.dk/concept/core/nsis/loa/Low';

const PEOPLE = {
  anna: { roles: ['sagsbehandler'] },
  lis: { roles: ['leder'] },
  gerd: { roles: ['noget andet'] },
};

const FORM = `<!doctype html><html lang="da"><title>Login</title><form method="post">
<label>Navn <input name="name"></label>
<label>Niveau <select name="level"><option value="${SUBSTANTIAL}">Betydelig</option><option value="${LOW}">Lav</option></select></label>
<button name="does" value="in">Videre</button><button name="does" value="no">Annullér</button></form>`;

const read = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
};

const port = (server) =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });

/** Serves until `close`; `back` is the public address of the server whose people log in. */
export const provide = async (back) => {
  const server = createServer();
  const issuer = `http://127.0.0.1:${await port(server)}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT,
        client_secret: SECRET,
        redirect_uris: [`${back}/v1/login/callback`],
        post_logout_redirect_uris: [`${back}/`],
      },
    ],
    claims: { openid: ['sub', 'roles', 'acr'] },
    conformIdTokenClaims: false,
    acrValues: [SUBSTANTIAL, LOW],
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/person/${uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
    // Everybody has agreed beforehand that their employer's server is told who they are.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    cookies: { keys: ['only for this test'] },
    jwks: undefined,
    ttl: { Session: 3600, Grant: 3600, Interaction: 600, AuthorizationCode: 60, IdToken: 600, AccessToken: 600 },
  });
  provider.on('server_error', (_, error) => process.stderr.write(`provider: ${error.stack}\n`));
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    if (!request.url.startsWith('/person/')) return answer(request, response);
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      return response.end(FORM);
    }
    const typed = await read(request);
    const result =
      typed.get('does') === 'no'
        ? { error: 'access_denied', error_description: 'the person pressed Annullér' }
        : { login: { accountId: typed.get('name'), acr: typed.get('level'), remember: false } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  });
  return { issuer, close: () => server.close() };
};
