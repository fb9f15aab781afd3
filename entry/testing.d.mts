import * as api from '../types/testing.js';

export * from '../types/testing.js';
export default api;
