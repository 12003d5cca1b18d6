/** The rules of `exportTo` (Istio reference 10.5; the tokens are in 0.1). */
import { type FindingSink, quote } from './finding.js';
import { isDnsLabel } from './host.js';

/** What an object's kind allows in `exportTo`. */
export interface ExportToRules {
  /** `~`, for nobody: ServiceEntry only. */
  readonly allowNobody?: boolean;
  /** Only the object's own namespace: a DestinationRule with a workload selector. */
  readonly ownNamespaceOnly?: boolean;
}

/** Checks `exportTo` of an object in a namespace. */
export function validateExportTo(
  exportTo: readonly string[],
  namespace: string,
  sink: FindingSink,
  rules: ExportToRules = {},
): void {
  const seen = new Set<string>();
  for (const [index, entry] of exportTo.entries()) {
    const target = entry === '.' ? namespace : entry;
    if (seen.has(target)) {
      sink.error(
        `spec.exportTo[${index}]`,
        `${quote(entry)} repeats an entry for the namespace or token ${quote(target)}`,
      );
      continue;
    }
    const problem = entryProblem(target, rules.allowNobody === true);
    sink.error(`spec.exportTo[${index}]`, problem);
    if (problem === undefined) seen.add(target);
  }
  if (rules.ownNamespaceOnly === true) checkOwnNamespaceOnly(seen, namespace, sink);
  if (exportTo.length <= 1) return;
  if (seen.has('*')) {
    sink.error('spec.exportTo', '"*" exports to every namespace and cannot be combined with other entries');
  }
  if (seen.has('~')) {
    sink.error('spec.exportTo', '"~" exports to nobody and cannot be combined with other entries');
  }
}

function entryProblem(target: string, allowNobody: boolean): string | undefined {
  if (target === '*' || (target === '~' && allowNobody) || isDnsLabel(target)) return undefined;
  if (target === '~') return '"~" (nobody) is for a ServiceEntry only; use "." for this namespace alone';
  return `${quote(target)} is not a namespace; allowed are ".", "*" and names of namespaces`;
}

function checkOwnNamespaceOnly(targets: ReadonlySet<string>, namespace: string, sink: FindingSink): void {
  if (targets.size === 0 || (targets.size === 1 && targets.has(namespace))) return;
  sink.error(
    'spec.exportTo',
    'with a workloadSelector only the own namespace is allowed: "." and nothing else',
  );
}
