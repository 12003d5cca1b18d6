/** Extension providers by their names. */
import type { ExtensionProvider } from '../../config/extension-provider.js';
import type { MeshConfig } from '../../config/mesh-config.js';

/** The provider of a name, whatever its case. */
export function providerNamed(
  name: string,
  { extensionProviders }: Pick<MeshConfig, 'extensionProviders'>,
): ExtensionProvider | undefined {
  const wanted = name.toLowerCase();
  return extensionProviders.find((provider) => provider.name.toLowerCase() === wanted);
}
