export * from '../types/event-bus.js';
