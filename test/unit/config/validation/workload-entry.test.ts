import type { WorkloadEntryObject } from '../../../../src/config/kinds/networking.js';
import { inlineEndpoint } from '../../registry/object-builders.js';
import { describeRules } from './rules.js';

const base: WorkloadEntryObject = inlineEndpoint('10.0.0.1');

describeRules('WorkloadEntry', base, [
  {
    rule: 'the address is empty',
    broken: { address: '' },
    finds: ['error spec.address'],
    fine: { address: '::1' },
  },
  {
    rule: 'there is only a network',
    broken: { address: '', network: 'east' },
    finds: ['warning spec.address'],
    fine: { network: 'east' },
  },
  {
    rule: 'the address is neither an IP address nor a name',
    broken: { address: 'vm_1' },
    finds: ['error spec.address'],
    says: '"vm_1"',
    fine: { address: 'vm-1' },
  },
  {
    rule: 'the address is a wildcard',
    broken: { address: '*.example.com' },
    finds: ['error spec.address'],
    fine: { address: 'a.example.com' },
  },
  {
    rule: 'a socket is a directory',
    broken: { address: 'unix:///run/' },
    finds: ['error spec.address'],
    says: '"unix:///run/"',
    fine: { address: 'unix:///run/api' },
  },
  {
    rule: 'a socket has no name',
    broken: { address: 'unix://' },
    finds: ['error spec.address'],
    fine: { address: 'unix://@' },
  },
  {
    rule: 'a socket has ports',
    broken: { address: 'unix:///run/api', ports: { http: 80 } },
    finds: ['error spec.ports'],
    fine: { address: '10.0.0.1', ports: { http: 80 } },
  },
  {
    rule: 'the name of a port is not a label',
    broken: { ports: { 'http.1': 80 } },
    finds: ['error spec.ports[http.1]'],
    says: '"http.1"',
    fine: { ports: { 'http-1': 80 } },
  },
  {
    rule: 'a port is out of range',
    broken: { ports: { http: 65536 } },
    finds: ['error spec.ports.http'],
    fine: { ports: { http: 65535 } },
  },
  {
    rule: 'the key of a label is not a name',
    broken: { labels: { 'app/': 'a' } },
    finds: ['error spec.labels[app/]'],
    fine: { labels: { 'example.com/app': 'a' } },
  },
  {
    rule: 'the domain of a label is empty',
    broken: { labels: { '/app': 'a' } },
    finds: ['error spec.labels[/app]'],
    fine: { labels: { app: 'a' } },
  },
  {
    rule: 'the domain of a label is none',
    broken: { labels: { 'a_b/app': 'a' } },
    finds: ['error spec.labels[a_b/app]'],
    fine: { labels: { 'a-b/app': 'a' } },
  },
  {
    rule: 'the key of a label is too long',
    broken: { labels: { [`k8s.io/${'a'.repeat(64)}`]: '' } },
    finds: [`error spec.labels[k8s.io/${'a'.repeat(64)}]`],
    fine: { labels: { [`k8s.io/${'a'.repeat(63)}`]: '' } },
  },
  {
    rule: 'the domain of a label is too long',
    broken: { labels: { [`${'a.'.repeat(127)}/app`.replace('./', '.b/')]: '' } },
    finds: [`error spec.labels[${'a.'.repeat(127)}b/app]`],
    fine: { labels: { [`${'a.'.repeat(126)}b/app`]: '' } },
  },
  {
    rule: 'the value of a label is none',
    broken: { labels: { app: '-a' } },
    finds: ['error spec.labels.app'],
    says: '"-a"',
    fine: { labels: { app: '' } },
  },
]);
