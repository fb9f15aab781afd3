import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { redisServer } from './support/servers/redis.mjs';
import { promisedOutput, snippets } from './types/support/snippets.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A snippet as JavaScript that runs from standard input in the root of the package, which knows itself by name. */
function runnable({ code, language }) {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  return language === 'ts' ? ts.transpileModule(code, { compilerOptions }).outputText : code;
}

/** The Redis of snippets that use one. */
let redis;

before(async () => {
  if (process.platform !== 'win32') redis = await redisServer();
});

after(() => redis?.kill());

function run(snippet) {
  const type = snippet.language === 'ts' ? 'module' : 'commonjs';
  const env = { ...process.env, REDIS_URL: redis?.url, INSTANCE_ID: 'instance-1' };
  const child = spawn(process.execPath, [`--input-type=${type}`, '-'], { cwd: ROOT, env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdin.end(runnable(snippet));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stderr, lines: stdout.split('\n').slice(0, -1) }));
  });
}

for (const snippet of snippets()) {
  const skip =
    process.platform === 'win32' && snippet.code.includes('REDIS_URL') && 'there is no redis-server for Windows';
  const name = `${snippet.page}, "${snippet.heading}", line ${snippet.line}`;
  test(`the snippet of ${name}, prints its promised output`, { skip }, async () => {
    const { code, stderr, lines } = await run(snippet);
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.deepEqual(lines, promisedOutput(snippet.code));
  });
}
