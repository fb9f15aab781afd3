import * as api from '../types/event-bus.js';

export * from '../types/event-bus.js';
export default api;
