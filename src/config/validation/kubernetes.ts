/** What would make a Kubernetes object unusable. The API server checks much more, and before. */
import type { ContainerPort } from '../kinds/kubernetes.js';
import type { ConfigObject } from '../object.js';
import { isIpAddress } from './address.js';
import { type FindingSink, quote } from './finding.js';
import { dnsLabelProblem } from './host.js';
import { portNumberProblem } from './port.js';

/** Checks the name of a Service, which begins a host name, its ports and its addresses. */
export function validateService(object: ConfigObject<'Service'>, sink: FindingSink): void {
  const { ports, clusterIP, clusterIPs } = object.spec;
  sink.error('metadata.name', dnsLabelProblem('name of the Service', object.metadata.name));
  for (const [index, { port, targetPort, nodePort }] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    sink.error(`${path}.port`, portNumberProblem(port));
    if (typeof targetPort === 'number') sink.error(`${path}.targetPort`, portNumberProblem(targetPort));
    if (nodePort !== undefined && nodePort !== 0) sink.error(`${path}.nodePort`, portNumberProblem(nodePort));
  }
  sink.error('spec.clusterIP', clusterIpProblem(clusterIP));
  for (const [index, address] of clusterIPs.entries()) {
    sink.error(`spec.clusterIPs[${index}]`, clusterIpProblem(address));
  }
}

/** Checks the addresses and ports of an EndpointSlice; a port that is 0 or absent is every port. */
export function validateEndpointSlice(object: ConfigObject<'EndpointSlice'>, sink: FindingSink): void {
  const { addressType, endpoints, ports } = object.spec;
  for (const [index, { port }] of ports.entries()) {
    if (port !== 0) sink.error(`ports[${index}].port`, portNumberProblem(port));
  }
  if (addressType === 'FQDN') return;
  for (const [index, { addresses }] of endpoints.entries()) {
    for (const [addressIndex, address] of addresses.entries()) {
      const fits = isIpAddress(address) && address.includes(':') === (addressType === 'IPv6');
      if (!fits) {
        sink.error(
          `endpoints[${index}].addresses[${addressIndex}]`,
          `${quote(address)} is not an ${addressType} address`,
        );
      }
    }
  }
}

/** Checks the addresses of a Pod and the ports of its containers. */
export function validatePod(object: ConfigObject<'Pod'>, sink: FindingSink): void {
  const { containers, initContainers, podIPs } = object.spec;
  for (const [index, { ports }] of containers.entries()) {
    validateContainerPorts(ports, `spec.containers[${index}]`, sink);
  }
  for (const [index, { ports }] of initContainers.entries()) {
    validateContainerPorts(ports, `spec.initContainers[${index}]`, sink);
  }
  for (const [index, address] of podIPs.entries()) {
    if (!isIpAddress(address)) {
      sink.error(`status.podIPs[${index}].ip`, `${quote(address)} is not an IP address`);
    }
  }
}

function validateContainerPorts(ports: readonly ContainerPort[], path: string, sink: FindingSink): void {
  for (const [index, { containerPort }] of ports.entries()) {
    sink.error(`${path}.ports[${index}].containerPort`, portNumberProblem(containerPort));
  }
}

function clusterIpProblem(address: string): string | undefined {
  if (address === '' || address === 'None' || isIpAddress(address)) return undefined;
  return `cluster IP ${quote(address)} is neither an IP address nor "None"`;
}
