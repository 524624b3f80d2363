import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, storeContract } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'

describe('memory store', () => {
  storeContract(() => memoryStore(), { describe, it, expect })
})

describe('memory store on a manual clock', () => {
  const clock = manualClock()
  storeContract(() => memoryStore({ clock }), { describe, it, expect, clock })
})
