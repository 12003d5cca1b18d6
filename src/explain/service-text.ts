/** Services as text: by which objects they are given, since when, and at which addresses. */
import { undatedIstioTime } from '../config/decode/kinds.js';
import type { ProxyContext } from '../mesh/snapshot.js';
import type { Service } from '../model/service.js';
import { servicesOf } from '../registry/instances.js';
import type { Source } from './explanation.js';
import { sourceOf, sourceText } from './source.js';

/** Why the one of two services that is first by age and name comes first. */
export function olderText(winner: Service, loser: Service): string {
  if (!isOlder(winner, loser)) return 'of the same age, the first by name comes first';
  return `the older one comes first (${datedText(winner)}, before ${datedText(loser)})`;
}

/** Whether a service was created before another one. */
export function isOlder(a: Service, b: Service): boolean {
  return a.creationTime < b.creationTime;
}

/** Objects without a creation time have one of these. */
export function isDated({ creationTime }: Service): boolean {
  return creationTime !== 0 && creationTime !== undatedIstioTime;
}

function datedText(service: Service): string {
  if (isDated(service)) return timeText(service.creationTime);
  return service.creationTime === 0
    ? 'without a time, so older than all'
    : 'without a time, so younger than all';
}

/** Whether two services are of one object; copies with fewer ports or aliases are. */
export function sameObject(a: Service, b: Service): boolean {
  return (
    a.attributes.namespace === b.attributes.namespace &&
    a.attributes.provider === b.attributes.provider &&
    a.attributes.objectName === b.attributes.objectName
  );
}

/** Where a service was read from: in every cluster that has it. */
export function sourcesOf({ snapshot }: ProxyContext, service: Service): readonly Source[] {
  const found = snapshot.discovery.registries
    .flatMap((registry) => servicesOf(registry, service.hostname))
    .filter((other) => sameObject(other, service))
    .map(({ provenance }) => sourceOf(provenance));
  const texts = found.map((source) => `${source.registry} ${sourceText(source)}`);
  return found.filter((_, index) => texts.indexOf(texts[index] ?? '') === index);
}

/** The object that gives a service. */
export function describe(context: ProxyContext, service: Service): string {
  const [source = sourceOf(service.provenance)] = sourcesOf(context, service);
  return sourceText(source);
}

/** The addresses of several services, each once. */
export function addressesOf(services: readonly Service[]): readonly string[] {
  const addresses = services.flatMap((service) => {
    const inClusters = Object.values(service.clusterVIPs).flat();
    const { defaultAddress, autoAllocatedIPv4 = '', autoAllocatedIPv6 = '' } = service;
    return [...inClusters, defaultAddress, autoAllocatedIPv4, autoAllocatedIPv6];
  });
  return [...new Set(addresses)].filter((address) => address !== '' && address !== '0.0.0.0');
}

/** A time as ISO 8601. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
