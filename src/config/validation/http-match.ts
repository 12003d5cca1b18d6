/** What an HTTP route matches (Istio reference 10.5). */
import type { HttpMatchRequest, StringMatch } from '../kinds/virtual-service.js';
import { errorsOnly, type FindingSink, keyPath } from './finding.js';
import { validateGatewayNames } from './gateway-names.js';
import { matchedHeaderNameProblem } from './header.js';
import { dnsLabelProblem } from './host.js';
import { validateLabels } from './labels.js';
import { portNumberProblem } from './port.js';
import { regexProblem } from './regex.js';

/** Checks one match of an HTTP route (Istio reference 10.5). */
export function validateHttpMatch(match: HttpMatchRequest, path: string, sink: FindingSink): void {
  for (const [name, value] of Object.entries(match.headers ?? {})) {
    sink.error(keyPath(`${path}.headers`, name), matchedHeaderNameProblem(name));
    sink.error(keyPath(`${path}.headers`, name), stringMatchProblem(value));
  }
  for (const [name, value] of Object.entries(match.withoutHeaders ?? {})) {
    sink.error(keyPath(`${path}.withoutHeaders`, name), matchedHeaderNameProblem(name));
    if (!isAnyValue(value)) sink.error(keyPath(`${path}.withoutHeaders`, name), stringMatchProblem(value));
  }
  sink.error(`${path}.uri`, stringRegexProblem(match.uri));
  for (const field of ['scheme', 'method', 'authority'] as const) {
    sink.error(`${path}.${field}`, stringMatchProblem(match[field]));
  }
  for (const [name, value] of Object.entries(match.queryParams ?? {})) {
    sink.error(keyPath(`${path}.queryParams`, name), stringMatchProblem(value));
  }
  validateSource(match, path, sink);
}

/** What is wrong with the regular expression of a match, if it has one. */
export function stringRegexProblem(match: StringMatch | undefined): string | undefined {
  if (match === undefined || !('regex' in match)) return undefined;
  return match.regex === '' ? 'regex is empty; to match any value write ".*"' : regexProblem(match.regex);
}

/** An empty prefix is allowed for a path only. */
function stringMatchProblem(match: StringMatch | undefined): string | undefined {
  if (match !== undefined && 'prefix' in match && match.prefix === '') {
    return 'prefix is empty; to match any value write the regex ".*"';
  }
  return stringRegexProblem(match);
}

/** `*` is no RE2, but in withoutHeaders it stands for any value. */
function isAnyValue(match: StringMatch | undefined): boolean {
  return match !== undefined && 'regex' in match && match.regex === '*';
}

/** Istio says nothing of what is only doubtful in the names of gateways here. */
function validateSource(match: HttpMatchRequest, path: string, sink: FindingSink): void {
  if (match.port !== undefined && match.port !== 0) sink.error(`${path}.port`, portNumberProblem(match.port));
  validateLabels(match.sourceLabels ?? {}, `${path}.sourceLabels`, sink);
  validateGatewayNames(match.gateways ?? [], `${path}.gateways`, errorsOnly(sink));
  if (match.sourceNamespace !== undefined && match.sourceNamespace !== '') {
    sink.error(`${path}.sourceNamespace`, dnsLabelProblem('namespace', match.sourceNamespace));
  }
}
