// What `onEvent` and `onInvalidate` receive; `src/event.rs` has the core of each.

/** What every event has. */
export interface EventBase {
  /** 1 for the first event of the engine, then one more each. */
  sequence: number
  /** When it happened, as an ISO 8601 time. */
  at: string
  /** The call that caused it, as its outcome or error has it; null if none did. */
  callId: string | null
  /** The `requestId` of that call; null if it has none. */
  requestId: string | null
  /** How many events before this one were dropped because more than 4,096 waited for the listener. */
  dropped: number
}

/** Something that happened in an engine; `type` tells which. */
export type EngineEvent =
  | DisabledEvent
  | EnabledEvent
  | RecoveredEvent
  | CoolingEvent
  | CooledEvent
  | ProviderCoolingEvent
  | ProviderCooledEvent
  | RestoredEvent
  | ModelRetiringEvent
  | FallbackEvent
  | CostWarningEvent
  | UsageDoubtedEvent
  | BudgetEvent
  | StateDamagedEvent
  | StateUnsavedEvent
  | FleetJoinedEvent
  | FleetLostEvent
  | GrantLapsedEvent
  | CatalogReloadedEvent
  | CatalogRejectedEvent
  | PromptsReloadedEvent
  | PromptsRejectedEvent

/** A model was switched off, by its failures or by hand. */
export interface DisabledEvent extends EventBase {
  type: 'disabled'
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
  /** The model. */
  modelId: string
  /** When it comes back, as an ISO 8601 time; null if it was switched off by hand. */
  disabledUntil: string | null
  /** Why. */
  reason: string
  /** Its failures in a row. */
  consecutiveFailures: number
}

/** A model was switched on by hand. */
export interface EnabledEvent extends EventBase {
  type: 'enabled'
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
  /** The model. */
  modelId: string
}

/** A model that its failures had switched off is back, for its time has come. */
export interface RecoveredEvent extends EventBase {
  type: 'recovered'
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
  /** The model. */
  modelId: string
  /** Failures that it has on its account still. */
  consecutiveFailures: number
}

/** A model is left alone for a moment, or at least a second longer than was told before. It is active all the same. */
export interface CoolingEvent extends EventBase {
  type: 'cooling'
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
  /** The model. */
  modelId: string
  /** Until when, as an ISO 8601 time. */
  coolingUntil: string
  /** The failure that caused it. */
  kind: FailureKind
}

/** A model is left alone no longer, for its time is over; told once, and not of a cooling that `enableModel` ended. */
export interface CooledEvent extends EventBase {
  type: 'cooled'
  /** The model. */
  modelId: string
}

/** All models of a provider are left alone for a moment, for it refused the key or the account. */
export interface ProviderCoolingEvent extends EventBase {
  type: 'provider_cooling'
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
  /** The provider. */
  providerId: string
  /** Until when, as an ISO 8601 time. */
  coolingUntil: string
  /** The failure that caused it. */
  kind: FailureKind
}

/** The models of a provider are left alone no longer, for its time is over; told once. */
export interface ProviderCooledEvent extends EventBase {
  type: 'provider_cooled'
  /** The provider. */
  providerId: string
}

/** A snapshot was taken over. */
export interface RestoredEvent extends EventBase {
  type: 'restored'
  /** The models in it that the catalogue does not have; nothing was done about them. */
  ignoredModelIds: string[]
}

/**
 * A model retires within 30 days, as `retiresOn` of the catalogue has it: told once a model and day by each engine, and to
 * the first listener where there was none before. A model that is retired already is not told of.
 */
export interface ModelRetiringEvent extends EventBase {
  type: 'model_retiring'
  /** The model. */
  modelId: string
  /** The day in UTC, as `YYYY-MM-DD`, from which it is passed over. */
  retiresOn: string
  /** How many days are left, from 1 to 30. */
  daysLeft: number
}

/** A fallback is about to be asked. */
export interface FallbackEvent extends EventBase {
  type: 'fallback'
  /** The call that falls back. */
  callId: string
  /** The model that was asked for. */
  originalModelId: string
  /** The model that is asked in its place. */
  modelId: string
  /** Why. */
  reason: FallbackReason
  /** The version of the prompt that it is sent; `own` for a prompt of the caller's. */
  promptVersion: string
  /** The names of the prompt's overrides, in order. */
  overrides: string[]
}

/** A fallback that is about to be asked is dearer than `warnPriceRatio` times the original. */
export interface CostWarningEvent extends EventBase {
  type: 'cost_warning'
  /** The call that falls back. */
  callId: string
  /** The model that was asked for. */
  originalModelId: string
  /** The model that is asked in its place. */
  modelId: string
  /** How many times dearer the whole request is expected to be on it. */
  priceRatio: number
  /** What the whole request is expected to cost on it, in US dollars. */
  expectedCostUsd: number
  /** What it was expected to cost on the original, in US dollars. */
  originalCostUsd: number
}

