/** The side of a comparison that is a mesh directory: answered offline, as `pilotlight xds` answers. */
import { PilotError } from './base/errors.js';
import { istioVersion } from './base/version.js';
import { wholeAssignments } from './compare/endpoint-detail.js';
import {
  sideFailure,
  type KnownProxies,
  type ProxyRequest,
  type Side,
  type SideAnswer,
} from './compare/side.js';
import type { MeshDirectoryState } from './config/mesh-directory/state.js';
import { answerTypes, OfflineSource, snapshotOf } from './offline.js';

/** A directory that was read, as a side; `proxies` are those that it describes. */
export function directorySide(source: string, state: MeshDirectoryState, proxies: KnownProxies): Side {
  return new DirectorySide(source, new OfflineSource(snapshotOf(state)), proxies);
}

class DirectorySide implements Side {
  readonly source: string;
  readonly kind = 'directory';
  readonly description = 'mesh directory';
  readonly types = answerTypes;
  readonly missingTypes = new Map<string, string>();
  readonly endpoints = wholeAssignments;
  readonly hasChanceOrders = false;
  readonly proxies: KnownProxies;
  readonly #offline: OfflineSource;

  constructor(source: string, offline: OfflineSource, proxies: KnownProxies) {
    this.source = source;
    this.#offline = offline;
    this.proxies = proxies;
  }

  istioVersion(): string {
    return istioVersion.line;
  }

  async answer({ name, node }: ProxyRequest, types: readonly string[]): Promise<SideAnswer> {
    if (node === undefined) throw sideFailure(this.source, `has no node for ${name}`, undefined);
    const asked = answerTypes.filter((type) => types.includes(type));
    try {
      const { answer, problems } = this.#offline.answer(node, asked);
      if (asked.includes('cds') && answer['cds'] === undefined) {
        const why = problems.map(({ message }) => message).join('; ');
        throw sideFailure(this.source, `cannot tell what ${name} is served: ${why}`, undefined);
      }
      return {
        answer,
        notes: problems.map(({ subject, message }) => `${this.source}: ${subject}: ${message}`),
      };
    } catch (error) {
      if (error instanceof PilotError) throw error;
      throw new PilotError('INTERNAL', `${this.source}: ${name} cannot be answered`, { cause: error });
    }
  }

  close(): void {}
}
