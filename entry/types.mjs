import { createRequire } from 'node:module';

const api = createRequire(import.meta.url)('./types.js');

export const { isInspectableStore } = api;
