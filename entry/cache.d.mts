export * from '../types/cache.js';
