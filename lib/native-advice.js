'use strict';
// The error of an addon that could not be loaded: the attempts, and advice about the cause.

const { basename } = require('node:path');

/** @typedef {import('./native.js').Host} Host */
/** @typedef {import('./native.js').Attempt} Attempt */
/** @typedef {{ targets: string[], published: readonly string[] }} Targets those of the host, and those published */

const BUNDLERS = 'the section "Bundlers" of the README of lazy-layers-cache';

const isAbsent = (/** @type {Attempt} */ { error }) => error?.code === 'MODULE_NOT_FOUND';

/** The list of requiring modules that Node.js appends tells nothing here. */
const messageOf = (/** @type {Attempt} */ { error }) => String(error?.message ?? error).split('\n')[0];

/** Whether this file is no longer one of the package: then a bundler has left the missing files behind. */
function isBundled() {
  try {
    return !['native-advice.js', 'bundle.js'].includes(basename(__filename));
  } catch {
    // A bundle of ES modules has no such name.
    return true;
  }
}

/** Messages of the system, and advice about them. */
const CAUSES = [
  {
    told: /requires ffi access/i,
    advice: () => 'Deno loads native addons with --allow-ffi (or -A): run it with that.',
  },
  {
    told: /loading addons is disabled|ERR_DLOPEN_DISABLED|native addons? (is|are) (disabled|not allowed)/i,
    advice: (/** @type {Runtime} */ { permission }) =>
      permission
        ? 'Node.js runs with --permission: add --allow-addons, and let it read node_modules by --allow-fs-read.'
        : 'Node.js runs with --no-addons (see also NODE_OPTIONS), and this package is one: run it without.',
  },
  {
    told: /ERR_ACCESS_DENIED|access to this API has been restricted/i,
    advice: () => 'Node.js runs with --permission: add --allow-addons, and --allow-fs-read for node_modules.',
  },
  {
    told: /failed to map segment|cannot (change memory protections|enable executable)/i,
    advice: () =>
      'The system does not let code run from where the addon is: the file system is mounted with noexec, or a\n' +
      'policy forbids it. Install to one that may be executed from, or mount it with exec.',
  },
  {
    told: /GLIBC_[\d.]+['’`]? not found/i,
    advice: () =>
      'The C library of this system is older than the addon needs, glibc 2.17: use a newer system or image.',
  },
  {
    told: /static TLS block|cannot allocate memory|not enough (memory|quota)/i,
    advice: () => 'The process may not take the memory that the addon needs to load: see "ulimit -v" and its limits.',
  },
];

/** @typedef {{ permission?: unknown }} Runtime */

/**
 * @param {Attempt[]} attempts
 * @param {Targets} all
 * @param {{ permission?: unknown, bundled: boolean }} runtime
 */
function advice(attempts, all, { permission, bundled }) {
  const targets = all.targets.filter((target) => all.published.includes(target));
  if (targets.length === 0) {
    return `No addon is published for this platform. There are addons for ${all.published.join(', ')}.
Elsewhere it has to be built from the sources of the package, by "npm run build".`;
  }
  for (const attempt of attempts) {
    const text = `${attempt.error?.code ?? ''} ${messageOf(attempt)}`;
    const cause = CAUSES.find(({ told }) => told.test(text));
    if (cause !== undefined) return cause.advice({ permission });
  }
  if (bundled) {
    return `This is a bundle, and the addon is not where it can find it. Make lazy-layers-cache external and install it
beside the bundle (Next.js: serverExternalPackages: ["lazy-layers-cache"]), or have the bundler copy the addon:
${BUNDLERS} has the line for each.`;
  }
  if (attempts.every(isAbsent)) {
    const packages = targets.map((target) => `lazy-layers-cache-${target}`).join(' or ');
    return `${packages} is an optional dependency and is not installed.
Install again on this machine, without --omit=optional: a node_modules folder or a lockfile
made on another platform may lack it. In the sources of the package, run "npm run build".`;
  }
  return `An addon was found and the system refused it, for the reason above.
Remove node_modules and install again on this machine; in the sources of the package, run "npm run build".`;
}

/**
 * @param {Host} host
 * @param {Attempt[]} attempts
 * @param {Targets} targets
 * @param {{ permission?: unknown, bundled: boolean }} [runtime] a stand-in, for tests
 */
function unavailable(host, attempts, targets, runtime = { permission: processPermission(), bundled: isBundled() }) {
  const { platform, arch, libc } = host;
  const where = `platform ${platform}, arch ${arch}${platform === 'linux' ? `, libc ${libc ?? 'unknown'}` : ''}`;
  const tried = attempts.map((attempt) => `  ${attempt.from}: ${messageOf(attempt)}`).join('\n');
  const told = advice(attempts, targets, runtime);
  const message = `lazy-layers-cache: the native addon could not be loaded (${where}). Tried:\n${tried}\n${told}`;
  const cause = (attempts.find((attempt) => !isAbsent(attempt)) ?? attempts.at(-1))?.error;
  return Object.assign(new Error(message, { cause }), { code: 'NATIVE_ADDON_UNAVAILABLE', ...host, attempts });
}

/** The object of Node.js when it runs with permissions. */
function processPermission() {
  return /** @type {Foreign} */ (process).permission;
}

module.exports = { unavailable };
