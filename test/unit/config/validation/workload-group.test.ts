import type { ReadinessProbe, WorkloadGroup } from '../../../../src/config/kinds/workload-group.js';
import { inlineEndpoint } from '../../registry/object-builders.js';
import { describeRules } from './rules.js';

const template = inlineEndpoint('');
const noCounts = {
  initialDelaySeconds: 0,
  timeoutSeconds: 0,
  periodSeconds: 0,
  successThreshold: 0,
  failureThreshold: 0,
};
const probe = (fields: Partial<ReadinessProbe>): Partial<WorkloadGroup> => ({
  probe: { ...noCounts, ...fields },
});
const http = (port: number, scheme = '', header = 'x'): Partial<ReadinessProbe> => ({
  httpGet: { port, scheme, httpHeaders: [{ name: header }] },
});

describeRules('WorkloadGroup', { template }, [
  {
    rule: 'labels are none',
    broken: { metadata: { labels: { 'a b': 'c' }, annotations: {} } },
    finds: ['error spec.metadata.labels[a b]'],
    fine: { metadata: { labels: { a: 'c' }, annotations: {} } },
  },
  {
    rule: 'a probe asks nothing',
    broken: probe({}),
    finds: ['error spec.probe'],
    fine: probe(http(80)),
  },
  {
    rule: 'counts are negative',
    broken: probe({ ...http(80), periodSeconds: -1 }),
    finds: ['error spec.probe.periodSeconds'],
    fine: probe({ ...http(80), periodSeconds: 1 }),
  },
  {
    rule: 'what is asked over HTTP is wrong',
    broken: probe(http(0, 'FTP', 'a b')),
    finds: [
      'error spec.probe.httpGet.httpHeaders[0].name',
      'error spec.probe.httpGet.port',
      'error spec.probe.httpGet.scheme',
    ],
    fine: probe(http(80, 'HTTPS')),
  },
  {
    rule: 'a port is none',
    broken: probe({ tcpSocket: { port: 65_536 } }),
    finds: ['error spec.probe.tcpSocket.port'],
    fine: probe({ tcpSocket: { port: 65_535 } }),
  },
  {
    rule: 'a command is empty',
    broken: probe({ exec: { command: [] } }),
    finds: ['error spec.probe.exec.command'],
    fine: probe({ exec: { command: ['true'] } }),
  },
]);
