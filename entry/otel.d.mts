import * as api from '../types/otel.js';

export * from '../types/otel.js';
export default api;
