/**
 * The HTTP endpoint through which tests give a node a raw snapshot and take it away again. It answers once the
 * new state is in force and every stream that it concerns is in line for it. Only served when asked for.
 */
import { PilotError } from '../base/errors.js';
import type { Page, PageAnswer, PageRequest } from '../console/http-server.js';
import type { SourceChange } from '../xds/source.js';
import { readNodeSnapshot } from './snapshot-json.js';
import type { RawSource } from './raw-source.js';

/** What the largest snapshot may measure as JSON. */
const maxBodyBytes = 64 * 1024 * 1024;

/** `PUT /snapshot` and `DELETE /snapshot?node=`. `push` brings a change to the connected streams. */
export function snapshotPage(source: RawSource, push: (change: SourceChange) => void): Page {
  let changes = 0;
  const inForce = (node: string, types: ReadonlySet<string>): PageAnswer => {
    if (types.size > 0) {
      changes += 1;
      push({ reason: 'snapshot', version: `snapshot-${changes}`, types });
    }
    return { body: { json: { node, changed: [...types].sort() } } };
  };
  return {
    path: '/snapshot',
    help: 'PUT gives a node raw resources, {node, types: {<type URL>: {version, resources: [{name, value, ttl}]}}}; DELETE ?node= takes them away',
    methods: ['PUT', 'DELETE'],
    maxBodyBytes,
    answer: (query, request) =>
      refusing(() => {
        if (request.method === 'PUT') {
          const { node, snapshot } = readNodeSnapshot(textOf(request));
          return inForce(node, source.set(node, snapshot));
        }
        const node = query.get('node') ?? '';
        if (node === '') throw new PilotError('JSON_INVALID', 'node: the query must name the node, ?node=ID');
        return inForce(node, source.clear(node));
      }),
  };
}

function textOf({ body }: PageRequest): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    throw new PilotError('JSON_INVALID', 'the body is not UTF-8', { cause: error });
  }
}

/** What the caller got wrong is told; nothing of it is in force. */
function refusing(work: () => PageAnswer): PageAnswer {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PilotError) || error.code !== 'JSON_INVALID') throw error;
    return { status: 400, body: { text: `${error.message}\n` } };
  }
}
