// Lets Microsoft's validator judge exchanges by Microsoft's own OpenAPI files.
//
//   node judge.cjs FOLDER_OF_THE_VALIDATOR FOLDER_OF_THE_FILES EXCHANGES.json
//
// EXCHANGES.json is a list of {name, request: {method, url, query, headers, body}, response: {statusCode, headers, body}}.
// Prints a line for each, with everything that the validator has against it; exits with 1 where there is anything, or
// where an exchange belongs to no operation of the files.
//
// The files refer to shared ones that do not stand beside them, and to examples. They are copied to a place of their own,
// without examples, beside shared files that say no more than is needed for the reference to lead somewhere.
'use strict';

const { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { tmpdir } = require('node:os');
const { dirname, join } = require('node:path');

const FILES = [
  'resourcegraph-2021-03-01.json',
  'monitor-diagnosticSettings-2021-05-01-preview.json',
  'securityinsights-2021-03-01-preview-OnboardingStates.json',
  'securityinsights-2021-03-01-preview-AlertRules.json',
  'securityinsights-2021-03-01-preview-dataConnectors.json',
];

const [validatorFolder, specifications, file] = process.argv.slice(2);
const { LiveValidator } = createRequire(`${validatorFolder}/`)('oav');

const text = { type: 'string' };
const inPath = (name) => ({ name, in: 'path', required: true, type: 'string', 'x-ms-parameter-location': 'method' });
const identified = { type: 'object', properties: { id: text, name: text, type: text } };
const failure = { type: 'object', required: ['error'], properties: { error: { type: 'object', required: ['code', 'message'], properties: { code: text, message: text } } } };
const swagger = (definitions, parameters) => ({ swagger: '2.0', info: { title: 'shared', version: '1' }, paths: {}, definitions, parameters });

// Shared files, by where the others look for them from five folders further down.
const SHARED = {
  'a/common-types/resource-management/v2/types.json': swagger(
    { ErrorResponse: failure, ErrorDetail: failure.properties.error, Resource: identified, ProxyResource: identified, systemData: { type: 'object' } },
    {
      ApiVersionParameter: { name: 'api-version', in: 'query', required: true, type: 'string' },
      SubscriptionIdParameter: inPath('subscriptionId'),
      ResourceGroupNameParameter: inPath('resourceGroupName'),
    },
  ),
  'a/b/c/common/1.0/types.json': swagger(
    { CloudError: failure, Resource: identified, ResourceWithEtag: { ...identified, properties: { ...identified.properties, etag: text } } },
    { OperationalInsightsResourceProvider: inPath('operationalInsightsResourceProvider'), WorkspaceName: inPath('workspaceName') },
  ),
};

const withoutExamples = (key, value) => (key === 'x-ms-examples' ? undefined : value);

function prepare() {
  const root = mkdtempSync(join(tmpdir(), 'judged-'));
  const place = (path, document) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), JSON.stringify(document, withoutExamples));
  };
  Object.entries(SHARED).forEach(([path, document]) => place(path, document));
  FILES.forEach((name) => place(join('a/b/c/d/e/f', name), JSON.parse(readFileSync(join(specifications, name), 'utf8'))));
  return root;
}

const complaints = (side, result) => [
  ...(result.errors ?? []).map((error) => `${side} ${error.code} at ${error.pathsInPayload ?? '/'}: ${error.message}`),
  ...(result.runtimeException ? [`${side} not judged: ${result.runtimeException.code} ${result.runtimeException.message}`] : []),
];

async function judge() {
  const root = prepare();
  process.on('exit', () => rmSync(root, { recursive: true, force: true }));
  const validator = new LiveValidator({
    directory: root,
    swaggerPathsPattern: ['a/b/c/d/e/f/*.json'],
    isPathCaseSensitive: false,
    enableRoundTripValidator: false,
    loadValidatorInInitialize: true,
  });
  await validator.initialize();
  let faulty = 0;
  for (const { name, request, response } of JSON.parse(readFileSync(file, 'utf8'))) {
    const told = await validator.validateLiveRequestResponse({ liveRequest: request, liveResponse: response });
    const found = [...complaints('request', told.requestValidationResult), ...complaints('response', told.responseValidationResult)];
    const operation = told.requestValidationResult.operationInfo?.operationId ?? 'no operation';
    console.log(`${found.length ? 'wrong' : 'right'}: ${name} (${operation})`);
    found.forEach((text) => console.log(`    ${text.replace(/\s+/g, ' ').slice(0, 300)}`));
    faulty += found.length ? 1 : 0;
  }
  return faulty;
}

judge().then(
  (faulty) => process.exit(faulty ? 1 : 0),
  (error) => {
    console.error(error);
    process.exit(2);
  },
);
