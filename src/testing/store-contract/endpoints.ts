import { allPages, type Cases, endpoint } from './support.ts'

export function endpointCases({ describe, test, expect }: Cases): void {
  describe('endpoints', () => {
    test('are kept as they are, and found with the right tenant only', async store => {
      const full = endpoint({ tenant: 't1' })
      const bare = endpoint({
        description: undefined,
        when: undefined,
        auth: { type: 'none' },
        preset: undefined,
        template: undefined,
        rateLimit: undefined,
        retry: 'default',
        status: 'disabled',
        disabledReason: 'failing',
        disabledAtMs: 1_700_000_000_001,
        failingSinceMs: 1_700_000_000_000,
        probeAtMs: 1_700_000_100_000,
      })
      for (const one of [full, bare]) await store.endpoints.insert(one)
      expect(await store.endpoints.get(full.id)).toEqual(full)
      expect(await store.endpoints.get(full.id, 't1')).toEqual(full)
      expect(await store.endpoints.get(bare.id)).toEqual(bare)
      for (const wrong of ['t2', '']) expect(await store.endpoints.get(full.id, wrong)).toBe(undefined)
      expect(await store.endpoints.get(bare.id, 't1')).toBe(undefined)
      expect(await store.endpoints.get("'; --")).toBe(undefined)
    })

    test('cannot be inserted twice', async store => {
      const one = endpoint()
      await store.endpoints.insert(one)
      const outcome = await store.endpoints.insert({ ...one, name: 'other' }).then(
        () => 'inserted',
        (error: unknown) => (error as { readonly code?: unknown }).code,
      )
      expect(outcome).toBe('conflict')
      expect(await store.endpoints.get(one.id)).toEqual(one)
    })

    test('are replaced by one of many who read the same version', async store => {
      const one = endpoint({ tenant: 't1' })
      await store.endpoints.insert(one)
      const changes = Array.from({ length: 10 }, (_, i) => ({ ...one, name: `n${i}`, updatedAtMs: 2_000 + i }))
      const results = await Promise.all(changes.map(change => store.endpoints.replace(change, 1_000)))
      expect(results.filter(Boolean).length).toBe(1)
      expect(await store.endpoints.get(one.id)).toEqual(changes[results.indexOf(true)])
      expect(await store.endpoints.replace({ ...one, id: 'ep_none' }, 1_000)).toBe(false)
      const current = await store.endpoints.get(one.id)
      expect(await store.endpoints.replace({ ...one, tenant: 't2' }, current?.updatedAtMs ?? 0)).toBe(false)
    })

    test('are deleted with the right tenant only', async store => {
      const one = endpoint({ tenant: 't1' })
      await store.endpoints.insert(one)
      expect(await store.endpoints.delete(one.id, 't2')).toBe(false)
      expect(await store.endpoints.delete(one.id, 't1')).toBe(true)
      expect(await store.endpoints.delete(one.id)).toBe(false)
      expect(await store.endpoints.get(one.id)).toBe(undefined)
      expect(await store.endpoints.replace({ ...one, updatedAtMs: 5 }, one.updatedAtMs)).toBe(false)
    })

    test('are listed newest first, page by page, also when some are deleted meanwhile', async store => {
      const made = Array.from({ length: 12 }, (_, i) =>
        endpoint({ tenant: i % 2 ? 'odd' : 'even', status: i < 6 ? 'active' : 'disabled', createdAtMs: 1_000 + i }),
      )
      for (const one of made) await store.endpoints.insert(one)
      const newest = made.map(({ id }) => id).reverse()
      const deleted = newest[4] ?? ''
      const pages = await allPages(async request => {
        const page = await store.endpoints.list(request)
        await store.endpoints.delete(deleted)
        return page
      }, 5)
      expect(pages.flat().map(({ id }) => id)).toEqual(newest)
      const ids = async (filter: object): Promise<string[]> =>
        (await store.endpoints.list(filter)).items.map(({ id }) => id)
      const left = made.filter(({ id }) => id !== deleted).reverse()
      expect(await ids({ tenant: 'odd' })).toEqual(left.filter(({ tenant }) => tenant === 'odd').map(({ id }) => id))
      expect(await ids({ status: 'disabled' })).toEqual(
        left.filter(({ status }) => status === 'disabled').map(({ id }) => id),
      )
      expect(await ids({ tenant: 'x' })).toEqual([])
      expect(await ids({ cursor: 'x' })).toEqual([])
    })

    test('change the version with every write', async store => {
      const one = endpoint()
      const versions = [await store.endpoints.version()]
      await store.endpoints.insert(one)
      versions.push(await store.endpoints.version())
      await store.endpoints.replace({ ...one, updatedAtMs: 2_000 }, 1_000)
      versions.push(await store.endpoints.version())
      await store.endpoints.delete(one.id)
      versions.push(await store.endpoints.version())
      expect(new Set(versions).size).toBe(4)
      expect(await store.endpoints.version()).toBe(versions[3])
    })
  })
}
