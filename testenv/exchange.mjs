/** One HTTP request of a test, and its whole answer. */
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

/**
 * Sends a request with a body of JSON, or without one, and reads the answer to its end, whatever its status.
 *
 * @param {URL} url of http: or https:
 * @param {{ method: string, agent: import('node:http').Agent, headers: Readonly<Record<string, string>>,
 *   body?: unknown }} options `agent`: of the URL's protocol
 * @returns {Promise<{ status: number, text: string }>}
 * @throws {Error} when the server is not reached, or the answer ends early
 */
export function exchange(url, { method, agent, headers, body }) {
  const request = url.protocol === 'https:' ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, headers }, (answer) => {
      /** @type {Buffer[]} */
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
