import api from './observability.js';

export const { TELEMETRY_CHANNEL_NAME, subscribeTelemetry, publishTelemetry, hasTelemetrySubscribers } = api;
