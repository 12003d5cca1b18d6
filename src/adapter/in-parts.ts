/** A registry that is listed in parts, such as datacenters: several readers as one. */
import { map, merge, Observable } from 'rxjs';
import type { ReadEvent } from './read-event.js';

/**
 * What the readers of all parts say. Keys of services must differ between parts. Everything has been said once every
 * part has: one that cannot be listed keeps its services, and the others are followed.
 *
 * @param parts by name.
 */
export function inParts(parts: ReadonlyMap<string, Observable<ReadEvent>>): Observable<ReadEvent> {
  return new Observable((subscriber) => {
    const waiting = new Set(parts.keys());
    const readers = Array.from(parts, ([part, reader]) =>
      reader.pipe(map((event) => (event.type === 'listed' ? { ...event, part } : { ...event, of: part }))),
    );
    return merge(...readers).subscribe({
      next: (event) => {
        if (event.type !== 'synced') {
          subscriber.next(event);
          return;
        }
        if (waiting.delete(event.of) && waiting.size === 0) subscriber.next({ type: 'synced' });
      },
      error: (error: unknown) => subscriber.error(error),
    });
  });
}
