/** The types of `fallcast/alerts`. */
import type { EngineEvent, FleetStatus, Status } from 'fallcast'

/** What is listened to: an engine, or the whole of what `fallcast` exports, for the engine that the process shares. */
export interface AlertSource {
  onEvent(listener: (event: EngineEvent) => void): () => void
  getStatus(): Status
  getFleet(): FleetStatus | null
}

/** What is posted, and how. */
export interface AlertOptions {
  /** Where to: `https:`, or `http:` to this machine. It is shown nowhere, for it may hold a secret. */
  url: string
  /** What bodies are signed by, as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base64. Default: they are not signed. */
  secret?: string
  /** A body as Standard Webhooks has it, with the event as `data`; or one that Slack shows, with a sentence. Default: `json`. */
  format?: 'json' | 'slack'
  /** The events that are posted, at least one. Default: `disabled`, `budget`, `provider_cooling`, `fleet_lost`. */
  on?: EngineEvent['type'][]
  /** Whether `http:` may go to other machines. Default: false. */
  allowInsecureHttp?: boolean
  /** Time for one request in milliseconds, 1 to 600,000. Default: 10,000. */
  timeoutMs?: number
  /** How long to wait at most after the first failure, in milliseconds, 1 to 3,600,000; doubled after each, up to 5 minutes. Default: 1,000. */
  firstRetryMs?: number
  /** How often one alert is posted at most, 1 to 1,000; then it is dropped. Default: 12, which takes about a quarter of an hour. */
  maxAttempts?: number
  /** How many alerts may wait, 1 to 10,000; of more the oldest are dropped. Default: 200. */
  maxWaiting?: number
}

/** How alerts stand. */
export interface AlertStatus {
  /** How many wait, the one under way included. */
  waiting: number
  /** How many were taken. */
  delivered: number
  /** How many were given up. */
  dropped: number
  /** Why the last one that was not taken was not; null if all were. */
  lastFailure: string | null
}

/** Alerts of an engine. */
export interface Alerts {
  /** How they stand now. */
  status(): AlertStatus
  /** Listens no more, posts what waits once more, and resolves when that is done, or given up after `timeoutMs`. */
  close(): Promise<void>
}

/**
 * Posts what an operator must hear of to a webhook, one after the other, each until it is taken. In a fleet it is the member where
 * it happened that posts it, so each member should have alerts. No call ever waits for it, and it does not keep the process alive.
 *
 * Throws `INVALID_CONFIG` with every fault, a line each, and its path.
 */
export function alerts(engine: AlertSource, options: AlertOptions): Alerts
