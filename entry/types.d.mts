import * as api from '../types/index.js';

export * from '../types/index.js';
export default api;
