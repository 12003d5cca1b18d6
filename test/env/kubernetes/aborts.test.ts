/** Requests that are ended at any moment, on a connection to a real API server: the process is not harmed by it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ContextAccess } from '../../../src/kubernetes/access.js';
import { ApiClient } from '../../../src/kubernetes/api-client.js';
import { contextOfText } from '../../../src/kubernetes/kubeconfig-files.js';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';

let kubernetes: Kubernetes;

beforeAll(async () => {
  kubernetes = await Kubernetes.start();
});

afterAll(() => kubernetes.stop());

/** More steps than a request takes until it is handed over. */
const steps = 20;

test.each([
  { title: 'the requests', closes: false },
  { title: 'the requests and the connection', closes: true },
])('watches that are begun and ended at each step of their way: $title', async ({ closes }) => {
  for (let round = 0; round < 10 * steps; round += 1) {
    const client = new ApiClient(new ContextAccess(contextOfText(kubernetes.kubeconfig(), 'test')));
    const pods = '/api/v1/pods';
    expect(await client.json({ path: pods, signal: new AbortController().signal })).toHaveProperty('items');
    const end = new AbortController();
    const watches = Array.from({ length: 9 }, () =>
      client.send({ path: `${pods}?watch=1`, signal: end.signal }),
    );
    const answers = Promise.allSettled(watches);
    for (let step = 0; step < round % steps; step += 1) await Promise.resolve();
    end.abort(new Error('no more'));
    if (closes) client.close();
    for (const { status } of await answers) expect(status).toBe('rejected');
    client.close();
  }
});
