// The versions of Node.js that tests run under.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const installed = (major) => fileURLToPath(new URL(`../tools/node_modules/node-${major}/bin/node`, import.meta.url));
const all = { running: process.execPath, 22: installed(22), 24: installed(24) };

/** The program of each, by version: the running one, and others where they could be installed. */
export const NODES = Object.entries(all).filter(([, path]) => existsSync(path));
