import { expect, it } from 'vitest';
import { decodeDocument } from '../../../src/config/decode/document.js';

function decode(kind: 'Secret' | 'ConfigMap', fields: Readonly<Record<string, unknown>>) {
  const metadata = { name: 'web', namespace: 'edge' };
  const [decoded] = decodeDocument({ apiVersion: 'v1', kind, metadata, ...fields }, { source: 'test' });
  if (decoded === undefined) throw new Error('nothing was decoded');
  return decoded;
}

const data = (kind: 'Secret' | 'ConfigMap', fields: Readonly<Record<string, unknown>>): unknown => {
  const decoded = decode(kind, fields);
  return decoded.type === 'object' ? decoded.object.spec : decoded.findings;
};

it('keeps certificates, keys and CAs of a Secret, and nothing else', () => {
  expect(
    data('Secret', {
      type: 'Opaque',
      data: { 'tls.crt': 'Y2VydA==', 'tls.key': 'a2V5', password: 'c2VjcmV0' },
    }),
  ).toEqual({ data: { 'tls.crt': 'Y2VydA==', 'tls.key': 'a2V5' } });
});

it('takes what is written as text over what is written in base64', () => {
  expect(data('Secret', { data: { cert: 'b2xk', key: 'a2V5' }, stringData: { cert: 'new' } })).toEqual({
    data: { cert: 'bmV3', key: 'a2V5' },
  });
});

it('takes base64 of several lines', () => {
  expect(data('Secret', { data: { cert: 'Y2Vy\ndA==\n' } })).toEqual({ data: { cert: 'Y2VydA==' } });
});

it('keeps CAs of a ConfigMap', () => {
  expect(data('ConfigMap', { data: { 'ca.crt': 'PEM', mesh: 'rootNamespace: x' } })).toEqual({
    data: { 'ca.crt': 'PEM' },
  });
});

it('says what is wrong without the value', () => {
  const hunter = 'hunter2!';
  const wrong = [
    { data: { 'tls.key': hunter } },
    { data: { 'tls.key': 12345678 } },
    { stringData: { key: [hunter] } },
    { data: hunter },
  ].map((fields) => decode('Secret', fields));
  expect(wrong.map(({ type }) => type)).toEqual(['refused', 'refused', 'refused', 'refused']);
  expect(JSON.stringify(wrong)).not.toMatch(/hunter|12345678/);
  expect(wrong[0]?.findings).toEqual([
    { severity: 'error', path: 'data[tls.key]', message: 'expected bytes in base64' },
  ]);
});
