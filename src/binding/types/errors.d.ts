// Why something did not work; `src/kind.rs` has the same names.

/** Why an attempt failed. */
export type FailureKind =
  | 'timeout'
  | 'network'
  | 'server_error'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'unauthorized'
  | 'model_unavailable'
  | 'context_too_long'
  | 'bad_request'
  | 'content_filtered'
  | 'invalid_response'
  | 'empty_response'
  | 'truncated'
  | 'parse_error'
  | 'aborted'
  | 'deadline'

/** Why a model of the chain was not called. */
export type SkipReason =
  | 'disabled'
  | 'cooling'
  | 'unconfigured'
  | 'depth'
  | 'too_expensive'
  | 'over_budget'
  | 'provider_failed'
  | 'not_enabled'
  | 'retired'

/** Why another model than the original answered; `incomplete` if the original answered some of the matches. */
export type FallbackReason = FailureKind | SkipReason | 'incomplete'

/** The stable code of an error. `INTERNAL_ERROR` is a defect of Fallcast. */
export type ErrorCode =
  | 'INVALID_CONFIG'
  | 'INVALID_REQUEST'
  | 'UNKNOWN_MODEL'
  | 'ALL_ATTEMPTS_FAILED'
  | 'NO_MODEL_AVAILABLE'
  | 'BUDGET_EXHAUSTED'
  | 'DEADLINE_EXCEEDED'
  | 'ABORT_ERR'
  | 'CLOSED'
  | 'INTERNAL_ERROR'

/** What `predictWithFallback` and `askWithFallback` reject with, and what the other functions throw. */
export interface FallcastError extends Error {
  /** What kind of error it is. */
  code: ErrorCode
  /** Whether the same call may be answered later as things stand: neither it nor the configuration need be changed. */
  retryable: boolean
  /**
   * Of one that may: the soonest that a model of the chain is worth asking again, in whole milliseconds from now. Null: at once,
   * when the caller likes, or never.
   */
  retryAfterMs: number | null
  /** Names the call in its events and log records; absent where there was none. */
  callId?: string
  /** `options.requestId`; null if none was given, or none that can be one. Absent where `callId` is. */
  requestId?: string | null
  /** Every model that was asked, in order; absent if the call was refused before any could be. */
  attempts?: Attempt[]
  /** Every model that was passed over, in order. */
  skips?: Skip[]
  /** What the attempts cost together, in US dollars. */
  costUsd?: number
  /** Of a slate: what there is all the same, and what was paid for. */
  outcome?: SlateOutcome
  /** With `ABORT_ERR` the signal's reason; in a rejection, what the caller's own code threw if an argument could not be read. */
  cause?: unknown
}
