import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { normalizeRoute, resolveObservabilityOptions } from '../../index.mjs';

const NAMES = [
  'ENABLED',
  'ROUTE',
  'HOST',
  'PORT',
  'USER',
  'PASSWORD',
  'TOKEN',
  'NO_SERVER',
  'NO_AUTH',
  'PROMETHEUS',
  'PROMETHEUS_PREFIX',
  'PROMETHEUS_PUBLIC',
  'MAX_EVENTS',
  'MAX_VALUE_BYTES',
  'QUIET',
];

function environment(variables) {
  for (const [name, value] of Object.entries(variables)) process.env[`LAZY_OBS_${name}`] = value;
}

afterEach(() => {
  for (const name of NAMES) delete process.env[`LAZY_OBS_${name}`];
});

const DEFAULTS = {
  enabled: false,
  route: '/observelazyily',
  maxEvents: 1000,
  maxValueBytes: 262_144,
  server: { host: '127.0.0.1', port: 7077, autoStart: true },
  auth: { username: 'lazydev', password: 'lazydev', token: undefined, disabled: false },
  prometheus: { enabled: false, prefix: 'lazycache', public: false },
  quiet: false,
};

test('without options and environment there are defaults', () => {
  assert.deepEqual(resolveObservabilityOptions(undefined), DEFAULTS);
  assert.deepEqual(resolveObservabilityOptions(false), DEFAULTS);
  assert.deepEqual(resolveObservabilityOptions({}), DEFAULTS);
  assert.deepEqual(resolveObservabilityOptions(true), { ...DEFAULTS, enabled: true });
});

test('the environment comes before the default', () => {
  environment({
    ENABLED: 'true',
    ROUTE: 'x',
    HOST: '::1',
    PORT: '80',
    USER: 'u',
    PASSWORD: 'p',
    TOKEN: 't',
    NO_AUTH: '1',
    PROMETHEUS: 'TRUE',
    PROMETHEUS_PREFIX: 'app',
    PROMETHEUS_PUBLIC: 'True',
    MAX_EVENTS: '5',
    MAX_VALUE_BYTES: '6',
    QUIET: '1',
  });
  assert.deepEqual(resolveObservabilityOptions(undefined), {
    enabled: true,
    route: '/x',
    maxEvents: 5,
    maxValueBytes: 6,
    server: { host: '::1', port: 80, autoStart: true },
    auth: { username: 'u', password: 'p', token: 't', disabled: true },
    prometheus: { enabled: true, prefix: 'app', public: true },
    quiet: true,
  });
});

test('an option comes before the environment', () => {
  environment({ ENABLED: 'true', ROUTE: 'x', PORT: '80', USER: 'u', NO_AUTH: '1', PROMETHEUS: '1', QUIET: '1' });
  const options = {
    enabled: false,
    route: '/y/',
    server: { port: 81, autoStart: false },
    auth: { username: 'v', disabled: false },
    prometheus: { enabled: false },
    quiet: false,
  };
  const resolved = resolveObservabilityOptions(options);
  assert.equal(resolved.enabled, false);
  assert.equal(resolved.route, '/y');
  assert.deepEqual(resolved.server, { host: '127.0.0.1', port: 81, autoStart: false });
  assert.deepEqual([resolved.auth.username, resolved.auth.disabled], ['v', false]);
  assert.equal(resolved.prometheus.enabled, false);
  assert.equal(resolved.quiet, false);
  assert.equal(resolveObservabilityOptions(false).enabled, false);
});

test('variables that are empty are not set, and text that is no boolean is false', () => {
  environment({ ENABLED: '', ROUTE: '', PORT: '', TOKEN: '', QUIET: 'yes', NO_AUTH: '2' });
  assert.deepEqual(resolveObservabilityOptions(undefined), DEFAULTS);
});

test('integers are the leading digits', () => {
  environment({ PORT: '12abc', MAX_EVENTS: 'abc' });
  const { server, maxEvents } = resolveObservabilityOptions(true);
  assert.deepEqual([server.port, maxEvents], [12, 1000]);
});

test('no server: by the option false, and by the environment even when it has options', () => {
  assert.equal(resolveObservabilityOptions({ server: false }).server, null);
  environment({ NO_SERVER: 'true' });
  assert.equal(resolveObservabilityOptions({ server: { port: 1 } }).server, null);
  environment({ NO_SERVER: 'false' });
  assert.equal(resolveObservabilityOptions({ server: { port: 1 } }).server.port, 1);
});

test('routes are normalized', () => {
  const routes = { '': '/', '/': '/', ' x ': '/x', '/x//': '/x/', 'a/b': '/a/b', '/x/': '/x' };
  for (const [given, wanted] of Object.entries(routes)) assert.equal(normalizeRoute(given), wanted, given);
});

test('a wrong option throws, and names the allowed values', () => {
  const wrong = {
    'observability.route': { route: 5 },
    'observability.server.port': { server: { port: 70_000 } },
    'observability.auth.token': { auth: { token: 5 } },
    'observability.prometheus.prefix': { prometheus: { prefix: 'a-b' } },
    'observability.values': { values: 'some' },
    'observability.redact': { redact: 'x' },
    'observability.server.allowedHosts': { server: { allowedHosts: 'x' } },
    'observability.server': { server: '' },
    'observability.auth': { auth: [] },
    'observability.prometheus': { prometheus: 1 },
    observability: [],
  };
  for (const [name, options] of Object.entries(wrong)) {
    assert.throws(
      () => resolveObservabilityOptions(options),
      (error) => {
        assert.equal(error.code, 'INVALID_OPTION');
        assert.ok(error.message.includes(`"${name}"`), error.message);
        return true;
      },
    );
  }
  assert.throws(() => resolveObservabilityOptions('yes'), { code: 'INVALID_OPTION' });
});

test('options that 0.4.0 did not have are there when they are given', () => {
  const redact = () => 1;
  const server = { allowedHosts: ['a'] };
  const {
    values,
    actions,
    allowedHosts,
    redact: kept,
  } = resolveObservabilityOptions({ values: 'hidden', actions: true, redact, server });
  assert.deepEqual([values, actions, allowedHosts, kept], ['hidden', true, ['a'], redact]);
});
