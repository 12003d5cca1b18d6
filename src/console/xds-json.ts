/** Connected proxies in the JSON shapes of Istiod's /debug/adsz and /debug/syncz (Istio reference 8.11). */
import { typeNameOf } from '../envoy/type-urls.js';
import type { SotwStream, TypeStatus } from '../xds/sotw-stream.js';

/** Names of the nonce fields in /debug/syncz by short type name. */
const syncFields: ReadonlyMap<string, string> = new Map([
  ['cds', 'cluster'],
  ['lds', 'listener'],
  ['rds', 'route'],
  ['eds', 'endpoint'],
  ['ecds', 'extensionconfig'],
]);

/** /debug/adsz. */
export function adszJson(streams: Iterable<SotwStream>): unknown {
  const clients = [...streams].flatMap((stream) => {
    const { identity, client } = stream;
    if (identity === undefined || client === undefined) return [];
    return [
      {
        connectionId: identity.connectionId,
        connectedAt: new Date(stream.connectedAt).toISOString(),
        address: identity.peer,
        ...client.description,
        watches: Object.fromEntries(
          stream
            .status()
            .map(({ typeUrl, wildcard, names }) => [typeUrl, wildcard ? ['*', ...names] : names]),
        ),
      },
    ];
  });
  return { totalClients: clients.length, clients };
}

/** /debug/syncz. */
export function synczJson(streams: Iterable<SotwStream>, namespace: string | null): unknown {
  return [...streams].flatMap((stream) => {
    const { client } = stream;
    if (client === undefined) return [];
    const { description } = client;
    if (namespace !== null && description['namespace'] !== namespace) return [];
    const status = stream.status();
    return [
      {
        cluster_id: description['clusterId'],
        proxy: client.label,
        proxy_type: description['type'],
        istio_version: description['istioVersion'],
        dialect: description['dialect'],
        ...Object.fromEntries(status.flatMap(nonceFields)),
        resources: Object.fromEntries(status.map((type) => [type.typeUrl, typeJson(type)])),
      },
    ];
  });
}

function nonceFields({ typeUrl, nonceSent, nonceAcked }: TypeStatus): [string, string][] {
  const field = syncFields.get(typeNameOf(typeUrl) ?? '');
  return field === undefined
    ? []
    : [
        [`${field}_sent`, nonceSent],
        [`${field}_acked`, nonceAcked],
      ];
}

function typeJson({
  nonceSent,
  nonceAcked,
  versionSent,
  versionAcked,
  sentAt,
  lastError,
}: TypeStatus): unknown {
  return {
    sent: nonceSent,
    acked: nonceAcked,
    version_sent: versionSent,
    version_acked: versionAcked,
    sentTime: sentAt === undefined ? undefined : new Date(sentAt).toISOString(),
    lastError: lastError ?? '',
  };
}
