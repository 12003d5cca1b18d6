/** /debug/clusters: how each live cluster is doing, resource by resource, and what is wrong with its objects. */
import type { Page } from './http-server.js';

/** What the page looks at, as JSON. */
export interface ClusterSources {
  /** How each cluster is doing. */
  status(): readonly unknown[];
  /** What is wrong or doubtful at present. */
  problems(): readonly unknown[];
}

/** The page. */
export function clustersPage(sources: ClusterSources): Page {
  return {
    path: '/debug/clusters',
    help: 'how each live Kubernetes cluster is doing, and what is wrong with its objects',
    answer: () => ({ body: { json: { clusters: sources.status(), problems: sources.problems() } } }),
  };
}
