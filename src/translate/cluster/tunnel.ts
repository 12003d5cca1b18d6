/** Whether workloads are reached through tunnels (HBONE), in which metadata needs no exchange. */
import type { Endpoint } from '../../model/endpoint.js';
import type { Shard } from '../../registry/view.js';

const tunnelLabel = 'networking.istio.io/tunnel';

const answers = new WeakMap<readonly Shard[], boolean>();

/** Whether there are endpoints, and every one says that it takes tunnels. Found once for each list of shards. */
export function isTunnelled(shards: readonly Shard[]): boolean {
  let answer = answers.get(shards);
  if (answer === undefined) {
    const endpoints = shards.flatMap((shard) => shard.endpoints);
    answer = endpoints.length > 0 && endpoints.every(takesTunnels);
    answers.set(shards, answer);
  }
  return answer;
}

function takesTunnels({ labels }: Endpoint): boolean {
  return (labels[tunnelLabel] ?? '').split(',').includes('http');
}
