/**
 * Whether a workload may read the Secrets of its namespace, as the cluster says: the question that Istiod asks before
 * it gives a gateway a certificate (a SubjectAccessReview). Answers count for a while, and the old one until there is a
 * new one.
 */
import { errorMessage } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { WorkloadIdentity } from '../model/proxy.js';
import type { ApiClient } from '../kubernetes/api-client.js';

export interface SecretReviewsOptions {
  readonly client: ApiClient;
  readonly logger: Logger;
  /** An answer came that differs from what counted before. */
  readonly onAnswer: () => void;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

/** Milliseconds for which an answer counts. */
const allowedFor = 5 * 60_000;
const refusedFor = 60_000;

/** As many accounts as a mesh may have gateways; past it the oldest answers are asked for again. */
const mostAnswers = 10_000;

interface Review {
  readonly allowed: boolean | undefined;
  readonly until: number;
}

export class SecretReviews {
  readonly #options: SecretReviewsOptions;
  readonly #now: () => number;
  readonly #reviews = new Map<string, Review>();
  readonly #asked = new Set<string>();
  readonly #end = new AbortController();
  #failure = '';

  constructor(options: SecretReviewsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** The answer that counts; undefined as long as there is none. Asks where there is none or it is old. */
  mayReadSecrets(identity: WorkloadIdentity): boolean | undefined {
    const user = userOf(identity);
    const review = this.#reviews.get(user);
    if ((review === undefined || review.until <= this.#now()) && !this.#asked.has(user))
      void this.#ask(user, identity.namespace);
    return review?.allowed;
  }

  /** No answer counts any more. */
  close(): void {
    this.#end.abort();
  }

  async #ask(user: string, namespace: string): Promise<void> {
    this.#asked.add(user);
    const allowed = await this.#review(user, namespace);
    this.#asked.delete(user);
    if (this.#end.signal.aborted) return;
    const before = this.#reviews.get(user)?.allowed;
    this.#reviews.delete(user);
    this.#reviews.set(user, { allowed, until: this.#now() + (allowed ? allowedFor : refusedFor) });
    const [oldest] = this.#reviews.keys();
    if (this.#reviews.size > mostAnswers && oldest !== undefined) this.#reviews.delete(oldest);
    if (allowed !== before) this.#options.onAnswer();
  }

  /** Who cannot be asked about may not. */
  async #review(user: string, namespace: string): Promise<boolean> {
    const { client } = this.#options;
    try {
      const answer = await client.json({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: { user, resourceAttributes: { namespace, verb: 'list', resource: 'secrets' } },
        },
        signal: this.#end.signal,
      });
      this.#fail('');
      return (answer as { readonly status?: { readonly allowed?: unknown } }).status?.allowed === true;
    } catch (error) {
      if (!this.#end.signal.aborted) this.#fail(errorMessage(error));
      return false;
    }
  }

  /** Said once as long as it lasts. */
  #fail(reason: string): void {
    if (reason !== '' && reason !== this.#failure)
      this.#options.logger.warn(
        `the cluster cannot be asked who may read Secrets, so nobody gets one by a certificate: ${reason}`,
        { hint: 'docs/kubernetes.md tells which rights that takes, and deploy/gateways gives them' },
      );
    this.#failure = reason;
  }
}

/** The name of a service account as a user. */
function userOf({ namespace, serviceAccount }: WorkloadIdentity): string {
  return `system:serviceaccount:${namespace}:${serviceAccount}`;
}
