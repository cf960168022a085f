// Judges requests to Azure, and answers of a simulated Azure, by the vendor's own OpenAPI files with the vendor's own
// validator (npm package oav).
//
//   node tests/contracts/oav.mjs SPECIFICATIONS < exchanges.jsonl
//
// HIGHWATER_TEST_JUDGES names the folder that holds node_modules with oav; SPECIFICATIONS is a folder of OpenAPI files.
// One exchange a line:
//   {"name": "…", "request": {"method": "GET", "url": "https://…", "headers": {}, "body": {}},
//    "response": {"status": 200, "headers": {}, "body": {}}}          (without a response only the request is judged)
// Files that others refer to and that are not in the folder are replaced by the least that can be said of them: what
// they would describe is not judged, everything else is. Examples are left out.
// Prints one JSON line for each finding and one for the summary. Exits with 0 when there is none, 1 when there is one,
// 2 when it could not judge. The validator passes over unknown query parameters: those are a test of ours.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const folder = process.env.HIGHWATER_TEST_JUDGES;
const specifications = process.argv[2];
if (!folder || !specifications) {
  console.error('usage: HIGHWATER_TEST_JUDGES=FOLDER node oav.mjs SPECIFICATIONS < exchanges.jsonl');
  process.exit(2);
}

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Walks a document; `change` may give another value for an object. */
function walk(value, change) {
  if (Array.isArray(value)) return value.map((item) => walk(item, change));
  if (value === null || typeof value !== 'object') return value;
  const changed = change(value);
  if (changed !== undefined) return changed;
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => key !== 'x-ms-examples').map(([key, item]) => [key, walk(item, change)]),
  );
}

/** The file of the folder that a reference means: `./network.json` is `network-2021-02-01-network.json`. */
function meant(file, files) {
  const name = path.posix.basename(file);
  const found = files.filter((other) => other === name || other.endsWith(`-${name}`));
  return found.length === 1 ? found[0] : undefined;
}

/** Makes references end in the folder: to the file that is meant, or nowhere. */
function whole(document, files) {
  return walk(document, (object) => {
    const to = object.$ref;
    if (typeof to !== 'string' || to.startsWith('#')) return undefined;
    const [file, place] = to.split('#');
    const found = meant(file, files);
    if (found) return { $ref: `./${found}#${place}` };
    return place.startsWith('/parameters/') ? { missing: true } : {};
  });
}

/** Puts in what every operation has, where a reference led nowhere: segments of the path, and the version. */
function completed(document) {
  for (const [template, operations] of Object.entries(document.paths ?? {})) {
    for (const operation of Object.values(operations)) {
      if (!Array.isArray(operation?.parameters)) continue;
      const lost = operation.parameters.some((parameter) => parameter.missing);
      const known = operation.parameters.filter((parameter) => !parameter.missing);
      const named = known.map((parameter) => parameter.name ?? document.parameters?.[parameter.$ref?.split('/').pop()]?.name);
      for (const [, name] of template.matchAll(/\{([^}]+)\}/g)) {
        if (lost && !named.includes(name)) known.push({ name, in: 'path', required: true, type: 'string' });
      }
      if (lost && !named.includes('api-version')) known.push({ name: 'api-version', in: 'query', required: true, type: 'string' });
      operation.parameters = known;
    }
  }
  return document;
}

/** A copy of the OpenAPI files that stands on its own. */
function copy(from) {
  const to = fs.mkdtempSync(path.join(os.tmpdir(), 'contracts-'));
  const files = fs.readdirSync(from).filter((name) => name.endsWith('.json'));
  for (const file of files) {
    const document = JSON.parse(fs.readFileSync(path.join(from, file), 'utf8'));
    fs.writeFileSync(path.join(to, file), JSON.stringify(completed(whole(document, files))));
  }
  return to;
}

/** An exchange in the words of the validator. */
function pair({ request, response }) {
  const url = new URL(request.url);
  const headers = { 'content-type': 'application/json', ...request.headers };
  const asked = {
    url: `${url.pathname}${url.search}`,
    method: request.method,
    headers,
    query: Object.fromEntries(url.searchParams),
    body: request.body ?? undefined,
  };
  if (!response) return { liveRequest: asked };
  const answered = {
    statusCode: String(response.status),
    headers: { 'content-type': 'application/json', ...response.headers },
    body: response.body,
  };
  return { liveRequest: asked, liveResponse: answered };
}

/** What is wrong with one side of an exchange. */
function findings(side, result) {
  const found = (result.errors ?? []).map((error) => ({
    side,
    code: error.code,
    where: (error.pathsInPayload ?? []).join(' '),
    message: String(error.message).slice(0, 300),
  }));
  const unmatched = result.runtimeException;
  if (unmatched) found.push({ side, code: unmatched.code, where: '', message: String(unmatched.message).slice(0, 300) });
  return found;
}

const described = copy(path.resolve(specifications));
process.on('exit', () => fs.rmSync(described, { recursive: true, force: true }));
// The validator says on standard output which files it could not read.
console.log = (...words) => console.error(...words);
try {
  const oav = createRequire(path.join(path.resolve(folder), 'here.js'))('oav');
  const validator = new oav.LiveValidator({
    directory: described,
    swaggerPathsPattern: ['*.json'],
    isPathCaseSensitive: false,
    enableRoundTripValidator: false,
    loadValidatorInInitialize: true,
  });
  await validator.initialize();
  let judged = 0;
  let wrong = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    if (!line.trim()) continue;
    const exchange = JSON.parse(line);
    const asked = pair(exchange);
    const found = findings('request', await validator.validateLiveRequest(asked.liveRequest));
    if (asked.liveResponse) {
      const both = await validator.validateLiveRequestResponse(asked);
      found.push(...findings('response', both.responseValidationResult));
    }
    judged += 1;
    if (found.length > 0) wrong += 1;
    for (const one of found) say({ name: exchange.name, ...one });
  }
  say({ judged, wrong });
  process.exit(wrong > 0 ? 1 : 0);
} catch (error) {
  console.error(error);
  process.exit(2);
}
