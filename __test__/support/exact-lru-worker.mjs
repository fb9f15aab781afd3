// One of the threads that compare a cache of their own with the model.
import { workerData } from 'node:worker_threads';
import { LazyLayersCache } from '../../index.mjs';
import { compare, MIXES } from './exact-lru.mjs';

const { mix, capacity } = workerData;
const cache = new LazyLayersCache({ ttlMs: Infinity, levels: { L1: { maxEntries: capacity } } });
await compare([cache], capacity, MIXES[mix], 20_000);
