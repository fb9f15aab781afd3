// Whether an event that a bus on RabbitMQ publishes comes back: node encrypted.mjs url
import { RabbitMQEventBus } from '../../index.mjs';

// The channel to the parent keeps this process alive: a bus does not.
process.on('message', () => {});
const bus = new RabbitMQEventBus('encrypted', { url: process.argv[2], logging: { enabled: false } });
try {
  await bus.connect();
  await bus.subscribe(() => process.send('it comes back', () => process.exit()));
  await bus.publish({ id: '1', type: 'del', source: 'a', ts: 1, keys: ['k'] });
} catch (error) {
  process.send(error.message, () => process.exit());
}
