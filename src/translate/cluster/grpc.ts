import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import type { Translation } from '../translation.js';

export function translateGrpcClusters(_context: ProxyContext, _memo: Memo, _names: ReadonlySet<string>): Translation {
  return { resources: [], problems: [] };
}
