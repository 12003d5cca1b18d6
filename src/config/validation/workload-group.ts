/** The rules of WorkloadGroup: Istio's ValidateWorkloadGroup. */
import type { ReadinessProbe } from '../kinds/workload-group.js';
import type { ConfigObject } from '../object.js';
import { type FindingSink, quote } from './finding.js';
import { headerNameProblem } from './header.js';
import { validateLabels } from './labels.js';
import { portNumberProblem } from './port.js';

/** Checks a WorkloadGroup (Istio reference 10.5). What its workloads say themselves need not be in the template. */
export function validateWorkloadGroup({ spec }: ConfigObject<'WorkloadGroup'>, sink: FindingSink): void {
  if (spec.template === undefined) {
    sink.error('spec.template', 'is missing');
    return;
  }
  validateLabels(spec.metadata?.labels ?? {}, 'spec.metadata.labels', sink);
  if (spec.probe !== undefined) validateProbe(spec.probe, 'spec.probe', sink);
}

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const satisfies readonly (keyof ReadinessProbe)[];

function validateProbe(probe: ReadinessProbe, path: string, sink: FindingSink): void {
  for (const field of counts) if (probe[field] < 0) sink.error(`${path}.${field}`, 'is negative');
  const { httpGet, tcpSocket, exec } = probe;
  if (httpGet !== undefined) validateHttpGet(httpGet, `${path}.httpGet`, sink);
  else if (tcpSocket !== undefined) sink.error(`${path}.tcpSocket.port`, portNumberProblem(tcpSocket.port));
  else if (exec === undefined) sink.error(path, 'needs one of httpGet, tcpSocket and exec');
  else if (exec.command.length === 0) sink.error(`${path}.exec.command`, 'is empty');
}

function validateHttpGet(
  { port, scheme, httpHeaders }: NonNullable<ReadinessProbe['httpGet']>,
  path: string,
  sink: FindingSink,
): void {
  sink.error(`${path}.port`, portNumberProblem(port));
  if (!['', 'HTTP', 'HTTPS'].includes(scheme))
    sink.error(`${path}.scheme`, `${quote(scheme)} is neither HTTP nor HTTPS`);
  for (const [index, { name }] of httpHeaders.entries())
    sink.error(`${path}.httpHeaders[${index}].name`, headerNameProblem(name));
}
