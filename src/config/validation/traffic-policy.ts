/** The rules of traffic policies: the mesh's, a host's, a subset's, a port's (Istio reference 10.5). */
import type {
  OutlierDetection,
  PortTrafficPolicy,
  TrafficPolicy,
  TunnelSettings,
} from '../kinds/traffic-policy.js';
import { isIpAddress } from './address.js';
import { validateClientTls } from './client-tls.js';
import { validateConnectionPool } from './connection-pool.js';
import { optionalDurationProblem } from './duration.js';
import { errorsOnly, type FindingSink, quote } from './finding.js';
import { fqdnProblem } from './host.js';
import { validateLoadBalancer } from './load-balancer.js';
import { portNumberProblem } from './port.js';

/** Checks a traffic policy of an object in a namespace (Istio reference 10.5). */
export function validateTrafficPolicy(
  policy: TrafficPolicy | undefined,
  namespace: string,
  path: string,
  sink: FindingSink,
): void {
  if (policy === undefined) return;
  const { portLevelSettings = [], tunnel, proxyProtocol, retryBudget } = policy;
  if (
    isEmpty(policy) &&
    portLevelSettings.length === 0 &&
    (tunnel ?? proxyProtocol ?? retryBudget) === undefined
  ) {
    sink.error(path, 'traffic policy sets nothing; set at least one field or remove it');
    return;
  }
  if (tunnel !== undefined && proxyProtocol !== undefined) {
    sink.error(path, 'tunnel and proxyProtocol exclude each other; keep one of them');
  }
  validateSettings(policy, namespace, path, sink);
  for (const [index, portPolicy] of portLevelSettings.entries()) {
    validatePortPolicy(portPolicy, namespace, `${path}.portLevelSettings[${index}]`, errorsOnly(sink));
  }
  if (tunnel !== undefined) validateTunnel(tunnel, `${path}.tunnel`, sink);
}

function validateOutlierDetection(outlier: OutlierDetection, path: string, sink: FindingSink): void {
  sink.error(`${path}.baseEjectionTime`, optionalDurationProblem(outlier.baseEjectionTime));
  sink.error(`${path}.interval`, optionalDurationProblem(outlier.interval));
  if ((outlier.consecutiveErrors ?? 0) !== 0) {
    sink.warn(
      `${path}.consecutiveErrors`,
      'consecutiveErrors is deprecated; use consecutive5xxErrors or consecutiveGatewayErrors',
    );
  }
  if ((outlier.consecutiveLocalOriginFailures ?? 0) > 0 && outlier.splitExternalLocalOriginErrors !== true) {
    sink.error(
      `${path}.consecutiveLocalOriginFailures`,
      'consecutiveLocalOriginFailures counts nothing unless splitExternalLocalOriginErrors is true',
    );
  }
  sink.error(`${path}.maxEjectionPercent`, percentProblem(outlier.maxEjectionPercent));
  sink.error(`${path}.minHealthPercent`, percentProblem(outlier.minHealthPercent));
}

/** Istio says nothing of what is only doubtful in the policy of a port; it does not check the port's number. */
function validatePortPolicy(
  policy: PortTrafficPolicy,
  namespace: string,
  path: string,
  sink: FindingSink,
): void {
  if (policy.port === undefined) {
    sink.error(`${path}.port`, 'port is missing; say which port the settings are for');
  }
  if (isEmpty(policy)) {
    sink.error(path, 'port level settings set nothing; set at least one field or remove them');
  }
  validateSettings(policy, namespace, path, sink);
}

function validateSettings(
  policy: PortTrafficPolicy,
  namespace: string,
  path: string,
  sink: FindingSink,
): void {
  const { outlierDetection, connectionPool, loadBalancer, tls } = policy;
  if (outlierDetection !== undefined) {
    validateOutlierDetection(outlierDetection, `${path}.outlierDetection`, sink);
  }
  if (connectionPool !== undefined) validateConnectionPool(connectionPool, `${path}.connectionPool`, sink);
  if (loadBalancer !== undefined) {
    validateLoadBalancer(loadBalancer, outlierDetection !== undefined, `${path}.loadBalancer`, sink);
  }
  if (tls !== undefined) validateClientTls(tls, namespace, `${path}.tls`, sink);
}

function validateTunnel(tunnel: TunnelSettings, path: string, sink: FindingSink): void {
  const { protocol = '', targetHost, targetPort } = tunnel;
  if (!['', 'CONNECT', 'POST'].includes(protocol)) {
    sink.error(`${path}.protocol`, `tunnel protocol ${quote(protocol)} must be "CONNECT" or "POST"`);
  }
  if (!isIpAddress(targetHost) && fqdnProblem(targetHost) !== undefined) {
    sink.error(
      `${path}.targetHost`,
      `target host ${quote(targetHost)} is neither a fully qualified name nor an IP address`,
    );
  }
  sink.error(`${path}.targetPort`, portNumberProblem(targetPort));
}

function isEmpty(policy: PortTrafficPolicy): boolean {
  const { outlierDetection, connectionPool, loadBalancer, tls } = policy;
  return (outlierDetection ?? connectionPool ?? loadBalancer ?? tls) === undefined;
}

function percentProblem(percent: number | undefined): string | undefined {
  if (percent === undefined || (percent >= 0 && percent <= 100)) return undefined;
  return `percentage ${percent} is not in 0..100`;
}
