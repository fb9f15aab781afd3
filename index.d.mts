import * as api from './types/everything.js';

export * from './types/everything.js';
export default api;
