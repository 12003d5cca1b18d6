/** What is not in force and concerns a host, or may do so: refused documents, and what registries could not use. */
import type { MeshDirectoryState } from '../config/mesh-directory/state.js';
import { primaryClusterId } from '../config/mesh-directory/state.js';
import type { Problem } from '../config/object.js';
import type { ProxyContext } from '../mesh/snapshot.js';
import { servicesOf } from '../registry/instances.js';
import { serviceHostname } from '../registry/kubernetes/convert-service.js';
import type { RegistryView } from '../registry/view.js';
import type { RefusedValue } from './explanation.js';
import { listText, objectSource } from './source.js';

/** What concerns a host. `isKnown` is whether any service has it: otherwise more may be about it. */
export function refusedValues(
  state: MeshDirectoryState,
  context: ProxyContext,
  hostname: string,
  isKnown: boolean,
): readonly RefusedValue[] {
  return [
    ...state.problems
      .filter(({ severity }) => severity === 'error')
      .flatMap((problem) => refusedDocument(context, problem, hostname, isKnown)),
    ...quarantined(context, hostname),
    ...unread(state, context, hostname),
  ];
}

/** The namespace and the name of a Kubernetes host. */
function kubernetesName(
  hostname: string,
  domain: string,
): { readonly name: string; readonly namespace: string } | undefined {
  const suffix = `.svc.${domain}`;
  if (!hostname.endsWith(suffix)) return undefined;
  const [name = '', namespace = '', ...rest] = hostname.slice(0, -suffix.length).split('.');
  return namespace === '' || rest.length > 0 ? undefined : { name, namespace };
}

/** A refused document cannot be asked which host it is for, so kind, namespace and name have to tell. */
function refusedDocument(
  context: ProxyContext,
  problem: Problem,
  hostname: string,
  isKnown: boolean,
): readonly RefusedValue[] {
  const { object = '', path, message } = problem;
  const [kind = '', id = ''] = object.split(' ');
  const [namespace = '', name = ''] = id.split('/');
  const says = path === '' ? message : `${path}: ${message}`;
  const refused = (may: string, code: RefusedValue['code'] = 'refused'): readonly RefusedValue[] => [
    { code, text: may === '' ? says : `${says} (${may})`, source: problemSource(problem) },
  ];
  const { mesh, services } = context.snapshot;
  const ofHost = kubernetesName(hostname, mesh.domainSuffix);
  const owners = new Set([...services.namespacesOf(hostname).keys(), ofHost?.namespace ?? '']);
  const asked = new Set([...owners, context.proxy.namespace, mesh.rootNamespace]);
  switch (kind) {
    case 'Service':
      return ofHost?.name === name && ofHost.namespace === namespace ? refused('') : [];
    case 'EndpointSlice':
      return ofHost?.namespace === namespace && name.startsWith(ofHost.name)
        ? refused('by its name, it holds endpoints of the Service')
        : [];
    case 'DestinationRule':
      return asked.has(namespace) ? refused('it may be for this host', 'rule-refused') : [];
    case 'Sidecar':
      return namespace === context.proxy.namespace || namespace === mesh.rootNamespace
        ? refused('it may decide what the proxy sees')
        : [];
    case 'PeerAuthentication':
      return owners.has(namespace) || namespace === mesh.rootNamespace
        ? refused('it may decide about mutual TLS')
        : [];
    case 'ServiceEntry':
      return isKnown ? [] : refused('it may be for this host');
    case '':
      return isKnown ? [] : refused('what it holds is not known');
    default:
      return [];
  }
}

function problemSource({ object, file, line }: Problem): RefusedValue['source'] {
  const location = line === undefined ? file : `${file ?? ''}:${line}`;
  return { object: object ?? 'a document', ...(location !== undefined && { location }) };
}

/** What registries say of a host and the store keeps out. */
function quarantined({ snapshot }: ProxyContext, hostname: string): readonly RefusedValue[] {
  const name = kubernetesName(hostname, snapshot.mesh.domainSuffix);
  return snapshot.discovery.registries.flatMap((registry) => {
    const isOfHost = (key: string): boolean =>
      ownKeys(registry, hostname).has(key) ||
      key.split('/').includes(hostname) ||
      (name !== undefined && registry.provider === 'Kubernetes' && key === `${name.namespace}/${name.name}`);
    return registry.quarantined
      .filter(({ key }) => isOfHost(key))
      .map(({ key, reason }) => ({
        code: 'quarantined' as const,
        text: `the registry keeps it out: ${reason}`,
        source: { object: key, registry: `${registry.provider}/${registry.cluster}` },
      }));
  });
}

function ownKeys({ services, endpoints }: RegistryView, hostname: string): ReadonlySet<string> {
  const keys = [...services, ...[...endpoints].map(([key, value]) => [key, value] as const)]
    .filter(([, value]) => value.hostname === hostname)
    .map(([key]) => key);
  return new Set(keys);
}

/** Valid objects of the host that no registry makes a service of. */
function unread(state: MeshDirectoryState, context: ProxyContext, hostname: string): readonly RefusedValue[] {
  const { mesh, discovery } = context.snapshot;
  return [...state.clusters].flatMap(([cluster, objects]) =>
    [...objects.values()].flatMap((object): readonly RefusedValue[] => {
      const { namespace, name } = object.metadata;
      const isOfHost =
        object.kind === 'Service'
          ? serviceHostname(name, namespace, mesh.domainSuffix) === hostname
          : object.kind === 'ServiceEntry' && object.spec.hosts.includes(hostname);
      if (!isOfHost) return [];
      const source = objectSource(object);
      if (object.kind === 'ServiceEntry' && cluster !== primaryClusterId) {
        const text = `ServiceEntries are read of the primary cluster only; this one is of the cluster ${cluster}`;
        return [{ code: 'remote-entry', text, source }];
      }
      const isRead = discovery.registries.some((registry) =>
        servicesOf(registry, hostname).some(({ provenance }) => provenance.object === source.object),
      );
      if (isRead || mesh.discoverySelectors.length === 0) return [];
      const text = `the discoverySelectors of the mesh do not select the namespace ${listText([namespace])}`;
      return [{ code: 'not-discovered', text, source }];
    }),
  );
}
