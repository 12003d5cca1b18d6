/** What a file of a mesh directory is for, by its path. */
import { primaryClusterId } from './state.js';

export type FileRole =
  { readonly type: 'objects'; readonly cluster: string } | { readonly type: 'mesh' | 'networks' | 'proxies' };

/** Whether a name is passed over wherever it occurs: hidden files, and recorded answers. */
export function isPassedOver(name: string, isDirectory: boolean): boolean {
  return name.startsWith('.') || (isDirectory && name === 'expected');
}

/** Whether a file is read at all. */
export function isYamlFile(name: string): boolean {
  return name.endsWith('.yaml') || name.endsWith('.yml');
}

/** The role of a file by its path relative to the directory; names with a meaning have it at the top level only. */
export function fileRole(path: string): FileRole {
  const stem = path.replace(/\.ya?ml$/, '');
  if (stem === 'mesh' || stem === 'networks' || stem === 'proxies') return { type: stem };
  const cluster = /^cluster-([^/]+)$/.exec(stem)?.[1];
  return { type: 'objects', cluster: cluster ?? primaryClusterId };
}
