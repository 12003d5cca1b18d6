/** The client of ../client.mjs in JavaScript, with @grpc/grpc-js and @grpc/grpc-js-xds. */
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials, status } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';

const method = '/testenv.Backend/Name';
const pauseMs = 5;
const deadlineMs = 10_000;

register();
for await (const target of createInterface({ input: process.stdin })) void ask(target);
process.exit();

/** Asks a target again and again, over a channel of its own. @param {string} target */
async function ask(target) {
  const client = new Client(target, credentials.createInsecure());
  for (;;) {
    console.log(JSON.stringify({ target, ...(await askOnce(client)) }));
    await pause(pauseMs);
  }
}

/** @param {Client} client @returns {Promise<{ from: string } | { error: string }>} */
function askOnce(client) {
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + deadlineMs };
    client.makeUnaryRequest(method, asIs, asIs, Buffer.alloc(0), options, (error, name) => {
      if (error === null) resolve({ from: String(name) });
      else resolve({ error: `${status[error.code]}: ${error.details}` });
    });
  });
}

/** @param {Buffer} bytes */
function asIs(bytes) {
  return bytes;
}
