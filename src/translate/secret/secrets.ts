/** SDS: the secrets that a proxy asks for by name, each from the first source that answers for its name. */
import type { EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import type { Translation, TranslationProblem } from '../translation.js';
import type { SecretAnswer, SecretSource } from './secret-source.js';

/** The secrets of these names that a proxy may have. What is not there, or not for it, is left out. */
export function translateSecrets(
  context: ProxyContext,
  memo: Memo,
  names: ReadonlySet<string>,
  sources: readonly SecretSource[],
): Translation {
  const resources: EncodedResource[] = [];
  const problems: TranslationProblem[] = [];
  for (const name of names) {
    const { resource, problem } = firstAnswer(context, memo, name, sources);
    if (resource !== undefined) resources.push(resource);
    if (problem !== undefined) problems.push(problem);
  }
  return { resources, problems };
}

function firstAnswer(
  context: ProxyContext,
  memo: Memo,
  name: string,
  sources: readonly SecretSource[],
): SecretAnswer {
  for (const source of sources) {
    const answer = source.secret(context, name, memo);
    if (answer !== undefined) return answer;
  }
  return { problem: { subject: name, message: 'no secret has a name of this form' } };
}
