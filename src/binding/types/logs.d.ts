// What `onLog` receives.

/** How important a log record is. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace'

/** One log record. */
export interface LogRecord {
  /** How important it is. */
  level: LogLevel
  /** What happened; the same text every time. */
  message: string
  /**
   * With what: model, provider, kind, status and the like, and with every record of a call its `callId` and `requestId`,
   * where it has one. Keys, prompts and replies are never among it.
   */
  fields: Record<string, string | number | boolean>
  /** How many records before this one were dropped because too many waited. */
  dropped: number
}
