// What `snapshot` gives and `restore` takes.

/** The state of an engine as plain JSON. Times are ISO 8601. */
export interface Snapshot {
  /** The version of the format. */
  version: 1
  /** When it was taken. */
  takenAt?: string
  /** What is known of each model, by id. */
  models?: Record<string, ModelSnapshot>
  /** Every provider that is left alone, by id: until when, and the failure that caused it. */
  providers?: Record<string, { coolingUntil: string; kind: FailureKind }>
  /** What was spent on the day. */
  spend?: DaySpend
  /** What was spent on other days that are not over for every clock; absent where nothing was. */
  otherDays?: DaySpend[]
  /** What calls came to today and on the seven days before, where there were any, the latest first. */
  days?: DaySnapshot[]
  /** The version of the prompts that is pinned; null if none is. */
  pinnedPrompts?: string | null
  /** What a member of a fleet knows of the day's money of all its members, to be written back if Redis has lost it; absent without a fleet. */
  fleet?: object
}

/** What calls came to on a day in UTC. */
export interface DaySnapshot {
  /** The day, as `YYYY-MM-DD`. */
  day: string
  /** The calls for one model that the same model (null: none) answered for the same reason; of questions those with `task`. Costs are whole billionths of a US dollar. */
  routes?: { task?: 'ask'; originalModelId: string; modelId?: string | null; reason?: FallbackReason | null; calls?: number; nanoUsd?: number; originalNanoUsd?: number }[]
  /** The attempts at each model, by id. */
  models?: Record<string, { attempts?: number; answered?: number; nanoUsd?: number }>
}

/** What was spent on a day in UTC, by model. */
export interface DaySpend {
  /** The day, as `YYYY-MM-DD`. */
  day: string
  /** What each model has cost, in whole millionths of a US dollar. */
  microUsd?: Record<string, number>
  /** What each has cost beyond that, in billionths of a US dollar; absent where none has. */
  nanoUsd?: Record<string, number>
  /** What each may be billed beyond that, in billionths of a US dollar; absent where nothing is uncertain. */
  uncertainNanoUsd?: Record<string, number>
}

/** What is known of one model. */
export interface ModelSnapshot {
  /** When anything of it changed last; of two states the later wins. */
  changedAt: string
  /** Failures in a row that count. */
  failures?: number
  /** How often its failures switched it off since its last success. */
  disables?: number
  /** When it comes back (null: when it is switched on by hand) and why it is switched off; null if it is not. */
  disabled?: { until?: string | null; reason?: string } | null
  /** Transient failures in a row. */
  transientFailures?: number
  /** How often they made it cool since its last success. */
  coolings?: number
  /** Until when it cools; null if it does not. */
  coolingUntil?: string | null
  /** Its last failure. */
  lastFailure?: { kind: FailureKind; at: string } | null
  /** The time of its last success. */
  lastSuccessAt?: string | null
}
