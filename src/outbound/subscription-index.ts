import type { Endpoint } from '../model/endpoint.ts'

/** A segment of patterns, and what follows it. */
interface Node {
  readonly children: Map<string, Node>
  /** Endpoints whose pattern ends here. */
  readonly ends: Set<Endpoint>
}

/** Types whose matches are remembered. */
const MAX_REMEMBERED = 10_000

/**
 * Finds the endpoints of an event. Patterns are kept as a tree of segments, so that the cost follows the number of
 * matches, not of subscriptions; adding and removing one costs a few steps.
 */
export class SubscriptionIndex {
  readonly #roots = new Map<string, Node>()
  readonly #everything = new Map<string, Set<Endpoint>>()
  /** Answers since the last change. */
  #remembered = new Map<string, readonly Endpoint[]>()

  add(endpoint: Endpoint): void {
    const tenant = tenantKey(endpoint.tenant)
    for (const pattern of endpoint.events) {
      if (pattern === '*') entryOf(this.#everything, tenant, () => new Set<Endpoint>()).add(endpoint)
      else this.#nodeFor(tenant, pattern).ends.add(endpoint)
    }
    this.#forget()
  }

  remove(endpoint: Endpoint): void {
    const tenant = tenantKey(endpoint.tenant)
    for (const pattern of endpoint.events) {
      if (pattern === '*') this.#everything.get(tenant)?.delete(endpoint)
      else this.#prune(tenant, pattern, endpoint)
    }
    this.#forget()
  }

  /** Each endpoint once, however many of its patterns match. Treat the answer as immutable. */
  match(tenant: string | undefined, type: string): readonly Endpoint[] {
    const key = `${tenantKey(tenant)}\n${type}`
    const remembered = this.#remembered.get(key)
    if (remembered !== undefined) return remembered
    const found = this.#find(tenantKey(tenant), type)
    if (this.#remembered.size >= MAX_REMEMBERED) this.#forget()
    this.#remembered.set(key, found)
    return found
  }

  #find(tenant: string, type: string): readonly Endpoint[] {
    if (type === '') return []
    const found = new Set(this.#everything.get(tenant))
    let level: readonly Node[] = [this.#roots.get(tenant)].filter(node => node !== undefined)
    for (const segment of type.split('.')) {
      const next: Node[] = []
      for (const { children } of level) {
        const exact = children.get(segment)
        const star = segment === '' || segment === '*' ? undefined : children.get('*')
        if (exact !== undefined) next.push(exact)
        if (star !== undefined) next.push(star)
      }
      level = next
    }
    for (const { ends } of level) for (const endpoint of ends) found.add(endpoint)
    return [...found]
  }

  #nodeFor(tenant: string, pattern: string): Node {
    let node = entryOf(this.#roots, tenant, createNode)
    for (const segment of pattern.split('.')) node = entryOf(node.children, segment, createNode)
    return node
  }

  /** Takes an endpoint out, and the segments that nothing needs any more. */
  #prune(tenant: string, pattern: string, endpoint: Endpoint): void {
    const path: Array<{ readonly parent: Node; readonly segment: string }> = []
    let node = this.#roots.get(tenant)
    for (const segment of pattern.split('.')) {
      if (node === undefined) return
      path.push({ parent: node, segment })
      node = node.children.get(segment)
    }
    node?.ends.delete(endpoint)
    for (const { parent, segment } of path.reverse()) {
      const child = parent.children.get(segment)
      if (child === undefined || child.ends.size > 0 || child.children.size > 0) return
      parent.children.delete(segment)
    }
  }

  #forget(): void {
    if (this.#remembered.size > 0) this.#remembered = new Map()
  }
}

function createNode(): Node {
  return { children: new Map(), ends: new Set() }
}

/** The value of a key, made where there is none. */
function entryOf<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const value = create()
  map.set(key, value)
  return value
}

/** `undefined` is a tenant of its own. */
function tenantKey(tenant: string | undefined): string {
  return tenant === undefined ? '' : `t${tenant}`
}
