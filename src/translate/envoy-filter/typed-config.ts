/** Merging extensions that hold their configuration as an Any: filters and transport sockets. */
import type { AnyLike } from '../../envoy/any.js';
import { mergeAny } from '../../envoy/merge.js';

/** An extension by its name. */
export interface NamedExtension {
  readonly name?: string | undefined;
  readonly typedConfig?: AnyLike | null | undefined;
}

/**
 * An extension with that of a patch put over it. One without a configuration stays as it is, as does a configuration of
 * another type than the patch's.
 */
export function mergedExtension<E extends NamedExtension>(
  extension: E,
  patch: NamedExtension | undefined,
): E {
  const { typedConfig } = extension;
  if (patch === undefined || typedConfig === undefined || typedConfig === null) return extension;
  const named =
    patch.name === undefined || patch.name === '' ? extension : { ...extension, name: patch.name };
  const config = patch.typedConfig && mergeAny(typedConfig, patch.typedConfig);
  return config === undefined || config === null ? named : { ...named, typedConfig: config };
}
