'use strict';
// Options of the dashboard: an option, else the environment, else the default.

const { optionRange, optionType } = require('../errors.js');

/**
 * @typedef {import('../../types/dashboard.js').ResolvedObservabilityOptions} Resolved
 */

/** The defaults of the dashboard. */
const DEFAULTS = Object.freeze({
  route: '/observelazyily',
  host: '127.0.0.1',
  port: 7077,
  username: 'lazydev',
  password: 'lazydev',
  maxEvents: 1000,
  maxValueBytes: 262_144,
  prefix: 'lazycache',
});

/** Prefixes of the names of metrics. */
const PREFIX = Object.freeze({
  form: /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
  allowed: 'letters, digits, "_" and ":", no digit first',
});

/** A variable of the environment; one that is empty is not set. */
const variable = (/** @type {string} */ name) => process.env[name] || undefined;

/** @param {string} name */
function flagOf(name) {
  const text = variable(name);
  return text === undefined ? undefined : /^(?:1|true)$/i.test(text.trim());
}

/** @param {string} name */
function integerOf(name) {
  const number = Number.parseInt(variable(name) ?? '', 10);
  return Number.isNaN(number) ? undefined : number;
}

/**
 * @template T
 * @param {string} path
 * @param {unknown} value
 * @param {string} type
 * @param {string} allowed
 * @returns {T | undefined}
 */
function typed(path, value, type, allowed) {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== type) throw optionType(`observability.${path}`, allowed, value);
  return /** @type {T} */ (value);
}

const flag = (/** @type {string} */ path, /** @type {unknown} */ value) =>
  /** @type {boolean | undefined} */ (typed(path, value, 'boolean', 'true or false'));
const text = (/** @type {string} */ path, /** @type {unknown} */ value) =>
  /** @type {string | undefined} */ (typed(path, value, 'string', 'a string'));

/**
 * @param {string} path
 * @param {unknown} value
 * @param {number} most
 */
function count(path, value, most = Infinity) {
  const allowed = most === Infinity ? 'a number, 0 or more' : `an integer from 0 to ${most}`;
  const number = /** @type {number | undefined} */ (typed(path, value, 'number', allowed));
  if (number === undefined) return undefined;
  const fits = number >= 0 && number <= most && (most === Infinity || Number.isInteger(number));
  if (!fits) throw optionRange(`observability.${path}`, allowed, number);
  return number;
}

/**
 * An object of options, or nothing.
 * @param {string} path
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
function group(path, value) {
  if (Array.isArray(value)) throw optionType(`observability.${path}`, 'an object', value);
  return /** @type {Record<string, unknown>} */ (typed(path, value, 'object', 'an object')) ?? {};
}

/**
 * A route with one slash before it and one less behind it.
 * @param {string} route
 */
function normalizeRoute(route) {
  const trimmed = String(route).trim();
  const rooted = trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
  return rooted.length > 1 && rooted.endsWith('/') ? rooted.slice(0, -1) : rooted;
}

/**
 * A route as requests have it: a space and what is not ASCII are percent-encoded there.
 * @param {string} route
 */
function pathOf(route) {
  return typeof route === 'string' && route.startsWith('/') ? new URL(`http://host${route}`).pathname : route;
}

/**
 * @param {unknown} server
 * @returns {Resolved['server']}
 */
function serverOf(server) {
  const { host, port, autoStart } = serverGroup(server);
  const given = {
    host: text('server.host', host),
    port: count('server.port', port, 65_535),
    autoStart: flag('server.autoStart', autoStart),
  };
  if (server === false || flagOf('LAZY_OBS_NO_SERVER') === true) return null;
  return {
    host: given.host ?? variable('LAZY_OBS_HOST') ?? DEFAULTS.host,
    port: given.port ?? portOf() ?? DEFAULTS.port,
    autoStart: given.autoStart ?? true,
  };
}

/**
 * The options of the server; none where it is only on or off.
 * @param {unknown} server
 */
const serverGroup = (server) => (typeof server === 'boolean' ? {} : group('server', server));

/** The port that the environment names, if it is one. */
function portOf() {
  const port = integerOf('LAZY_OBS_PORT');
  return port === undefined || port < 0 || port > 65_535 ? undefined : port;
}

