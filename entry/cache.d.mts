import * as api from '../types/cache.js';

export * from '../types/cache.js';
export default api;
