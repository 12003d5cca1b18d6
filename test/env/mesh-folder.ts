/** Mesh directories that tests write and change, and the objects in them. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** A mesh directory in a temporary folder. */
export class MeshFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<MeshFolder> {
    return new MeshFolder(await mkdtemp(join(tmpdir(), 'pilotlight-mesh-')));
  }

  /** Puts a file in place, whole or not at all. */
  async put(file: string, documents: readonly unknown[]): Promise<void> {
    await this.putText(file, documents.map((document) => stringify(document)).join('---\n'));
  }

  async putText(file: string, text: string): Promise<void> {
    const fresh = join(this.path, `.${file}.new`);
    await writeFile(fresh, text);
    await rename(fresh, join(this.path, file));
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

/** What a Service sends its traffic to. */
export interface ServiceBackend {
  readonly backend: { readonly name: string; readonly address: string; readonly port: number };
  /** Its Pod's label `version`; `v1` without it. */
  readonly version?: string;
}

/** A Service of namespace `shop`, port 80, with one EndpointSlice and Pod for each backend. */
export function service(
  name: string,
  backends: readonly ServiceBackend[],
  protocol: 'http' | 'grpc' = 'http',
): unknown[] {
  const labels = (version = 'v1'): Record<string, string> => ({ app: name, version });
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'shop' },
      spec: { clusterIP: '10.96.0.1', selector: { app: name }, ports: [{ name: protocol, port: 80 }] },
    },
    ...backends.flatMap(({ backend, version }) => [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: backend.name, namespace: 'shop', labels: labels(version) },
        spec: { containers: [{ name: 'app' }] },
        status: {
          phase: 'Running',
          podIP: backend.address,
          podIPs: [{ ip: backend.address }],
          conditions: [{ type: 'Ready', status: 'True' }],
        },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: backend.name, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
        addressType: 'IPv4',
        endpoints: [
          {
            addresses: [backend.address],
            conditions: { ready: true },
            targetRef: { kind: 'Pod', name: backend.name, namespace: 'shop' },
          },
        ],
        ports: [{ name: protocol, port: backend.port, protocol: 'TCP' }],
      },
    ]),
  ];
}
