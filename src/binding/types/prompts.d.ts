// Prompts as data.

/** Prompts as an object: the manifest, with the texts of the components in it. */
export interface Prompts {
  /** The versions by name, 1 to 100. */
  versions: Record<string, PromptVersion>
  /**
   * The texts by name. `{{matches}}`, `{{active_models}}` and `{{date}}` are filled; any other `{{` is a fault. The
   * built-in overrides need not be among them.
   */
  components?: Record<string, string>
}

/**
 * A version of the prompts. Of several that are active for a model, those with a weight share its requests, if all of
 * them have one; a version without a weight gives way to those that name the model.
 */
export interface PromptVersion {
  /** What changed and why, at most 2,000 characters; not used. */
  notes?: string
  /** The components of the system message, in order. The model's overrides and `output` follow. */
  system: string[]
  /** The component that says how to answer. */
  output: string
  /** The components of the user message, in order; `{{matches}}` stands in one of them, once. */
  user: string[]
  /** By a model's exact id, components that it is sent after those of its `promptOverrides`. Default: none. */
  overrides?: Record<string, string[]>
  /** When it begins to be active: an ISO 8601 date, or date and time, in UTC. Default: always has been. */
  activeFrom?: string
  /** When it ceases to be active, likewise. Default: never. */
  activeTo?: string
  /** The exact ids of the models that it is for. Default: all. */
  models?: string[]
  /** Its share of the requests, in proportion to those of the others, 1 to 1,000,000. Default: none. */
  weight?: number
}