/** @param {unknown} auth */
function authOf(auth) {
  const { username, password, token, disabled } = group('auth', auth);
  return {
    username: text('auth.username', username) ?? variable('LAZY_OBS_USER') ?? DEFAULTS.username,
    password: text('auth.password', password) ?? variable('LAZY_OBS_PASSWORD') ?? DEFAULTS.password,
    // An empty token would open the dashboard to requests without a token.
    token: text('auth.token', token) || variable('LAZY_OBS_TOKEN'),
    disabled: flag('auth.disabled', disabled) ?? flagOf('LAZY_OBS_NO_AUTH') ?? false,
  };
}

/** @param {unknown} prometheus */
function prometheusOf(prometheus) {
  const { enabled, prefix, public: open } = group('prometheus', prometheus);
  const name = text('prometheus.prefix', prefix) ?? variable('LAZY_OBS_PROMETHEUS_PREFIX') ?? DEFAULTS.prefix;
  if (!PREFIX.form.test(name)) throw optionRange('observability.prometheus.prefix', PREFIX.allowed, name);
  return {
    enabled: flag('prometheus.enabled', enabled) ?? flagOf('LAZY_OBS_PROMETHEUS') ?? false,
    prefix: name,
    public: flag('prometheus.public', open) ?? flagOf('LAZY_OBS_PROMETHEUS_PUBLIC') ?? false,
  };
}

/**
 * The options that 0.4.0 did not have, as far as they are given. Without them the result has only the options of 0.4.0.
 * @param {Record<string, unknown>} options
 */
function moreOf({ values, actions, redact, server }) {
  const shown = text('values', values);
  if (shown !== undefined && shown !== 'shown' && shown !== 'hidden') {
    throw optionRange('observability.values', '"shown" or "hidden"', shown);
  }
  const allowedHosts = hostsOf(server);
  return {
    ...(shown === 'hidden' ? { values: /** @type {const} */ ('hidden') } : {}),
    ...(flag('actions', actions) === true ? { actions: true } : {}),
    ...redactionOf(redact),
    ...(allowedHosts === undefined ? {} : { allowedHosts }),
  };
}

/** @param {unknown} redact */
function redactionOf(redact) {
  const given = /** @type {((key: string, value: unknown) => unknown) | undefined} */ (
    typed('redact', redact, 'function', 'a function')
  );
  return given === undefined ? {} : { redact: given };
}

/**
 * @param {unknown} server
 * @returns {string[] | undefined}
 */
function hostsOf(server) {
  const { allowedHosts } = serverGroup(server);
  if (allowedHosts === undefined || allowedHosts === null) return undefined;
  const isNames = Array.isArray(allowedHosts) && allowedHosts.every((name) => typeof name === 'string');
  if (!isNames) throw optionType('observability.server.allowedHosts', 'an array of host names', allowedHosts);
  return [...allowedHosts];
}

/**
 * The options of the dashboard, with all that was not given.
 * @param {unknown} given `true` and `false` are the option `enabled` alone
 * @returns {Resolved}
 */
function resolveObservabilityOptions(given) {
  const options = typeof given === 'boolean' ? { enabled: given } : (given ?? {});
  if (typeof options !== 'object' || Array.isArray(options))
    throw optionType('observability', 'true, false or an object', given);
  const { enabled, route, maxEvents, maxValueBytes, server, auth, prometheus, quiet, values, redact, actions } =
    /** @type {Record<string, unknown>} */ (options);
  return {
    enabled: flag('enabled', enabled) ?? flagOf('LAZY_OBS_ENABLED') ?? false,
    route: normalizeRoute(text('route', route) ?? variable('LAZY_OBS_ROUTE') ?? DEFAULTS.route),
    maxEvents: count('maxEvents', maxEvents) ?? integerOf('LAZY_OBS_MAX_EVENTS') ?? DEFAULTS.maxEvents,
    maxValueBytes:
      count('maxValueBytes', maxValueBytes) ?? integerOf('LAZY_OBS_MAX_VALUE_BYTES') ?? DEFAULTS.maxValueBytes,
    server: serverOf(server),
    auth: authOf(auth),
    prometheus: prometheusOf(prometheus),
    quiet: flag('quiet', quiet) ?? flagOf('LAZY_OBS_QUIET') ?? false,
    ...moreOf({ values, redact, actions, server }),
  };
}

/**
 * Whether an environment variable asks for a dashboard that no option speaks of.
 */
const isAskedFor = () => flagOf('LAZY_OBS_ENABLED') === true;

module.exports = { DEFAULTS, PREFIX, isAskedFor, normalizeRoute, pathOf, resolveObservabilityOptions };
