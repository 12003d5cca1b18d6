/** Adapters only read: a client of a registry through which nothing but named operations can be reached. */

/** An operation was tried that is not on the allow-list. */
export class NotAllowed extends Error {
  constructor(operation: string, allowed: readonly string[]) {
    super(`${operation} is not allowed: adapters only read, and this one uses ${allowed.join(', ')}`);
    this.name = 'NotAllowed';
  }
}

/**
 * The same client, of which only the allowed operations can be called; everything else throws `NotAllowed`, also what
 * a later version of the client adds.
 *
 * @param allowed paths of methods, such as `health.service`. Objects on the way to one can be looked at, nothing else.
 */
export function readOnly<Client extends object>(client: Client, allowed: readonly string[]): Client {
  return guarded(client, '', allowed);
}

function guarded<Value extends object>(value: Value, path: string, allowed: readonly string[]): Value {
  return new Proxy(value, {
    get(target, name) {
      const place = path === '' ? String(name) : `${path}.${String(name)}`;
      // A promise is told by its `then`, which a client has not.
      if (typeof name === 'symbol' || name === 'then') return undefined;
      const found: unknown = Reflect.get(target, name, target);
      if (allowed.includes(place)) {
        // With the real client as `this`: what it does within itself is its own matter.
        return typeof found === 'function'
          ? (...given: unknown[]): unknown => found.apply(target, given)
          : found;
      }
      const leads = allowed.some((operation) => operation.startsWith(`${place}.`));
      if (leads && (typeof found === 'object' || typeof found === 'function') && found !== null)
        return guarded(found, place, allowed);
      throw new NotAllowed(place, allowed);
    },
    apply() {
      throw new NotAllowed(path, allowed);
    },
    construct() {
      throw new NotAllowed(`new ${path}`, allowed);
    },
    set(_target, name) {
      throw new NotAllowed(`setting ${path === '' ? '' : `${path}.`}${String(name)}`, allowed);
    },
    defineProperty(_target, name) {
      throw new NotAllowed(`setting ${String(name)}`, allowed);
    },
    deleteProperty(_target, name) {
      throw new NotAllowed(`deleting ${String(name)}`, allowed);
    },
    getPrototypeOf() {
      return Object.prototype;
    },
  });
}
