import { createRequire } from 'node:module';

const api = createRequire(import.meta.url)('./observability.js');

export const { TELEMETRY_CHANNEL_NAME, subscribeTelemetry, publishTelemetry, hasTelemetrySubscribers } = api;
