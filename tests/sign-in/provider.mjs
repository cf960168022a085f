// A certified OpenID provider (npm oidc-provider) at the addresses of Entra, and a person who signs in there.
//
// node provider.mjs TOOLS     TOOLS: the folder in which oidc-provider is installed
// Prints one line of JSON: {"port": …}. Ends when its input ends.
//   POST /person  {"address": …}   opens the address as a browser does, signs in, consents, follows every redirect
import http from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const tools = createRequire(join(process.argv[2], 'anything.js'));
const { default: Provider } = await import(pathToFileURL(tools.resolve('oidc-provider')).href);
const TENANT = '00000000-0000-0000-0000-000000000101';
const RESOURCES = ['https://graph.microsoft.com', 'https://service.powerapps.com', 'https://management.azure.com'];
const resourceOf = (scope) => (scope ?? '').split(' ').find((part) => part.endsWith('/.default'))?.slice(0, -'/.default'.length);

const isForAll = (route) => ['authorization', 'device_authorization', 'resume', 'device_resume'].includes(route);
const allScopes = (scope) => [...new Set([...scope.split(' '), ...RESOURCES.map((resource) => `${resource}/.default`)])].join(' ');

const server = http.createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const port = server.address().port;

const provider = new Provider(`http://127.0.0.1:${port}/${TENANT}/v2.0`, {
  clients: [
    { client_id: '00000000-0000-0000-0000-000000000201', client_secret: 'a-secret-of-the-test', token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    { client_id: '00000000-0000-0000-0000-000000000202', application_type: 'native', token_endpoint_auth_method: 'none',
      redirect_uris: ['http://localhost'], response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'] },
  ],
  routes: { authorization: '/oauth2/v2.0/authorize', token: '/oauth2/v2.0/token', device_authorization: '/oauth2/v2.0/devicecode', code_verification: '/deviceauth' },
  scopes: ['openid', 'offline_access', ...RESOURCES.map((resource) => `${resource}/.default`)],
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    // As at Entra: `…/.default` names the audience, and whoever signed in for one may ask for the others.
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx, client, oneOf) => {
        const asked = resourceOf(ctx.oidc.params.scope) ?? oneOf?.[0];
        return isForAll(ctx.oidc.route) ? [asked, ...RESOURCES.filter((resource) => resource !== asked)] : asked;
      },
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => ({ scope: `${resource}/.default`, audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 3599 }),
    },
  },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  cookies: { keys: ['only for tests'] },
});
const judge = provider.callback();

// A browser with one person in it: keeps cookies, sends the first form of each page, follows redirects.
async function person(address) {
  const cookies = new Map();
  let next = { url: address };
  for (let step = 0; step < 20; step += 1) {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    const answer = await fetch(next.url, { method: next.body ? 'POST' : 'GET', body: next.body, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      if (value) cookies.set(name, value); else cookies.delete(name);
    }
    const text = await answer.text();
    const to = answer.headers.get('location');
    if (to) { next = { url: new URL(to, next.url).href }; continue; }
    const form = /<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/.exec(text);
    if (!form) return { status: answer.status, url: next.url, text: text.replace(/<[^>]*>|\s+/g, ' ').trim().slice(0, 400) };
    const fields = new URLSearchParams();
    for (const [input] of form[2].matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]+)"/.exec(input)?.[1];
      if (name) fields.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? (name === 'login' ? 'admin@contoso.example' : 'anything'));
    }
    next = { url: new URL(form[1].replaceAll('&amp;', '&'), next.url).href, body: fields };
  }
  throw new Error('the sign-in does not come to an end');
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

server.on('request', async (request, response) => {
  if (request.url === '/person') {
    const seen = await person(JSON.parse(await body(request)).address).catch((error) => ({ status: 0, text: String(error) }));
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify(seen));
  }
  request.originalUrl = request.url;
  if (request.url.startsWith(`/${TENANT}/`)) {
    request.url = request.url.slice(TENANT.length + 1);
    request.baseUrl = `/${TENANT}`;
  }
  // Consent at Entra is for the application, not for what it asked first: the grant covers every resource.
  if (request.url.startsWith('/oauth2/v2.0/authorize?')) {
    const address = new URL(request.url, 'http://localhost');
    address.searchParams.set('scope', allScopes(address.searchParams.get('scope') ?? ''));
    // The provider knows no choice of accounts; consent it asks for by name.
    address.searchParams.set('prompt', address.searchParams.get('prompt').replace('select_account', 'consent'));
    request.url = address.pathname + address.search;
  }
  if (request.url === '/oauth2/v2.0/devicecode') {
    const form = Object.fromEntries(new URLSearchParams(await body(request)));
    request.body = { ...form, scope: allScopes(form.scope ?? '') };
  }
  return judge(request, response);
});
console.log(JSON.stringify({ port }));
process.stdin.resume().on('end', () => process.exit(0));
