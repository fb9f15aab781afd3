import { Badge, describe, sourceOf } from '../parts/event';
import { Empty, Panel } from '../parts/panel';
import { clockMs, plural } from '../format/numbers';
import type { Recorded } from '../state/shapes';

export function KeyEvents({ events }: { events: Recorded[] }) {
  return (
    <Panel title="Its last events" note={plural(events.length, 'event')}>
      {events.length === 0 ? (
        <Empty>None among the events that are kept.</Empty>
      ) : (
        <div class="table" tabIndex={0} role="region" aria-label="Events of the key, table">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Event</th>
                <th scope="col">What happened</th>
                <th scope="col">From</th>
              </tr>
            </thead>
            <tbody>
              {events.map((event) => (
                <tr key={event.seq}>
                  <td class="number nowrap">{clockMs(event.ts)}</td>
                  <td class="nowrap">
                    <Badge type={event.type} />
                  </td>
                  <td>{describe(event)}</td>
                  <td class="nowrap">{sourceOf(event)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
