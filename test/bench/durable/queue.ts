/** One delivery that a contestant has to make. */
export interface Job {
  readonly number: number
  /** Which endpoint it is for. */
  readonly endpoint: number
  /** 1 KB of JSON, ready to be sent. */
  readonly body: string
}

/** A contestant: stores jobs, and works them off in this process. */
export interface Queue {
  /** Stores jobs, in its fastest way for many. Resolves when they are stored. */
  enqueue(jobs: readonly Job[]): Promise<void>
  enqueueOne(job: Job): Promise<void>
  /** Stores one event for many endpoints, a job for each. */
  fanOut(jobs: readonly Job[]): Promise<void>
  start(): Promise<void>
  /** Resolves when the store says that nothing is unfinished; for those who tell of a job before that is written. */
  settled?(): Promise<void>
  stop(): Promise<void>
}

/** What a contestant is made with. */
export interface QueueHost {
  readonly postgresUrl: string
  readonly redisPort: number
  readonly sinkPort: number
  /** A folder for files. */
  readonly folder: string
  /** Requests under way at once. */
  readonly concurrency: number
  /** Makes a delivery: signs it and posts it. */
  deliver(job: Job): Promise<void>
  /** The answer to a delivery is here. `deliver` calls it. */
  answered(number: number): void
  /** So many more are done and stored as done. */
  recorded(count: number): void
}
