import * as api from '../types/observability.js';

export * from '../types/observability.js';
export default api;