/**
 * A share of the day's budget is spent; told once a day. Shares up to the whole are also told when what is left covers
 * no model of a call, while nothing is reserved that may come back.
 */
export interface BudgetEvent extends EventBase {
  type: 'budget'
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
  /** The share, as `budgetAlerts` has it. */
  threshold: number
  /** What is spent, in US dollars; it may be more than that share. */
  spentUsd: number
  /** The day's budget, in US dollars. */
  dailyBudgetUsd: number
  /** The day in UTC, as `YYYY-MM-DD`. */
  day: string
}

/**
 * The `usage` of a reply is hard to believe: a half of it is missing beside the other, is no whole number of tokens, is 0
 * beside a text, or is more than 2,000,000, which is estimated; or the prompt has many more tokens than bytes were sent,
 * which is booked as told. Told once a model.
 */
export interface UsageDoubtedEvent extends EventBase {
  type: 'usage_doubted'
  /** The model. */
  modelId: string
  /** What the reply says; null for what it does not. */
  told: { promptTokens: number | null; completionTokens: number | null; totalTokens: number | null }
  /** What is booked. */
  booked: Usage
  /** What is wrong, in words. */
  problem: string
}

/** The state file held no state when the engine was built; told to the first listener. */
export interface StateDamagedEvent extends EventBase {
  type: 'state_damaged'
  /** Where the file is now. */
  movedTo: string
  /** What is wrong with it. */
  problem: string
}

/** The state could not be written; told once until it can be again. */
export interface StateUnsavedEvent extends EventBase {
  type: 'state_unsaved'
  /** What went wrong. */
  problem: string
}

/** The engine has joined its fleet, or found it again; told at most once in ten seconds. */
export interface FleetJoinedEvent extends EventBase {
  type: 'fleet_joined'
  /** How many members it has, this engine included. */
  members: number
}

/** The engine has lost its fleet, or did not find it, and works alone; told at most once in ten seconds. */
export interface FleetLostEvent extends EventBase {
  type: 'fleet_lost'
  /** What went wrong. */
  problem: string
}

/**
 * A member of the fleet that was granted some of the day's budget has not been seen for 30 s. What it did not report as
 * spent is held until the day ends (`Budget.uncertainUsd`), for nobody knows what it sent; if it is seen again, what it
 * does not use comes back. Told once by each member.
 */
export interface GrantLapsedEvent extends EventBase {
  type: 'grant_lapsed'
  /** The id of the member that is gone. */
  memberId: string
  /** What is held, in US dollars. */
  heldUsd: number
  /** The day in UTC, as `YYYY-MM-DD`. */
  day: string
}

/** The folder `catalog` was changed, and what it holds is in use, below the configuration and later changes. */
export interface CatalogReloadedEvent extends EventBase {
  type: 'catalog_reloaded'
  /** The models that are new, in the order of the catalogue. */
  addedModelIds: string[]
  /** The models that are gone. */
  removedModelIds: string[]
  /** The models that are others, by themselves, by their provider or by their fallbacks. */
  changedModelIds: string[]
}

/** The folder `catalog` was changed and has faults; the catalogue in use stays. */
export interface CatalogRejectedEvent extends EventBase {
  type: 'catalog_rejected'
  /** Every fault, with its file and path. */
  faults: string[]
}

/** The folder of the prompts was changed, and what it holds is in use. */
export interface PromptsReloadedEvent extends EventBase {
  type: 'prompts_reloaded'
  /** The names of the versions, in the order of the manifest. */
  versions: string[]
}

/** The folder of the prompts was changed and has faults; the prompts in use stay. */
export interface PromptsRejectedEvent extends EventBase {
  type: 'prompts_rejected'
  /** Every fault, with its file and path. */
  faults: string[]
}

/** Another set of models is active. */
export interface InvalidationEvent {
  /** What is not to be used any more where it was cached. */
  key: 'stats:active_model_count'
  /** What changed the active set. */
  cause: 'disabled' | 'recovered' | 'enabled' | 'restored' | 'catalog' | 'fleet'
  /** The model, if it was one. */
  modelId: string | null
  /** How many models are active since: the number after this change and before the next. */
  activeModelCount: number
  /** 1 for the first invalidation of the engine, then one more each. */
  sequence: number
  /** How many invalidations before this one were dropped because more than 4,096 waited for the listener. */
  dropped: number
}
