export * from '../types/observability.js';
